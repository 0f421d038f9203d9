/**
 * A replica that is promoted without the last writes, and a Redis that lost everything: what was taken and recorded there
 * happens again, and nothing that rises may come back to a number somebody holds already.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Redis } from "ioredis";
import { BullmqReconcileConsumer } from "../../src/adapters/bullmq/reconcile-consumer.ts";
import { closeRedis, openRedis, untilReady } from "../../src/adapters/redis/connection.ts";
import { RedisDefinitionRegistry } from "../../src/adapters/redis/definition-registry.ts";
import { RedisMembership } from "../../src/adapters/redis/membership.ts";
import { RedisKeyStore } from "../../src/adapters/redis/key-store.ts";
import { redisKeys } from "../../src/adapters/redis/keys.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import type { TakenRun } from "../../src/engine/ports/key-store.ts";
import type { KeyRun, RunReport } from "../../src/engine/ports/reconcile-queue.ts";
import { keyOf } from "../contract/key-store.ts";
import { until } from "../contract/reconcile-queue.ts";
import { silentLog } from "../support/silent-log.ts";
import { CuttingProxy } from "./queue/cutting-proxy.ts";
import { startOwnRedis, type OwnRedis } from "./queue/own-redis.ts";
import { freshName, openStore, redisUrl, removeInstallation } from "./queue/redis-fixture.ts";

const NAME = "failover";
const A = keyOf("a");
const LEASE_MS = 3000;

describe("a failover that loses the last writes", () => {
  const cleanUps: (() => Promise<unknown>)[] = [];
  let main: OwnRedis;
  let replica: OwnRedis;
  let proxy: CuttingProxy;
  /** Leads to the main server, and after `proxy.redirect` to the promoted one. */
  let target: string;

  beforeEach(async () => {
    main = await startOwnRedis(["--repl-diskless-sync-delay", "0"]);
    cleanUps.push(() => main.remove());
    replica = await startOwnRedis(["--replicaof", "127.0.0.1", String(main.server.port)]);
    cleanUps.push(() => replica.remove());
    proxy = new CuttingProxy(main.server.port);
    target = await proxy.start();
    cleanUps.push(() => proxy.stop());
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  const connect = async (url: string) => {
    const redis = openRedis(url, { onError: () => undefined });
    cleanUps.push(() => closeRedis(redis));
    await untilReady(redis, url, 5000);
    return redis;
  };
  const open = async (url: string): Promise<RedisKeyStore> => {
    const store = await openStore(NAME, url);
    cleanUps.push(() => store.close());
    return store;
  };
  /** What is written to the main server from now on the promoted one will never have. */
  const promote = async () => {
    const [first, second] = [await connect(main.server.url), await connect(replica.server.url)];
    await until(async () => /master_link_status:up/.test(await second.info("replication")));
    await first.set("last-replicated", 1);
    await until(async () => (await second.get("last-replicated")) === "1");
    await second.replicaof("NO", "ONE");
  };

  it("no fence is given out twice, and the word of the superseded holder does not count", async () => {
    const [old, other] = [await open(target), await open(replica.server.url)];
    await old.trigger([{ key: A, workClass: 2 }]);
    await promote();
    const superseded = await takeFrom(old, "worker-1");
    const newer = await takeFrom(other, "worker-2");
    proxy.redirect(replica.server.port);
    await until(async () => (await old.stats().catch(() => undefined))?.running === 1);
    expect(newer.key).toBe(superseded.key);
    expect(newer.fence).toBeGreaterThan(superseded.fence);
    expect((await old.extend([superseded], LEASE_MS)).lost).toEqual([superseded.fence]);
    expect((await old.done(superseded, { kind: "done" })).state).toBe("stale");
    expect((await other.extend([newer], LEASE_MS)).lost).toEqual([]);
  });

  it("a run that nobody knows of any more is stopped, the one that follows it is not", async () => {
    const [producer, stores] = [await open(target), [await open(target), await open(replica.server.url)] as const];
    await producer.trigger([{ key: A, workClass: 2 }]);
    await promote();
    const [first, second] = stores.map((store) => consumer(store, cleanUps));
    const superseded = await first?.next();
    const newer = await second?.next();
    proxy.redirect(replica.server.port);
    await until(() => superseded?.signal.aborted === true);
    expect(superseded?.signal.reason).toBe("lease-lost");
    expect(superseded?.leaseLeftMs()).toBe(0);
    await systemClock.sleep(LEASE_MS); // several renewals
    expect(newer?.signal.aborted).toBe(false);
  });

  it("no version of the definitions comes back", async () => {
    const registry = async (url: string) => new RedisDefinitionRegistry(await connect(url), redisKeys(NAME));
    const [before, after] = [await registry(main.server.url), await registry(replica.server.url)];
    const first = await before.record(new Map([["Workflow/ns/w", "1"]]));
    await promote();
    expect(await after.version()).toBe(first);
    let verified = first;
    for (const hash of ["2", "3", "4"]) verified = await before.record(new Map([["Workflow/ns/w", hash]]));
    const again = await after.record(new Map([["Workflow/ns/w", "5"]]));
    expect(again).toBeGreaterThan(verified);
    expect(again).toBeLessThan(Number.MAX_SAFE_INTEGER);
    expect(await after.record(new Map([["Workflow/ns/w", "5"]]))).toBe(again);
  });
});

