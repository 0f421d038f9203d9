/**
 * What the engine sees of the queue: it enqueues keys with their cause, and a worker is handed one run at a time per
 * key, with a lease, a signal and a fence. Implemented by `adapters/bullmq` over any KeyStore.
 */
import type { KeyText } from "../../core/object-key.ts";
import type { QueuedKey, QueuePage, QueueStats, TenantLoad, WorkClass } from "./key-store.ts";

/** Why a key is run: something happened to the trigger, to what it uses or manages, or it is time for another look. */
export const CAUSE_REASONS = [
  "added",
  "modified",
  "deleting",
  "deleted",
  "definition",
  "managed-modified",
  "managed-deleted",
  /** Another trigger's run has released its lock on an object. */
  "lock",
  /** Another trigger's run asks whether this one still manages an object. */
  "keeper",
  "retry",
  "resync",
] as const;
export type CauseReason = (typeof CAUSE_REASONS)[number];

/** Why a key was enqueued. For tracing and class only: it never steers what a run does. */
export interface Cause {
  readonly reason: CauseReason;
  /** Canonical key of the object that the cause is about, if it is about one. */
  readonly object?: string;
  /** W3C traceparent of the span that enqueued. */
  readonly traceparent?: string;
  /** When it was seen: milliseconds since the epoch, by the clock of the enqueuing process. */
  readonly atMs: number;
  /** For a retry: when the change that is still unanswered was seen. */
  readonly changedAtMs?: number;
  /** For a retry: the outcome of the run that asked for it, in one word. */
  readonly outcome?: string;
}

/** One wish for a run. */
export interface WakeUp {
  readonly key: KeyText;
  readonly workClass: WorkClass;
  readonly afterMs?: number;
  readonly cause: Cause;
}

/** Producer side. Rejects with `StoreUnavailable` if the queue cannot be reached: the caller keeps and resends. */
export interface ReconcileQueue {
  enqueue(wakeUps: readonly WakeUp[]): Promise<void>;
  stats(): Promise<QueueStats>;
  /** The waiting keys by class and tenant; at most `maxTenants` tenants per class. */
  load(maxTenants: number): Promise<readonly TenantLoad[]>;
  /** A part of all keys. @param from - `next` of the page before */
  page(from?: string): Promise<QueuePage<QueuedRun>>;
}

/** A key as the queue holds it, with its causes in full. */
export type QueuedRun = Omit<QueuedKey, "causes"> & { readonly causes: readonly Cause[] };

/** Why a run's signal was aborted. */
export type Interruption = "superseded" | "lease-lost" | "draining";

/** One run of one key, as handed to the worker. */
export interface KeyRun {
  readonly key: KeyText;
  readonly fence: number;
  readonly workClass: WorkClass;
  readonly waitedMs: number;
  readonly causes: readonly Cause[];
  readonly failures: number;
  /** Milliseconds this run may still write, by the monotonic clock, counted from before the lease was asked for. */
  leaseLeftMs(): number;
  /** Aborts with an `Interruption` as its reason. */
  readonly signal: AbortSignal;
}

/** What the worker reports about a run. A throw counts as `failed`, or as `interrupted` when the signal was aborted. */
export type RunReport =
  | { readonly kind: "done"; readonly nextLookMs?: number; readonly workClass?: WorkClass; readonly cause?: Cause }
  | { readonly kind: "failed"; readonly cause?: Cause }
  | { readonly kind: "interrupted" };

/** Consumer side. */
export interface ReconcileConsumer {
  /** Starts taking keys; `handle` is called for up to `concurrency` keys at once, never twice for one key. */
  start(handle: (run: KeyRun) => Promise<RunReport>): void;
  /** Resolves when keys are no longer taken although nobody asked for the end: a bug; the process must not live on. */
  readonly died: Promise<Error>;
  /**
   * Stops taking, lets running keys finish within `deadlineMs`, interrupts ("draining") and hands back the rest.
   * May be called twice.
   */
  drain(deadlineMs: number): Promise<void>;
  /** Keys being run now. */
  running(): number;
}
