/**
 * One key, from taken to looked at: load the trigger and its compiled plan, run the workflow as actors, write inventory
 * and status if they changed, schedule the next look. What to do is read from current state alone; the cause that woke
 * the key is for tracing only. Called by the worker process for every run the queue hands out.
 */
import type { Value } from "../core/cel/value.ts";
import { member, textMember } from "../core/json.ts";
import { uidOf } from "../core/object.ts";
import { parseKey, type ObjectKey } from "../core/object-key.ts";
import { retry, type Outcome } from "../core/outcome.ts";
import type { Catalog } from "../core/plan/catalog.ts";
import type { SelectedWorkflow, WorkflowLookupFailure } from "../core/plan/select-workflow.ts";
import { readyCondition } from "../core/status/condition.ts";
import { spawnActor } from "./actor/actor.ts";
import { causeText } from "./cause.ts";
import { isDefinitionKey, reconcileDefinition } from "./definition-run.ts";
import type { Definitions } from "./definitions.ts";
import { DELETION_RETRY_SECONDS, finalizeTrigger } from "./finalize.ts";
import { hasFinalizer } from "./finalizer.ts";
import { findTrigger, type ReadTrigger } from "./find-trigger.ts";
import { pruneObjects } from "./prune.ts";
import { jittered } from "./ports/clock.ts";
import type { DefinitionRegistry } from "./ports/definition-registry.ts";
import { confirmKept, recordedObjects } from "./object-records.ts";
import { StoreUnavailable } from "./ports/key-store.ts";
import type { ClusterFault, ObjectStore } from "./ports/object-store.ts";
import type { Cause, CauseReason, Interruption, KeyRun, RunReport } from "./ports/reconcile-queue.ts";
import {
  DEFAULT_LIMITS,
  RunInterrupted,
  type RunContext,
  type RunLimits,
  type RunObserver,
  type WorkerPorts,
} from "./run-context.ts";
import { isPaused, pausedCondition } from "./paused.ts";
import { nextLook } from "./schedule.ts";
import { ATTRIBUTE, noteRun, SPAN, withSpan, withSpanSync } from "./telemetry.ts";
import { causeNow, linkToTrigger, withRunSpan } from "./trace-context.ts";
import { lookupReport, runReport } from "./trigger-report.ts";
import { writeTrigger } from "./trigger-writer.ts";
import type { WorkflowMessage, WorkflowResult } from "./run-messages.ts";
import { soonestRetry } from "./step-result.ts";
import { POLL_SECONDS, UnwatchedObjects } from "./unwatched.ts";
import { createWorkerMemory, type WorkerMemory } from "./worker-memory.ts";
import { workflowActor } from "./workflow-actor.ts";

/** Settings of a worker's runs. */
export interface ReconcilerOptions {
  readonly resyncIntervalMs: number;
  readonly limits?: RunLimits;
  readonly observer?: RunObserver;
}

/** What a run came to: for the queue, and in one word for logs, spans and metrics. */
interface RunEnded {
  readonly report: RunReport;
  readonly outcome: string;
}

/** How often in a row something that should be there is looked for, with backoff: about half a minute. */
const MAX_LOOKS_IN_VAIN = 5;
/** Koreo's delay after a failed workflow lookup, in seconds. */
const LOOKUP_RETRY_SECONDS = 120;
/** How soon a run whose cluster did not answer is tried again, in milliseconds; spread by jitter. */
const CLUSTER_DOWN_MS = 5000;

export class Reconciler {
  readonly #ports: WorkerPorts;
  readonly #definitions: Definitions;
  readonly #registry: DefinitionRegistry;
  readonly #options: ReconcilerOptions;
  readonly #memory: WorkerMemory;
  readonly #unwatched: UnwatchedObjects;

  constructor(ports: WorkerPorts, definitions: Definitions, registry: DefinitionRegistry, options: ReconcilerOptions) {
    this.#ports = ports;
    this.#definitions = definitions;
    this.#registry = registry;
    this.#options = options;
    this.#unwatched = new UnwatchedObjects(ports.ledger, ports.clock);
    this.#memory = createWorkerMemory(ports.clock, options.resyncIntervalMs);
  }

  /** Looks that were still to come after the runs are dropped. */
  end(): void {
    this.#memory.later.end();
  }

