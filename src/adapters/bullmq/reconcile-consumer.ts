/**
 * Runs keys by BullMQ's stock Worker on a KeyStore: takes up to `concurrency` keys, hands each to the engine with its
 * lease, its fence and a signal, and tells the store how it ended.
 */
import { randomUUID } from "node:crypto";
import { withBackend, type Job, type JobProgress, type Worker } from "bullmq";
import type { Clock } from "../../engine/ports/clock.ts";
import type { KeyStore, RunEnd } from "../../engine/ports/key-store.ts";
import type { Logger } from "../../engine/ports/logger.ts";
import type { KeyRun, ReconcileConsumer, RunReport } from "../../engine/ports/reconcile-queue.ts";
import { formatCause, parseCauses } from "./cause-text.ts";
import { FaultLog } from "./fault-log.ts";
import { HeldRuns, type HeldRun } from "./held-runs.ts";
import { KeyQueueBackend } from "./key-queue-backend.ts";
import type { AsQueueBackend } from "./unsupported.ts";

export interface ReconcileConsumerOptions {
  /** Name of the queue in BullMQ's events; the store decides which data it works on. */
  readonly name: string;
  /** A store for this worker alone: its sleep serves one consumer. The caller closes it after `drain`. */
  readonly store: KeyStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Keys run at once; default 50. One tenant alone has four fifths of them, see `HeldRuns.crowding`. */
  readonly concurrency?: number;
  /**
   * Whether runs can reach their cluster. While they cannot, one key is taken at a time, to find out when they can; the
   * other keys are left to workers that may be better off. Default: they always can.
   */
  readonly canReach?: () => boolean;
  /** How long a key stays taken when this process falls silent; renewed every 0.3 of it. Default 10,000. */
  readonly leaseMs?: number;
  /** Delay after a failure, doubled with each further one in a row, with jitter. Default 1 s to 5 minutes. */
  readonly backoff?: Backoff;
}

export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** What happened since the consumer was made. */
export interface ConsumerCounters {
  readonly runs: number;
  readonly done: number;
  readonly failed: number;
  readonly interrupted: number;
  /** Leases that were gone while their run went on. */
  readonly lostLeases: number;
  /** Ends of runs that the store refused, because the key was taken again. */
  readonly staleEnds: number;
  /** Faults of the store, logged or not. */
  readonly storeFaults: number;
}

type Backend = AsQueueBackend<KeyQueueBackend>;
type KeyWorker = Worker<unknown, RunReport, string, Backend, JobProgress, KeyStore>;
type Handle = (run: KeyRun) => Promise<RunReport>;

const DEFAULTS = { concurrency: 50, leaseMs: 10_000, backoff: { baseMs: 1000, maxMs: 300_000 }, canReach: () => true };
/** How long a run may take to heed its signal before its key is handed back all the same. */
const HAND_BACK_AFTER_MS = 500;
/** How long a drain waits for a store that may not answer. */
const LAST_WORDS_MS = 1000;
const MAX_SLEEP_SECONDS = 5;

/** Consumer side of the reconcile queue. */
export class BullmqReconcileConsumer implements ReconcileConsumer {
  readonly #options: ReconcileConsumerOptions & typeof DEFAULTS;
  readonly #held: HeldRuns;
  readonly #backend: KeyQueueBackend;
  readonly #faults: FaultLog;
  readonly #counts = { runs: 0, done: 0, failed: 0, interrupted: 0, lostLeases: 0, staleEnds: 0 };
  #worker: KeyWorker | undefined;
  #draining: Promise<void> | undefined;
  readonly #death = Promise.withResolvers<Error>();
  readonly died = this.#death.promise;

