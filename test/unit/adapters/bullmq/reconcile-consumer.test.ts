import { Worker } from "bullmq";
import { describe, expect, it, vi } from "vitest";
import { BullmqReconcileConsumer } from "../../../../src/adapters/bullmq/reconcile-consumer.ts";
import { BullmqReconcileQueue } from "../../../../src/adapters/bullmq/reconcile-queue.ts";
import { settled } from "../../../../src/adapters/memory/manual-clock.ts";
import { MemoryKeyStore } from "../../../../src/adapters/memory/key-store.ts";
import { systemClock } from "../../../../src/adapters/system/clock.ts";
import type { Clock } from "../../../../src/engine/ports/clock.ts";
import type { Taken, TakeRequest } from "../../../../src/engine/ports/key-store.ts";
import { keyOf } from "../../../contract/key-store.ts";
import { until } from "../../../contract/reconcile-queue.ts";
import { silentLog } from "../../../support/silent-log.ts";

const LEASE_MS = 10_000;

it("does not begin a run whose lease ended between the take and its begin, and takes the key again", async () => {
  let pausedMs = 0;
  const clock: Clock = {
    nowMs: () => systemClock.nowMs() + pausedMs,
    wallMs: () => systemClock.wallMs(),
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
    random: () => systemClock.random(),
  };
  /** The process is paused (SIGSTOP, a sleeping laptop) just after Redis gave it its first key. */
  class PausedAfterTake extends MemoryKeyStore {
    override async take(request: TakeRequest): Promise<Taken> {
      const taken = await super.take(request);
      if (taken.run !== undefined && pausedMs === 0) pausedMs = LEASE_MS + 1;
      return taken;
    }
  }
  const store = new PausedAfterTake({ clock, leasesEnd: true });
  const queue = new BullmqReconcileQueue({ name: "test", store, clock });
  const consumer = new BullmqReconcileConsumer({ name: "test", store, clock, logger: silentLog, leaseMs: LEASE_MS });
  const leasesLeft: number[] = [];
  consumer.start((run) => {
    leasesLeft.push(run.leaseLeftMs());
    return Promise.resolve({ kind: "done" });
  });

  await queue.enqueue([{ key: keyOf("a"), workClass: 1, cause: { reason: "added", atMs: 0 } }]);
  await until(() => Promise.resolve(leasesLeft.length > 0));

  expect(leasesLeft.filter((left) => left === 0)).toEqual([]);
  expect(consumer.counters()).toMatchObject({ lostLeases: 1, done: 1 });
  await consumer.drain(1000);
  await queue.close();
});

describe("the loop that takes keys", () => {
  const consumerOf = (store: MemoryKeyStore) =>
    new BullmqReconcileConsumer({ name: "test", store, clock: systemClock, logger: silentLog });

  it("tells when it dies, for no key is taken any more", async () => {
    class Broken extends MemoryKeyStore {
      override readonly ready = Promise.reject<void>(new Error("a bug in the loop"));
    }
    const consumer = consumerOf(new Broken({ clock: systemClock }));
    consumer.start(() => Promise.resolve({ kind: "done" }));
    expect((await consumer.died).message).toContain("a bug in the loop");
    await consumer.drain(1000);
  });

  it("tells when it ends by itself", async () => {
    const run = vi.spyOn(Worker.prototype, "run").mockResolvedValue(undefined);
    const consumer = consumerOf(new MemoryKeyStore({ clock: systemClock }));
    consumer.start(() => Promise.resolve({ kind: "done" }));
    expect((await consumer.died).message).toContain("ended");
    run.mockRestore();
    await consumer.drain(1000);
  });

  it("is not dead when it was asked to end", async () => {
    const consumer = consumerOf(new MemoryKeyStore({ clock: systemClock }));
    let isDead = false;
    void consumer.died.then(() => (isDead = true));
    consumer.start(() => Promise.resolve({ kind: "done" }));
    await systemClock.sleep(20);
    await consumer.drain(1000);
    await settled();
    expect(isDead).toBe(false);
  });
});
