/** What the engine may rely on from the queue, producer and consumer; run through BullMQ's Queue and Worker. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  BullmqReconcileConsumer,
  type ReconcileConsumerOptions,
} from "../../src/adapters/bullmq/reconcile-consumer.ts";
import { BullmqReconcileQueue } from "../../src/adapters/bullmq/reconcile-queue.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import type { KeyText } from "../../src/core/object-key.ts";
import type { KeyStore } from "../../src/engine/ports/key-store.ts";
import type { Cause, CauseReason, KeyRun, RunReport, WakeUp } from "../../src/engine/ports/reconcile-queue.ts";
import { silentLog } from "../support/silent-log.ts";
import { keyOf } from "./key-store.ts";

/** Stores on the same empty data. */
export interface ReconcileQueueFixture {
  /** One of its own for each producer and consumer; in memory there is one for all. */
  openStore(): Promise<KeyStore>;
  /** Closes every store it opened. */
  close(): Promise<void>;
}

const A = keyOf("a");
const DONE: RunReport = { kind: "done" };
const LEASE_MS = 400;
const causeOf = (reason: CauseReason): Cause => ({
  reason,
  atMs: 1_767_225_600_000,
  object: A,
  traceparent: "00-1-2-01",
});
const wake = (key: KeyText, more: Partial<WakeUp> = {}): WakeUp => ({
  key,
  workClass: 2,
  cause: causeOf("modified"),
  ...more,
});

