/**
 * What every actor of one run shares: the trigger, the ports, and the limits. Built by `reconcile.ts`, handed down
 * unchanged. Steps change only four members: `looks`, `held`, `drifts` and `memory`.
 */
import type { JsonObject } from "../core/json.ts";
import type { GroupKind, KeyText, ObjectKey } from "../core/object-key.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Catalog } from "../core/plan/catalog.ts";
import type { LogicPlan, ResourceFunctionPlan, StepPlan, WorkflowPlan } from "../core/plan/plan.ts";
import type { InventoryEntry } from "../core/resource/inventory.ts";
import type { Clock } from "./ports/clock.ts";
import { StoreUnavailable } from "./ports/key-store.ts";
import type { EventSink } from "./ports/event-sink.ts";
import type { Logger } from "./ports/logger.ts";
import type { ObjectIndex } from "./ports/object-index.ts";
import type { ObjectLock } from "./ports/object-lock.ts";
import type { ObjectRef, ObjectStore } from "./ports/object-store.ts";
import type { WatchLedger } from "./ports/watch-ledger.ts";
import type { Cause, Interruption, ReconcileQueue, RunReport } from "./ports/reconcile-queue.ts";
import type { WorkerMemory } from "./worker-memory.ts";

/** The trigger of a run, as read at its start. */
export interface TriggerView {
  readonly key: KeyText;
  readonly ref: ObjectRef;
  readonly object: JsonObject;
  readonly uid: string;
}

/** Limits of a run, all in milliseconds unless named otherwise. */
export interface RunLimits {
  readonly stepDeadlineMs: number;
  readonly runDeadlineMs: number;
  /** How often a refused write is looked at again within one run. */
  readonly maxLooks: number;
  /** TTL of an object lock. */
  readonly lockMs: number;
}

export const DEFAULT_LIMITS: RunLimits = {
  stepDeadlineMs: 30_000,
  runDeadlineMs: 120_000,
  maxLooks: 5,
  lockMs: 10_000,
};

/** The ports of a worker, the same for every run. */
export interface WorkerPorts {
  readonly store: ObjectStore;
  readonly index: ObjectIndex;
  readonly lock: ObjectLock;
  readonly ledger: Pick<WatchLedger, "unwatched">;
  readonly queue: Pick<ReconcileQueue, "enqueue">;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Listens to what happens in runs, within their trace: for metrics, and for tests of definitions. Must not throw. */
export interface RunObserver {
  runStarted?(run: StartedRun): void;
  /** @param run - the same object that `runStarted` got */
  runEnded?(run: StartedRun, ended: EndedRun): void;
  /** A trigger's own workflow ended with this outcome, and the trigger's status says so. */
  workflowEnded?(ended: EndedWorkflow): void;
  /** A call of a step's logic ended with this outcome; each item of a forEach is a call. */
  callEnded?(call: EndedCall): void;
  /** A function changed its object; the API server accepted the write. */
  wrote?(plan: ResourceFunctionPlan, action: "create" | "patch" | "recreate" | "delete", what: WrittenObject): void;
  /** The lock on an object that several triggers name was asked for. */
  lockAsked?(asked: AskedLock): void;
}

export interface WrittenObject extends GroupKind {
  /** See `isDriftRepair`. */
  readonly isRepair: boolean;
}

export interface AskedLock {
  /** How long the answer took. */
  readonly ms: number;
  /** The run of another trigger holds the lock: ours waits to be woken. */
  readonly isHeld: boolean;
}

/** The run of a key: of a trigger or of a definition. */
export interface StartedRun extends ObjectKey {
  readonly waitedMs: number;
  readonly failures: number;
}

export interface EndedRun {
  /** In one word: the kind of the workflow's outcome, or why none ran. */
  readonly outcome: string;
  readonly report: RunReport["kind"];
  readonly ms: number;
  /** Why the run could not go on, where it was interrupted. */
  readonly interruption?: Interruption | undefined;
}

export interface EndedWorkflow {
  readonly workflow: WorkflowPlan;
  readonly outcome: Outcome<unknown>;
  /** Time since the first change that this run and the unfinished runs before it answer; undefined for a mere look. */
  readonly changeToNowMs: number | undefined;
}

export interface EndedCall {
  readonly workflow: WorkflowPlan;
  readonly step: StepPlan;
  readonly logic: LogicPlan;
  readonly outcome: Outcome<unknown>;
}

/** The trigger as a run has written it last. */
export interface HeldTrigger {
  trigger: JsonObject;
  /** Ends when the writes that steps have asked for so far have. */
  writing: Promise<unknown>;
  /** What had to be in its inventory before the end of the run: see `early-record.ts`. */
  readonly early: Map<KeyText, InventoryEntry>;
}

/** Everything a step may use. */
export interface RunContext {
  readonly ports: WorkerPorts;
  readonly limits: RunLimits;
  readonly trigger: TriggerView;
  readonly catalog: Catalog;
  readonly log: Logger;
  /** Why the key was woken: only to tell people, never to decide. */
  readonly causes: readonly Cause[];
  /** Fence of the run: the shared state lets no older run undo what a newer one has recorded. */
  readonly fence: number;
  /** Milliseconds this run may still write; by the monotonic clock. */
  leaseLeftMs(): number;
  /** Aborted when the run must not go on: pre-empted, lease lost, draining, abandoned. */
  readonly signal: AbortSignal;
  /** What the trigger's inventory says about objects that earlier runs named. */
  readonly recorded: ReadonlyMap<KeyText, InventoryEntry>;
  /** Object -> version its steps have looked at; written by `recordLook` alone. */
  readonly looks: Map<KeyText, string>;
  /** What this run has put on its trigger so far: see `held-trigger.ts`. */
  readonly held: HeldTrigger;
  /** The trigger's author wants nothing written but the trigger's own record and status. */
  readonly paused: boolean;
  /** What a paused run would have written, in words. */
  readonly drifts: string[];
  /** What the worker remembers from one run to the next. */
  readonly memory: WorkerMemory;
  readonly observer: RunObserver | undefined;
  /** Gives the run up: its outcome is not reported, and the key is run again. */
  abandon(): void;
}

/** Thrown through the actors of a run whose signal was aborted: no outcome of it may be reported. */
export class RunInterrupted extends Error {
  override readonly name = "RunInterrupted";
}

/**
 * Gives a run up before the error passes through its actors, so that they do not take it for a bug.
 *
 * @returns what to throw
 */
export function abandonRun(run: RunContext): RunInterrupted {
  run.abandon();
  return new RunInterrupted();
}

/**
 * To be called before every effect that another run would have to live with.
 *
 * @throws RunInterrupted when another worker may hold the key by now, or the run is over
 */
export function checkMayWrite(run: RunContext): void {
  if (run.signal.aborted || run.leaseLeftMs() <= 0) throw abandonRun(run);
}

/**
 * Waits for an answer of the shared state (index, lock, queue). Without one the run cannot go on safely: it is given up.
 *
 * @throws RunInterrupted when the state cannot be reached
 */
export async function orAbandon<T>(run: RunContext, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    throw abandonRun(run);
  }
}