  /** Runs one key. Rejects only for a bug; an interrupted run answers `interrupted`. */
  async reconcile(run: KeyRun): Promise<RunReport> {
    const key = parseKey(run.key);
    if (key === undefined) {
      this.#ports.log.error({ key: run.key }, "dropped a key that is no canonical text");
      return { kind: "done" };
    }
    const startedMs = this.#ports.clock.nowMs();
    const attributes = {
      [ATTRIBUTE.key]: run.key,
      [ATTRIBUTE.class]: run.workClass,
      [ATTRIBUTE.fence]: run.fence,
      [ATTRIBUTE.attempt]: run.failures + 1,
      [ATTRIBUTE.tenant]: key.namespace,
      [ATTRIBUTE.waitedMs]: run.waitedMs,
      [ATTRIBUTE.causes]: run.causes.map((cause) => causeText(cause, run.key)),
      [ATTRIBUTE.namespace]: key.namespace,
    };
    const causes = { causes: run.causes, waitedMs: run.waitedMs, wallMs: this.#ports.clock.wallMs() };
    const started = { ...key, waitedMs: run.waitedMs, failures: run.failures };
    return withRunSpan(causes, attributes, async (span) => {
      this.#options.observer?.runStarted?.(started);
      const { report: given, outcome } = await this.#guarded(run, key);
      const report = withChange(given, changedAt(run), outcome);
      span.setAttribute(ATTRIBUTE.outcome, outcome);
      const ms = this.#ports.clock.nowMs() - startedMs;
      this.#ports.log.info(
        {
          key: run.key,
          outcome,
          waitedMs: Math.round(run.waitedMs),
          ms: Math.round(ms),
          causes: run.causes.map((c) => c.reason),
        },
        "run ended",
      );
      const interruption = report.kind === "interrupted" ? (run.signal.reason as Interruption | undefined) : undefined;
      this.#options.observer?.runEnded?.(started, { outcome, report: report.kind, ms, interruption });
      return report;
    });
  }