/** Runs the suite on the stores that `make` builds, anew for each test. */
export function describeReconcileQueue(title: string, make: () => Promise<ReconcileQueueFixture>): void {
  describe(`reconcile queue on ${title}`, () => {
    let fixture: ReconcileQueueFixture;
    let queue: BullmqReconcileQueue;
    let consumers: BullmqReconcileConsumer[];

    beforeEach(async () => {
      fixture = await make();
      queue = new BullmqReconcileQueue({ name: "test", store: await fixture.openStore(), clock: systemClock });
      consumers = [];
    });
    afterEach(async () => {
      await Promise.all(consumers.map((consumer) => consumer.drain(0)));
      await queue.close();
      await fixture.close();
    });

    const consume = async (
      handle: (run: KeyRun) => Promise<RunReport>,
      options: Partial<ReconcileConsumerOptions> = {},
    ): Promise<BullmqReconcileConsumer> => {
      const store = await fixture.openStore();
      const consumer = new BullmqReconcileConsumer({
        name: "test",
        store,
        clock: systemClock,
        logger: silentLog,
        leaseMs: LEASE_MS,
        backoff: { baseMs: 10, maxMs: 50 },
        ...options,
      });
      consumers.push(consumer);
      consumer.start(handle);
      return consumer;
    };
    const idle = () =>
      until(async () => {
        const { waiting, running, delayed } = await queue.stats();
        return waiting + running + delayed === 0;
      });

    it("hands over a run with its key, class, causes, fence and lease", async () => {
      const runs: KeyRun[] = [];
      await consume((run) => {
        expect(run.leaseLeftMs()).toBeGreaterThan(LEASE_MS / 2);
        runs.push(run);
        return Promise.resolve(DONE);
      });
      await queue.enqueue([wake(A, { workClass: 1, cause: causeOf("added") })]);
      await until(() => runs.length > 0);
      const [run] = runs;
      expect(run).toMatchObject({ key: A, workClass: 1, failures: 0, causes: [causeOf("added")] });
      expect(run?.fence).toBeGreaterThan(0);
      await idle();
      expect(run?.signal.aborted).toBe(false);
      await until(() => run?.leaseLeftMs() === 0); // its run is over: it may write no more
    });

    it("runs many keys at once, never one key twice at a time, and none too few", async () => {
      const running = new Map<string, number>();
      const starts = new Map<string, number>();
      let [most, total] = [0, 0];
      const handle = async ({ key }: KeyRun): Promise<RunReport> => {
        expect(running.get(key) ?? 0).toBe(0);
        running.set(key, 1);
        starts.set(key, performance.now());
        most = Math.max(
          most,
          [...running.values()].reduce((sum, count) => sum + count, 0),
        );
        await systemClock.sleep(2);
        running.set(key, 0);
        total += 1;
        return DONE;
      };
      const consumer = await consume(handle, { concurrency: 8 });
      const triggered = new Map<string, number>();
      for (let round = 0; round < 20; round += 1) {
        const keys = Array.from({ length: 30 }, (_, index) => keyOf(index));
        for (const key of keys) triggered.set(key, performance.now());
        await queue.enqueue(keys.map((key) => wake(key)));
        await systemClock.sleep(1);
      }
      await idle();
      for (const [key, at] of triggered) expect(starts.get(key)).toBeGreaterThanOrEqual(at);
      expect(most).toBeGreaterThan(4);
      expect(most).toBeLessThanOrEqual(8);
      expect(total).toBeLessThanOrEqual(600);
      expect(consumer.counters()).toMatchObject({ failed: 0, lostLeases: 0, staleEnds: 0, storeFaults: 0 });
      await until(() => Promise.resolve(consumer.running() === 0)); // the store knows a moment before its answer is here
    });

    it("a namespace whose runs do not end leaves places to others", async () => {
      const hanging = Promise.withResolvers<RunReport>();
      const ended: string[] = [];
      const consumer = await consume(
        async ({ key }) => {
          if (key.includes("/hangs/")) return hanging.promise;
          ended.push(key);
          return Promise.resolve(DONE);
        },
        { concurrency: 10, leaseMs: 10_000 },
      );
      await queue.enqueue(Array.from({ length: 30 }, (_, index) => wake(keyOf(index, "hangs"))));
      await until(() => Promise.resolve(consumer.running() === 8));
      await queue.enqueue(Array.from({ length: 20 }, (_, index) => wake(keyOf(index, "lives"))));
      await until(() => Promise.resolve(ended.length === 20));
      await until(() => Promise.resolve(consumer.running() === 8));
      // Another worker is woken for what was passed over.
      const other: string[] = [];
      await consume(({ key }) => Promise.resolve(DONE).finally(() => other.push(key)));
      await until(() => Promise.resolve(other.length === 22));
      hanging.resolve(DONE);
      await idle();
    });

    it("takes one key at a time while its cluster is out of reach, and many again as soon as it is not", async () => {
      let [canReach, running, most, runs] = [false, 0, 0, 0];
      const handle = async (): Promise<RunReport> => {
        running += 1;
        most = Math.max(most, running);
        await systemClock.sleep(5);
        running -= 1;
        runs += 1;
        return DONE;
      };
      await consume(handle, { concurrency: 8, canReach: () => canReach });
      await queue.enqueue(Array.from({ length: 200 }, (_, index) => wake(keyOf(index, `ns-${index % 2}`))));
      await until(() => Promise.resolve(runs >= 10));
      expect(most).toBe(1);
      canReach = true;
      await idle();
      expect([runs, most]).toEqual([200, 8]);
    });

    it("schedules the next look, and an event comes before it", async () => {
      const runs: KeyRun[] = [];
      await consume((run) => {
        runs.push(run);
        const next = { nextLookMs: runs.length === 1 ? 20 : 60_000, workClass: 2 as const, cause: causeOf("retry") };
        return Promise.resolve(runs.length < 3 ? { kind: "done", ...next } : DONE);
      });
      await queue.enqueue([wake(A)]);
      await until(() => runs.length === 2);
      expect(runs[1]?.causes).toEqual([causeOf("retry")]);
      await until(async () => (await queue.stats()).delayed === 1);
      await queue.enqueue([wake(A, { workClass: 1 })]);
      await until(() => runs.length === 3);
      await idle();
    });

    it("a delayed wake-up runs in its time, the earliest one", async () => {
      const starts: number[] = [];
      await consume(() => Promise.resolve(DONE).finally(() => starts.push(performance.now())));
      const since = performance.now();
      await queue.enqueue([wake(A, { afterMs: 60_000 }), wake(A, { afterMs: 50 })]);
      await until(() => starts.length > 0);
      expect((starts[0] ?? 0) - since).toBeGreaterThanOrEqual(48);
      await idle();
      expect(starts).toHaveLength(1);
    });

    it("backs off after failures and exceptions, and tells the next run how many there were", async () => {
      const failures: number[] = [];
      const consumer = await consume((run) => {
        failures.push(run.failures);
        if (run.failures === 0) return Promise.resolve({ kind: "failed" });
        if (run.failures === 1) throw new Error("a bug");
        return Promise.resolve(DONE);
      });
      await queue.enqueue([wake(A)]);
      await until(() => failures.length === 3);
      await idle();
      expect(failures).toEqual([0, 1, 2]);
      expect(consumer.counters()).toMatchObject({ runs: 3, failed: 2, done: 1 });
    });

    it("a class-1 change interrupts a run as superseded, once in a row", async () => {
      const reasons: unknown[] = [];
      await consume(async (run) => {
        if (reasons.length < 2) {
          const nudge = systemClock.sleep(50).then(() => queue.enqueue([wake(A, { workClass: 1 })]));
          await systemClock.sleep(LEASE_MS, run.signal); // at least two renewals
          await nudge;
        }
        reasons.push(run.signal.reason);
        return run.signal.aborted ? { kind: "interrupted" } : DONE;
      });
      await queue.enqueue([wake(A)]);
      await until(() => reasons.length === 3);
      await idle();
      expect(reasons).toEqual(["superseded", undefined, undefined]);
    });

    it("renews leases: a run longer than its lease is alone and ends well", async () => {
      let count = 0;
      const handle = async (): Promise<RunReport> => {
        count += 1;
        await systemClock.sleep(LEASE_MS * 2.5);
        return DONE;
      };
      const both = await Promise.all([consume(handle), consume(handle)]);
      await queue.enqueue([wake(A)]);
      await until(() => count > 0);
      await idle();
      expect(count).toBe(1);
      for (const consumer of both) expect(consumer.counters()).toMatchObject({ lostLeases: 0, staleEnds: 0 });
    });

    describe("drain", () => {
      it("lets running keys finish and takes no more", async () => {
        const ended: KeyText[] = [];
        const consumer = await consume(
          async (run) => {
            await systemClock.sleep(60);
            ended.push(run.key);
            return DONE;
          },
          { concurrency: 1 },
        );
        await queue.enqueue([wake(A), wake(keyOf("b"))]);
        await until(() => consumer.running() > 0);
        const since = performance.now();
        await consumer.drain(5000);
        expect(performance.now() - since).toBeLessThan(1000);
        expect(ended).toHaveLength(1);
        expect(await queue.stats()).toMatchObject({ waiting: 1, running: 0 });
      });

      it.each([
        { name: "that heeds its signal", heeds: true },
        { name: "that ignores its signal", heeds: false },
      ])("after the deadline hands back a run $name, so that another worker takes it at once", async ({ heeds }) => {
        let reason: unknown;
        const stuck = await consume(
          async (run) => {
            run.signal.addEventListener("abort", () => (reason = run.signal.reason));
            if (heeds) await systemClock.sleep(10_000, run.signal);
            else await systemClock.sleep(1500);
            return heeds ? { kind: "interrupted" } : DONE;
          },
          { leaseMs: 30_000 },
        );
        await queue.enqueue([wake(A)]);
        await until(() => stuck.running() === 1);
        const taken: KeyRun[] = [];
        await consume((run) => {
          taken.push(run);
          return Promise.resolve(DONE);
        });
        const since = performance.now();
        await stuck.drain(50);
        expect(performance.now() - since).toBeLessThan(1000);
        await until(() => taken.length > 0);
        expect(performance.now() - since).toBeLessThan(1200);
        expect(reason).toBe("draining");
        expect(taken[0]).toMatchObject({ key: A, failures: 0 });
        await idle();
        if (!heeds) await systemClock.sleep(1600); // let it end: nothing of it counts any more
        expect((await queue.stats()).running).toBe(0);
      });

      it("may be called twice, before anything runs, and without a start", async () => {
        const consumer = await consume(() => Promise.resolve(DONE));
        await Promise.all([consumer.drain(1000), consumer.drain(0)]);
        const store = await fixture.openStore();
        await new BullmqReconcileConsumer({ name: "test", store, clock: systemClock, logger: silentLog }).drain(1000);
      });
    });
  });
}

/** Looks every few milliseconds until it is so. */
export async function until(isSo: () => boolean | Promise<boolean>, deadlineMs = 8000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${isSo.toString()}`);
    await systemClock.sleep(3);
  }
}
