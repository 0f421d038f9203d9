/**
 * Takes keys and runs them, as `adapters/bullmq/reconcile-consumer.ts` does it with BullMQ's Worker, less BullMQ, whose
 * timers are real. Leases are renewed, lost and pre-empted by the same `HeldRuns`, on the simulation's clock.
 */
import { parseCauses, formatCause } from "../../src/adapters/bullmq/cause-text.ts";
import { HeldRuns, type HeldRun } from "../../src/adapters/bullmq/held-runs.ts";
import type { RunEnd, TakenRun, TakeRequest } from "../../src/engine/ports/key-store.ts";
import type { KeyRun, RunReport } from "../../src/engine/ports/reconcile-queue.ts";
import type { KeyQueue } from "./key-queue.ts";
import { currentRun } from "./process.ts";
import type { Lane } from "./time.ts";

export const LEASE_MS = 10_000;
const BEAT_MS = LEASE_MS / 50;
const RETRY_MS = 500;
const TELL_AGAIN_MS = 200;
const MAX_SLEEP_MS = 5000;
const BACKOFF = { baseMs: 1000, maxMs: 300_000 };

export interface ConsumerOptions {
  readonly owner: string;
  readonly keys: KeyQueue;
  readonly lane: Lane;
  readonly concurrency: number;
  readonly handle: (run: KeyRun) => Promise<RunReport>;
  /** The number of a run for the history. */
  readonly runOf: (run: TakenRun) => number;
  readonly onBug: (error: unknown) => void;
}

export class SimulatedConsumer {
  readonly #options: ConsumerOptions;
  readonly #held: HeldRuns;
  readonly #request: TakeRequest;
  #isBeating = false;
  #onEnded: () => void = () => undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#request = { owner: options.owner, leaseMs: LEASE_MS };
    this.#held = new HeldRuns({
      store: options.keys,
      clock: options.lane,
      leaseMs: LEASE_MS,
      onError: () => undefined,
      onLeaseLost: () => undefined,
    });
    options.lane.died.addEventListener("abort", () => this.#held.interruptAll("draining"));
    options.keys.onReconnect(() => void this.#reclaim());
  }

  /** Works until the process dies. */
  async run(): Promise<void> {
    const { keys, lane, concurrency } = this.#options;
    const never = new AbortController().signal;
    for (;;) {
      if (this.#held.size >= concurrency) await new Promise<void>((resolve) => (this.#onEnded = resolve));
      try {
        const askedAt = lane.nowMs();
        const taken = await keys.take(this.#request);
        if (taken.run !== undefined) void this.#process(taken.run, askedAt).catch(this.#options.onBug);
        else await keys.wait(Math.min(taken.lookAgainMs || MAX_SLEEP_MS, MAX_SLEEP_MS), never);
      } catch {
        await lane.sleep(RETRY_MS);
      }
    }
  }

  async #process(run: TakenRun, askedAt: number): Promise<void> {
    const id = this.#held.add(run, askedAt);
    const held = this.#held.get(id);
    void this.#beat();
    if (held === undefined) return;
    this.#held.stopExpired(); // the process may have been stopped since it took this run
    await this.#tellEnd(id, endOf(await this.#handled(held)));
    this.#onEnded();
  }

  async #handled(held: HeldRun): Promise<RunReport> {
    const isInterrupted = () => held.signal.aborted;
    if (isInterrupted()) return { kind: "interrupted" };
    const { handle, runOf, onBug } = this.#options;
    try {
      return await currentRun.run(runOf(held.run), () => handle(keyRun(held)));
    } catch (error) {
      if (isInterrupted()) return { kind: "interrupted" };
      onBug(error);
      return { kind: "failed" };
    }
  }

  /** Again and again while the store cannot be reached and the lease may still be ours. */
  async #tellEnd(id: string, end: RunEnd): Promise<void> {
    for (let entry = this.#held.get(id); entry !== undefined; entry = this.#held.get(id)) {
      try {
        await this.#options.keys.done(entry.run, end);
        this.#held.remove(id);
      } catch {
        if (entry.leaseLeftMs() <= 0) this.#held.remove(id);
        else await this.#options.lane.sleep(TELL_AGAIN_MS);
      }
    }
  }

  async #beat(): Promise<void> {
    if (this.#isBeating) return;
    this.#isBeating = true;
    while (this.#held.size > 0) {
      await this.#options.lane.sleep(BEAT_MS);
      void this.#held.beat();
    }
    this.#isBeating = false;
  }

  async #reclaim(): Promise<void> {
    const reclaimed = this.#options.keys.reclaim(this.#options.owner, this.#held.fences());
    await Promise.all([reclaimed, this.#held.renew()]).catch(() => undefined); // the leases will end by themselves
  }
}

function keyRun(held: HeldRun): KeyRun {
  const { key, fence, workClass, failures, causes, waitedMs } = held.run;
  return {
    key,
    fence,
    workClass,
    failures,
    waitedMs,
    signal: held.signal,
    causes: parseCauses(causes),
    leaseLeftMs: () => held.leaseLeftMs(),
  };
}

function endOf(report: RunReport): RunEnd {
  if (report.kind === "interrupted") return report;
  const cause = report.cause === undefined ? {} : { cause: formatCause(report.cause) };
  if (report.kind === "failed") return { kind: "failed", ...BACKOFF, ...cause };
  const { nextLookMs, workClass } = report;
  return {
    kind: "done",
    ...(nextLookMs === undefined ? {} : { afterMs: nextLookMs }),
    ...(workClass === undefined ? {} : { workClass }),
    ...cause,
  };
}