  constructor(options: ReconcileConsumerOptions) {
    this.#options = { ...DEFAULTS, ...options };
    const { name, store, clock, logger, leaseMs, canReach } = this.#options;
    this.#faults = new FaultLog({ logger, clock, message: "the queue's store cannot be used" });
    this.#held = new HeldRuns({
      store,
      clock,
      leaseMs,
      onError: (error) => this.#faults.add(error),
      onLeaseLost: (run) => {
        this.#counts.lostLeases += 1;
        logger.warn({ key: run.key, fence: run.fence }, "the lease of a key was lost during its run");
      },
    });
    const owner = randomUUID();
    const { concurrency } = this.#options;
    this.#backend = new KeyQueueBackend({
      name,
      store,
      clock,
      consumer: {
        held: this.#held,
        owner,
        request: (ending) => ({ owner, leaseMs, passOver: this.#held.crowding(concurrency, ending) }),
        mayTake: (ending) => canReach() || this.#held.size <= ending,
        endOf: (returned) => this.#endOf(returned as RunReport | undefined),
        onEnded: (state) => {
          if (state === "stale") this.#counts.staleEnds += 1;
        },
      },
    });
  }

  start(handle: Handle): void {
    if (this.#worker !== undefined) throw new Error("the consumer was started before");
    const { name, store, concurrency, leaseMs } = this.#options;
    const { Worker } = withBackend<Backend, KeyStore>(() => this.#backend as Backend);
    const processor = (job: Job<unknown>) => this.#process(job.id ?? "", handle);
    const worker: KeyWorker = new Worker<unknown, RunReport>(name, processor, {
      connection: store,
      concurrency,
      lockDuration: leaseMs,
      // Leases are renewed by HeldRuns, and those that ran out are found with every take.
      skipLockRenewal: true,
      skipStalledCheck: true,
      drainDelay: Math.min(MAX_SLEEP_SECONDS, leaseMs / 2000),
      autorun: false,
    });
    worker.on("error", (error) => this.#faults.add(error));
    this.#worker = worker;
    this.#held.start();
    void this.#run(worker);
  }

  /** Takes keys until the drain. BullMQ survives every error of the store: any other end is a bug, BullMQ's or ours. */
  async #run(worker: KeyWorker): Promise<void> {
    try {
      await this.#options.store.ready;
      if (this.#draining === undefined) await worker.run();
      if (this.#draining === undefined) throw new Error("it ended by itself");
    } catch (error) {
      this.#options.logger.error({ error }, "the queue's worker ended");
      if (this.#draining !== undefined) return;
      this.#death.resolve(
        new Error(`no key is taken any more: ${error instanceof Error ? error.message : String(error)}`),
      );
    }
  }

  running(): number {
    return this.#held.size;
  }

  counters(): ConsumerCounters {
    return { ...this.#counts, storeFaults: this.#faults.count };
  }

  drain(deadlineMs: number): Promise<void> {
    this.#draining ??= this.#drain(deadlineMs);
    return this.#draining;
  }

  async #drain(deadlineMs: number): Promise<void> {
    const { clock } = this.#options;
    const closed = this.#worker?.close() ?? Promise.resolve(); // takes no more; resolves once every run has ended
    if (!(await settlesWithin(closed, deadlineMs, clock))) {
      this.#held.interruptAll("draining");
      if (!(await settlesWithin(closed, HAND_BACK_AFTER_MS, clock))) await this.#handBackAll();
    }
    await settlesWithin(this.#backend.close(), LAST_WORDS_MS, clock);
    this.#held.stop();
  }

  /** Hands back the keys of runs that do not heed their signal. */
  async #handBackAll(): Promise<void> {
    const ids = this.#held.ids();
    for (const id of ids) {
      const key = this.#held.get(id)?.run.key;
      this.#options.logger.error({ key }, "a run ignores its signal; its key is handed back all the same");
    }
    const handedBack = Promise.all(ids.map((id) => this.#backend.handBack(id)));
    await settlesWithin(handedBack, LAST_WORDS_MS, this.#options.clock);
  }

  /** BullMQ's processor. It never throws: what happened is the report. */
  async #process(id: string, handle: Handle): Promise<RunReport> {
    const held = this.#held.get(id);
    if (held === undefined) return { kind: "interrupted" };
    const isInterrupted = () => held.signal.aborted;
    this.#held.stopExpired(); // the process may have been paused since it took this run
    if (isInterrupted()) return { kind: "interrupted" };
    this.#counts.runs += 1;
    try {
      return await handle(keyRun(held, this.#options.leaseMs));
    } catch (error) {
      if (isInterrupted()) return { kind: "interrupted" };
      this.#options.logger.error({ key: held.run.key, fence: held.run.fence, error }, "a run ended with an exception");
      return { kind: "failed" };
    }
  }

  #endOf(report: RunReport | undefined): RunEnd {
    const end = endOf(report, this.#options.backoff);
    this.#counts[end.kind] += 1;
    return end;
  }
}

function keyRun(held: HeldRun, leaseMs: number): KeyRun {
  const { key, fence, workClass, failures, causes } = held.run;
  return {
    key,
    fence,
    workClass,
    failures,
    // A key waits until its run begins: the store counted until the take, and the lease runs since it was asked for.
    waitedMs: held.run.waitedMs + leaseMs - held.leaseLeftMs(),
    causes: parseCauses(causes),
    signal: held.signal,
    leaseLeftMs: () => held.leaseLeftMs(),
  };
}

/** A report in the store's terms; none means that BullMQ itself failed. */
function endOf(report: RunReport | undefined, backoff: Backoff): RunEnd {
  if (report?.kind === "interrupted") return report;
  const cause = report?.cause === undefined ? {} : { cause: formatCause(report.cause) };
  if (report?.kind !== "done") return { kind: "failed", ...backoff, ...cause };
  const { nextLookMs, workClass } = report;
  return {
    kind: "done",
    ...(nextLookMs === undefined ? {} : { afterMs: nextLookMs }),
    ...(workClass === undefined ? {} : { workClass }),
    ...cause,
  };
}

/** Whether the promise is resolved or rejected within this time, whatever its value. */
async function settlesWithin(promise: Promise<unknown>, ms: number, clock: Clock): Promise<boolean> {
  const settled = new AbortController();
  const isSettled = promise.then(
    () => true,
    () => true,
  );
  const isInTime = await Promise.race([isSettled, clock.sleep(ms, settled.signal).then(() => false)]);
  settled.abort();
  return isInTime;
}
