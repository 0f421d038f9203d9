/**
 * A Redis that answers and refuses: memory full, too few replicas, a replica that was the master, a password by now. For
 * producers that is an outage; workers go on for as long as what they do gives memory back.
 */
import { afterEach, describe, expect, it } from "vitest";
import { BullmqReconcileConsumer } from "../../src/adapters/bullmq/reconcile-consumer.ts";
import { BullmqReconcileQueue } from "../../src/adapters/bullmq/reconcile-queue.ts";
import { closeRedis, openRedis, untilReady } from "../../src/adapters/redis/connection.ts";
import { redisKeys } from "../../src/adapters/redis/keys.ts";
import { RedisMembership } from "../../src/adapters/redis/membership.ts";
import { RedisObjectIndex } from "../../src/adapters/redis/object-index.ts";
import { RedisObjectLock } from "../../src/adapters/redis/object-lock.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { StoreUnavailable } from "../../src/engine/ports/key-store.ts";
import type { RunReport, WakeUp } from "../../src/engine/ports/reconcile-queue.ts";
import { keyOf } from "../contract/key-store.ts";
import { until } from "../contract/reconcile-queue.ts";
import { silentLog } from "../support/silent-log.ts";
import { startOwnRedis } from "./queue/own-redis.ts";
import { openStore, sleep } from "./queue/redis-fixture.ts";

const NAME = "refusals";
const LEASE_MS = 600;