describe("a clock that is an hour behind the one before", () => {
  const HOUR_MS = 3_600_000;
  const own = async () => {
    const name = freshName();
    const redis = openRedis(redisUrl(), { onError: () => undefined });
    await untilReady(redis, redisUrl(), 5000);
    return { name, redis, keys: redisKeys(name) };
  };
  /** As if what stands there had been written by a clock that was ahead. */
  const advance = async (redis: Redis, set = "") => {
    for (const member of await redis.zrange(set, 0, "-1")) await redis.zincrby(set, HOUR_MS, member);
  };

  it("ends no lease an hour late: the keys of a worker that died are taken", async () => {
    const { name, redis, keys } = await own();
    const store = await openStore(name);
    await store.trigger([{ key: A, workClass: 2 }]);
    const lost = await store.take({ owner: "worker-1", leaseMs: 200 });
    expect(lost.run?.key).toBe(A);
    await advance(redis, keys.queue[1]);
    expect((await store.take({ owner: "worker-2", leaseMs: 200 })).run).toBeUndefined();
    await systemClock.sleep(300);
    expect((await store.take({ owner: "worker-2", leaseMs: 200 })).run?.key).toBe(A);
    await store.close();
    await closeRedis(redis);
    await removeInstallation(name);
  });

  it("keeps no watcher alive that died", async () => {
    const { name, redis, keys } = await own();
    const membership = new RedisMembership(redis, keys);
    await membership.heartbeat("dead", 200);
    await advance(redis, keys.watchers);
    expect((await membership.heartbeat("alive", 200)).watchers).toEqual(["alive", "dead"]);
    await systemClock.sleep(300);
    expect((await membership.heartbeat("alive", 200)).watchers).toEqual(["alive"]);
    await closeRedis(redis);
    await removeInstallation(name);
  });
});

describe("a Redis that lost everything", () => {
  it("goes on with fences that were never given out", async () => {
    const name = freshName();
    const store = await openStore(name);
    const fences: number[] = [];
    for (let loss = 0; loss < 3; loss += 1) {
      await store.trigger([{ key: A, workClass: 2 }]);
      fences.push((await takeFrom(store, "worker-1")).fence);
      await removeInstallation(name, redisUrl());
    }
    await store.close();
    expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
    expect(fences.every(Number.isSafeInteger)).toBe(true);
  });
});

async function takeFrom(store: RedisKeyStore, owner: string): Promise<TakenRun> {
  const { run } = await store.take({ owner, leaseMs: LEASE_MS });
  if (run === undefined) throw new Error("nothing is waiting");
  return run;
}

/** A consumer whose runs last until they are interrupted. */
function consumer(store: RedisKeyStore, cleanUps: (() => Promise<unknown>)[]) {
  const runs: KeyRun[] = [];
  const { clock, logger } = { clock: systemClock, logger: silentLog };
  const worker = new BullmqReconcileConsumer({ name: "test", store, clock, logger, leaseMs: LEASE_MS });
  cleanUps.push(() => worker.drain(0));
  worker.start(async (run): Promise<RunReport> => {
    runs.push(run);
    await systemClock.sleep(60_000, run.signal);
    return { kind: "interrupted" };
  });
  return {
    /** The first run, once there is one. */
    next: async () => {
      await until(() => runs.length > 0);
      return runs[0];
    },
  };
}
