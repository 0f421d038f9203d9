/**
 * A worker of its own process that runs keys without an engine: a run only takes time. Every start and end goes to a log
 * file at once, so that nothing is lost when the process is killed; times are of the machine's monotonic clock.
 */
import { openSync, writeSync } from "node:fs";
import { BullmqReconcileConsumer } from "../../../src/adapters/bullmq/reconcile-consumer.ts";
import { RedisKeyStore } from "../../../src/adapters/redis/key-store.ts";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import type { KeyRun, RunReport } from "../../../src/engine/ports/reconcile-queue.ts";
import { silentLog } from "../../support/silent-log.ts";

/** Given as JSON in the first argument. */
export interface WorkerProcessOptions {
  readonly target: string;
  readonly name: string;
  readonly logFile: string;
  readonly leaseMs: number;
  readonly concurrency: number;
  /** A run takes a random time up to this. */
  readonly runMs: number;
  /** Runs of keys whose name begins with `long` take this instead. */
  readonly longMs: number;
  /** Share of runs that end as failed. */
  readonly failing: number;
}

/** Microseconds that processes of one machine may compare. */
export function machineMicros(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

if (import.meta.main) await main(JSON.parse(process.argv[2] ?? "") as WorkerProcessOptions);

async function main(options: WorkerProcessOptions): Promise<void> {
  const { target, name, leaseMs, concurrency } = options;
  const log = openSync(options.logFile, "a");
  const store = new RedisKeyStore({ target, name, silenceMs: Math.min(3000, leaseMs * 0.3) });
  const consumer = new BullmqReconcileConsumer({
    name: "test",
    store,
    clock: systemClock,
    logger: silentLog,
    leaseMs,
    concurrency,
    backoff: { baseMs: 20, maxMs: 200 },
  });
  const note = (what: string, { key, fence }: KeyRun, more = "") =>
    writeSync(log, `${what} ${key} ${fence} ${machineMicros()} ${more}\n`);
  await store.ready;
  consumer.start(async (run): Promise<RunReport> => {
    note("start", run);
    const isLong = run.key.split("/")[4]?.startsWith("long") === true;
    await systemClock.sleep(isLong ? options.longMs : Math.random() * options.runMs, run.signal);
    note("end", run, `${String(run.signal.reason ?? "")} ${Math.round(run.leaseLeftMs())}`);
    if (run.signal.aborted) return { kind: "interrupted" };
    return Math.random() < options.failing ? { kind: "failed" } : { kind: "done" };
  });
  process.on("message", () => {
    void consumer.drain(2000).then(async () => {
      await store.close();
      process.send?.(consumer.counters(), () => process.exit(0));
    });
  });
  process.on("disconnect", () => process.exit(1)); // the test ended
  process.send?.("ready");
}