  async #guarded(run: KeyRun, key: ObjectKey): Promise<RunEnded> {
    try {
      await this.#definitions.catchUp(await this.#registry.version(), run.signal);
      return isDefinitionKey(key) ? await this.#runDefinition(run, key) : await this.#runTrigger(run, key);
    } catch (error) {
      if (run.signal.aborted) return { report: { kind: "interrupted" }, outcome: "interrupted" };
      // The shared state did not answer. With backoff: an immediate retry would be a hot loop.
      if (error instanceof RunInterrupted || error instanceof StoreUnavailable) return this.#tryAgain("unavailable");
      this.#ports.log.error({ key: run.key, error }, "run failed: this is a bug in Koreo Cluster, please report it");
      return this.#tryAgain("bug");
    }
  }

  #tryAgain(outcome: string): RunEnded {
    return { report: { kind: "failed", cause: this.#cause("retry") }, outcome };
  }

  async #runDefinition(run: KeyRun, key: ObjectKey): Promise<RunEnded> {
    const written = await reconcileDefinition(this.#ports, this.#definitions, key, run.signal);
    if (written.kind === "fault") return this.#clusterFault(written.fault);
    const isBehind = written.kind === "behind" && run.failures < MAX_LOOKS_IN_VAIN;
    return isBehind ? this.#tryAgain("behind") : { report: { kind: "done" }, outcome: written.kind };
  }

  async #runTrigger(run: KeyRun, key: ObjectKey): Promise<RunEnded> {
    // 1. The trigger as it is now.
    const catalog = this.#definitions.catalog();
    const store = this.#ports.store.forTenant(key.namespace);
    const found = await findTrigger({ store, catalog, signal: run.signal }, key);
    if (found.kind === "fault") return this.#clusterFault(found.fault);
    if (found.kind === "unserved" && !(await this.#isGoneWithItsKind(run, key))) return this.#tryAgain("unserved");
    if (found.kind === "gone" || found.kind === "unserved") {
      await this.#ports.index.drop(run.key, "all", run.fence);
      return { report: { kind: "done" }, outcome: found.kind };
    }
    const context = this.#contextOf(run, found.read, { store, catalog });
    linkToTrigger(context.trigger.object);
    if (found.kind === "going") return this.#runDeletion(context);

    // 2. Its workflow.
    const { selection } = found;
    if (selection.kind !== "selected") return this.#runWithout(selection, run, context);

    // 3. The run, what it came to, and when to look again.
    return this.#runWorkflow(run, context, selection);
  }

  async #runWorkflow(run: KeyRun, context: RunContext, selection: SelectedWorkflow): Promise<RunEnded> {
    // 1. What the steps come to, and what becomes of the objects that none of them names any more.
    const { namespace, name, planHash } = selection.workflow;
    noteRun({ [ATTRIBUTE.workflow]: `${namespace}/${name}`, [ATTRIBUTE.planHash]: planHash });
    const result = await this.#execute(context, selection);
    const outcome: Outcome<unknown> = result.summary.outcome;
    const pruned = await withSpan(SPAN.prune, {}, () => pruneObjects(context, selection.workflow, result));
    const { inventory } = pruned;
    await confirmKept(context, inventory);
    const unwatched = await this.#unwatched.conditionFor(inventory, this.#ports.store.cluster);

    // 2. What people are told of it.
    const more = [unwatched, pruned.condition, pausedCondition(context)].filter((each) => each !== undefined);
    const { resyncIntervalMs } = this.#options;
    const { summary, blockage } = result;
    const findings = { plan: selection.workflow, summary, blockage, inventory, more, resyncIntervalMs };
    const report = withSpanSync(SPAN.summarize, {}, () => runReport(context, findings));
    const written = await writeTrigger(context, report);
    if (written.kind === "fault") return this.#clusterFault(written.fault);
    noteRun({
      [ATTRIBUTE.changed]: isChanged(result) || (written.kind === "written" && written.changed),
      [ATTRIBUTE.blocked]: report.blocked ?? "",
    });
    const changedAtMs = changedAt(run);
    const changeToNowMs = changedAtMs === undefined ? undefined : this.#ports.clock.wallMs() - changedAtMs;
    context.observer?.workflowEnded?.({ workflow: selection.workflow, outcome, changeToNowMs });

    // 3. When to look again.
    const polls = [
      soonestRetry(result.results.values()),
      pruned.lookAgainSeconds,
      unwatched === undefined ? undefined : POLL_SECONDS,
    ].filter((each) => each !== undefined);
    const soonest = polls.length === 0 ? undefined : Math.min(...polls);
    return { report: this.#next(outcome, soonest), outcome: outcome.kind };
  }

  /**
   * "Not served" says nothing of the objects: one server may not know the kind yet, and all of them do not while its CRD is
   * mended. Only what declares the kind tells, or the same answer for minutes.
   */
  async #isGoneWithItsKind(run: KeyRun, key: ObjectKey): Promise<boolean> {
    if (run.failures < MAX_LOOKS_IN_VAIN) return false;
    const asked = { store: this.#ports.store.forTenant(key.namespace), signal: run.signal };
    return (await this.#memory.unserved.judge(asked, key)).kind === "gone" && !run.signal.aborted;
  }

  /** A trigger on its way out runs nothing; what it owns goes with it, and what only we would delete before it. */
  async #runDeletion(context: RunContext): Promise<RunEnded> {
    if (!hasFinalizer(context.trigger.object)) return { report: { kind: "done" }, outcome: "deleting" };
    const finalized = await finalizeTrigger(context);
    if (finalized.kind === "gone") return { report: { kind: "done" }, outcome: "deleted" };
    if (finalized.written.kind === "fault") return this.#clusterFault(finalized.written.fault);
    return { report: this.#next(retry(DELETION_RETRY_SECONDS)), outcome: "deleting" };
  }

  #contextOf(
    run: KeyRun,
    { ref, object }: ReadTrigger,
    { store, catalog }: { readonly store: ObjectStore; readonly catalog: Catalog },
  ): RunContext {
    const abandoned = new AbortController();
    return {
      ports: { ...this.#ports, store },
      limits: this.#options.limits ?? DEFAULT_LIMITS,
      trigger: { key: run.key, ref, object, uid: uidOf(object) },
      catalog,
      log: this.#ports.log.with({ key: run.key, fence: run.fence }),
      causes: run.causes,
      recorded: recordedObjects(object, store.cluster),
      looks: new Map(),
      held: { trigger: object, writing: Promise.resolve(), early: new Map() },
      paused: isPaused(object),
      drifts: [],
      memory: this.#memory,
      observer: this.#options.observer,
      fence: run.fence,
      leaseLeftMs: () => run.leaseLeftMs(),
      signal: AbortSignal.any([run.signal, abandoned.signal]),
      abandon: () => abandoned.abort(),
    };
  }

  /** Runs the workflow actor under the run's deadline; rejects with RunInterrupted once the signal is aborted. */
  #execute(context: RunContext, { workflow }: SelectedWorkflow): Promise<WorkflowResult> {
    const { object } = context.trigger;
    const parent: Value = {
      metadata: member(object, "metadata") ?? null,
      spec: member(object, "spec") ?? null,
      state: member(member(object, "status"), "state") ?? null,
    };
    const request = { plan: workflow, root: workflow, parent, workflowName: workflow.name, path: [], wave: 0 };
    return new Promise((resolve, reject) => {
      const ended = new AbortController();
      const settle = (act: () => void) => {
        context.signal.removeEventListener("abort", interrupt);
        ended.abort();
        act();
      };
      const interrupt = () => settle(() => reject(new RunInterrupted()));
      const root = spawnActor<WorkflowMessage>(
        context.trigger.key,
        workflowActor(request, context, (result) => settle(() => resolve(result))),
        { signal: ended.signal, log: context.log, onCrash: (error) => settle(() => reject(asError(error))) },
      );
      if (context.signal.aborted) interrupt();
      else context.signal.addEventListener("abort", interrupt, { once: true });
      root.tell({ kind: "start" });
      void this.#ports.clock
        .sleep(context.limits.runDeadlineMs, ended.signal)
        .then(() => root.tell({ kind: "deadline" }));
    });
  }

  /** Reports on the trigger why no workflow runs for it. */
  async #runWithout(failure: WorkflowLookupFailure, run: KeyRun, context: RunContext): Promise<RunEnded> {
    const { reason, message } = failure;
    // One of several servers may not serve the version for a moment: we report that only once it has lasted.
    const isTold = textMember(readyCondition(context.trigger.object), "reason") === reason;
    const isNews = reason === "VersionNotServed" && !isTold;
    if (isNews && run.failures < MAX_LOOKS_IN_VAIN) return this.#tryAgain("unserved");
    await confirmKept(context, context.recorded.values());
    const written = await writeTrigger(context, lookupReport(context, failure));
    if (written.kind === "fault") return this.#clusterFault(written.fault);
    return { report: this.#next(retry(LOOKUP_RETRY_SECONDS, message)), outcome: reason };
  }

  #next(outcome: Outcome<unknown>, retryAfterSeconds?: number): RunReport {
    const { resyncIntervalMs } = this.#options;
    const next = nextLook({ outcome, retryAfterSeconds, resyncIntervalMs, random: this.#ports.clock.random() });
    // A resync starts a trace of its own; a retry goes on in the one of the change it still answers.
    const cause: Cause =
      next.reason === "resync" ? { reason: "resync", atMs: this.#ports.clock.wallMs() } : this.#cause("retry");
    return { kind: "done", nextLookMs: next.afterMs, workClass: next.workClass, cause };
  }

  /** The API server's trouble counts against the cluster, not the key: no failure is counted, the key comes back soon. */
  #clusterFault(fault: ClusterFault): RunEnded {
    if (fault.kind === "aborted") return { report: { kind: "interrupted" }, outcome: "interrupted" };
    const isBusy = fault.kind === "throttled" || fault.kind === "unavailable" || fault.kind === "conflict";
    if (!isBusy) return { report: { kind: "failed", cause: this.#cause("retry") }, outcome: fault.kind };
    const base = fault.kind === "throttled" ? fault.afterSeconds * 1000 : CLUSTER_DOWN_MS;
    const nextLookMs = Math.round(jittered(base, this.#ports.clock));
    return { report: { kind: "done", nextLookMs, workClass: 2, cause: this.#cause("retry") }, outcome: fault.kind };
  }

  #cause(reason: CauseReason): Cause {
    return causeNow(reason, this.#ports.clock.wallMs());
  }
}

/** When the first change was seen that a run answers; undefined for a mere look. */
function changedAt({ causes }: KeyRun): number | undefined {
  const times = causes.flatMap(({ reason, atMs, changedAtMs }) =>
    reason === "resync" || (reason === "retry" && changedAtMs === undefined) ? [] : [changedAtMs ?? atMs],
  );
  return times.length === 0 ? undefined : Math.min(...times);
}

/** A retry goes on answering the change that its run did not settle, and says what that run came to. */
function withChange(report: RunReport, changedAtMs: number | undefined, outcome: string): RunReport {
  if (report.kind === "interrupted" || report.cause?.reason !== "retry") return report;
  return { ...report, cause: { ...report.cause, outcome, ...(changedAtMs === undefined ? {} : { changedAtMs }) } };
}

function isChanged({ results }: WorkflowResult): boolean {
  return [...results.values()].some(({ changed }) => changed);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