describe("a Redis that refuses", () => {
  const cleanUps: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  const startRedis = async (args: readonly string[] = []) => {
    const own = await startOwnRedis(args);
    cleanUps.push(() => own.remove());
    const redis = openRedis(own.server.url, { onError: () => undefined });
    cleanUps.push(() => closeRedis(redis));
    await untilReady(redis, own.server.url, 5000);
    return { redis, url: own.server.url };
  };
  const open = async (url: string) => {
    const store = await openStore(NAME, url);
    cleanUps.push(() => store.close());
    return store;
  };
  const consume = async (url: string, handle: (key: string) => Promise<RunReport>) => {
    const store = await open(url);
    const { clock, logger } = { clock: systemClock, logger: silentLog };
    const options = { name: "test", store, clock, logger, leaseMs: LEASE_MS, concurrency: 32 };
    const consumer = new BullmqReconcileConsumer(options);
    cleanUps.push(() => consumer.drain(0));
    consumer.start(({ key }) => handle(key));
    return consumer;
  };

  it.each([
    { code: "NOREPLICAS", refuse: ["CONFIG", "SET", "min-replicas-to-write", "1"] },
    { code: "READONLY", refuse: ["REPLICAOF", "127.0.0.1", "1"] },
    { code: "OOM", refuse: ["CONFIG", "SET", "maxmemory", "1"] },
  ])("$code is an outage with that reason, and ends like one", async ({ code, refuse }) => {
    const { redis, url } = await startRedis();
    const store = await open(url);
    const trigger = () => store.trigger([{ key: keyOf("a"), workClass: 2 }]);
    const [command = "", ...args] = refuse;
    await redis.call(command, ...args);
    const fault = await trigger().catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(StoreUnavailable);
    expect((fault as Error).message).toContain(code);
    await redis.call("REPLICAOF", "NO", "ONE");
    await redis.config("SET", "min-replicas-to-write", "0");
    await redis.config("SET", "maxmemory", "0");
    await trigger();
    expect((await store.take({ owner: "worker-1", leaseMs: LEASE_MS })).run?.key).toBe(keyOf("a"));
  });

  it.each([
    { code: "NOREPLICAS", refuse: ["CONFIG", "SET", "min-replicas-to-write", "1"] },
    { code: "READONLY", refuse: ["REPLICAOF", "127.0.0.1", "1"] },
  ])("$code: a worker asks a few times a second, and works once it may", async ({ refuse }) => {
    const { redis, url } = await startRedis();
    const store = await open(url);
    const started = new Set<string>();
    const consumer = await consume(url, (key) => {
      started.add(key);
      return Promise.resolve({ kind: "done" });
    });
    const keys = Array.from({ length: 200 }, (_, index) => keyOf(index));
    await store.trigger(keys.map((key) => ({ key, workClass: 2, afterMs: 500 })));
    const [command = "", ...args] = refuse;
    await redis.call(command, ...args);
    await sleep(2500);
    expect(started.size).toBe(0);
    expect(consumer.counters().storeFaults).toBeGreaterThan(0);
    expect(consumer.counters().storeFaults).toBeLessThan(40);
    await redis.call("REPLICAOF", "NO", "ONE");
    await redis.config("SET", "min-replicas-to-write", "0");
    await until(() => started.size === keys.length);
  });

  it("memory full: producers are told, workers drain the queue without a fault", async () => {
    // 1. Producers fill the memory until Redis refuses.
    const { redis, url } = await startRedis(["--maxmemory", "4mb"]);
    const queue = new BullmqReconcileQueue({ name: "test", store: await open(url), clock: systemClock });
    let accepted = 0;
    const enqueue = async () => {
      const numbers = Array.from({ length: 100 }, (_, index) => accepted + index);
      await queue.enqueue(numbers.map(wakeUpOf));
      accepted += numbers.length;
    };
    const refusal = await (async () => {
      for (;;) await enqueue();
    })().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(StoreUnavailable);
    expect((refusal as Error).message).toContain("OOM");
    expect(accepted).toBeGreaterThan(1000);
    await redis.config("SET", "maxmemory", "1"); // it stays full, whatever the workers give back

    // 2. Workers drain it, renewing their leases, while the producer asks again and again.
    const started = new Set<string>();
    const consumer = await consume(url, async (key) => {
      started.add(key);
      await systemClock.sleep(started.size % 500 === 0 ? LEASE_MS * 3 : 2);
      return started.size % 10 === 0 ? { kind: "done", nextLookMs: 3_600_000 } : { kind: "done" };
    });
    let refusals = 0;
    for (let stats = await queue.stats(); stats.waiting + stats.running > 0; stats = await queue.stats()) {
      await enqueue().catch((error: unknown) => {
        expect(error).toBeInstanceOf(StoreUnavailable);
        refusals += 1;
      });
      await sleep(20);
    }
    await until(() => started.size === accepted); // the delayed ones too
    expect(refusals).toBeGreaterThan(10);
    expect(consumer.counters()).toMatchObject({ runs: accepted, storeFaults: 0, lostLeases: 0, staleEnds: 0 });

    // 3. An idle worker is quiet, once its last runs have ended: some take longer than their lease.
    await until(() => consumer.running() === 0);
    const before = await commandsOf(redis);
    await sleep(1000);
    expect((await commandsOf(redis)) - before).toBeLessThan(20);

    // 4. With memory again, everything is as before.
    await redis.config("SET", "maxmemory", "0");
    await enqueue();
    await until(() => started.size === accepted);
  });

  it("memory full: a worker's other words are heard, and so is a watcher's sign of life", async () => {
    const { redis, url } = await startRedis();
    const [store, keys] = [await open(url), redisKeys(NAME)];
    const [index, lock, membership] = [
      new RedisObjectIndex(redis, keys),
      new RedisObjectLock(redis, keys),
      new RedisMembership(redis, keys),
    ];
    const [known, other] = [keyOf("known"), keyOf("other")];
    const entry = { object: keyOf("object"), trigger: known };
    const lease = { owner: "worker-1", leaseMs: LEASE_MS };
    await index.add([entry]);
    await membership.heartbeat("watcher-1", 10_000);
    await store.trigger([known, other].map((key) => ({ key, workClass: 2 as const })));
    const { run } = await store.take(lease);
    await store.take(lease); // its reply is lost
    if (run === undefined) throw new Error("nothing is waiting");
    await redis.config("SET", "maxmemory", "1");

    expect((await store.extend([run], LEASE_MS)).lost).toEqual([]);
    expect(await store.reclaim("another", [])).toBe(0);
    expect(await store.reclaim(lease.owner, [run.fence], true)).toBe(1);
    expect((await store.done({ ...run, fence: run.fence + 1 }, { kind: "done" })).state).toBe("stale");
    const { next } = await store.done(run, { kind: "failed", baseMs: 10, maxMs: 10 }, lease);
    expect(next?.run?.key).toBeDefined();
    expect(await index.name({ ...entry, fence: 1, readonly: false })).toMatchObject({ isShared: false });
    await index.add([{ ...entry, resourceVersion: "2", fence: 1 }]);
    expect(await index.triggersOf([entry.object])).toEqual([
      [{ trigger: known, resourceVersion: "2", note: "", readonly: false }],
    ]);
    await expect(index.add([{ ...entry, trigger: other }])).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await lock.acquire(known, known, 1000)).toBeUndefined();
    expect(await lock.acquire(known, other, 1000)).toBe(known);
    expect(await lock.release(known, known)).toEqual([other]);
    expect((await membership.heartbeat("watcher-1", 10_000)).watchers).toEqual(["watcher-1"]);
  });
});

function wakeUpOf(index: number): WakeUp {
  const key = keyOf(index, `ns-${index % 7}`, `cluster-${index % 3}`);
  const afterMs = index % 10 === 0 ? { afterMs: 3000 } : {};
  return { key, workClass: index % 2 === 0 ? 2 : 3, cause: { reason: "modified", atMs: index }, ...afterMs };
}

async function commandsOf(redis: Awaited<ReturnType<typeof openRedis>>): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(await redis.info("stats"))?.[1] ?? NaN);
}
