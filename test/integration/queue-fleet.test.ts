/**
 * Invariants of the design on a real Redis with worker processes that come and go: "a run always starts after the last
 * event of its key" and "no two runs of a key overlap while every holder of a lease runs and Redis answers".
 */
import { afterEach, describe, expect, it } from "vitest";
import { BullmqReconcileQueue } from "../../src/adapters/bullmq/reconcile-queue.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import type { KeyText } from "../../src/core/object-key.ts";
import { StoreUnavailable } from "../../src/engine/ports/key-store.ts";
import type { WakeUp } from "../../src/engine/ports/reconcile-queue.ts";
import { keyOf } from "../contract/key-store.ts";
import { until } from "../contract/reconcile-queue.ts";
import { chooseSeed, seededRandom, type SeededRandom } from "../support/seeded-random.ts";
import { CuttingProxy } from "./queue/cutting-proxy.ts";
import { Fleet, overlaps, type LoggedRun, type Span } from "./queue/fleet.ts";
import { startOwnRedis, type OwnRedis } from "./queue/own-redis.ts";
import { freshName, openStore, redisUrl, removeInstallation, sleep } from "./queue/redis-fixture.ts";
import { machineMicros } from "./queue/worker-process.ts";

const KEYS = 10_000;
const SPREAD_MS = 8000;
const PROCESSES = 3;

const CASES: readonly Case[] = [
  { name: "that are killed", leaseMs: 1500, runMs: 8, disturb: "kill" },
  { name: "that are restarted gracefully", leaseMs: 10_000, runMs: 8, disturb: "restart" },
  { name: "whose connections are cut", leaseMs: 2000, runMs: 8, disturb: "cut" },
  { name: "that are paused for longer than their lease", leaseMs: 800, runMs: 30, disturb: "pause" },
  { name: "whose Redis is killed and comes back", leaseMs: 1500, runMs: 8, disturb: "outage" },
];

interface Case {
  readonly name: string;
  readonly leaseMs: number;
  /** A run takes a random time up to this. */
  readonly runMs: number;
  readonly disturb: "kill" | "restart" | "cut" | "pause" | "outage";
}

describe(`${KEYS} keys, each with its own random triggers, on worker processes`, () => {
  const cleanUps: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  it.each(CASES)("$name: nothing lost, no overlap", async ({ leaseMs, runMs, disturb }) => {
    const random = seededRandom(chooseSeed());
    const name = freshName();
    const server = disturb === "outage" ? await startOwnRedis() : undefined;
    if (server !== undefined) cleanUps.push(() => server.remove());
    const url = server?.server.url ?? redisUrl();
    const store = await openStore(name, url);
    cleanUps.push(
      () => removeInstallation(name, url),
      () => store.close(),
    );
    const proxy = new CuttingProxy(Number(new URL(url).port));
    const target = disturb === "cut" ? await proxy.start() : url;
    if (disturb === "cut") cleanUps.push(() => proxy.stop());
    const fleet = new Fleet({ target, name, leaseMs, concurrency: 32, runMs, longMs: 0, failing: 0.2 });
    cleanUps.push(() => fleet.remove());
    await Promise.all(Array.from({ length: PROCESSES }, () => fleet.add()));
    const queue = new BullmqReconcileQueue({ name: "test", store, clock: systemClock });

    // 1. Triggers and trouble at once; then the queue runs empty.
    const ended = new AbortController();
    const outages: Span[] = [];
    const disturbance = disturbUntil(ended.signal, disturb, { fleet, proxy, server, outages, leaseMs, random });
    const lastEvent = await sendAll(queue, planOf(random));
    ended.abort();
    await disturbance;
    await until(() => isIdle(queue), 40_000);
    await fleet.stop();

    // 2. What the workers wrote down.
    const runs = fleet.runs();
    const lastStart = new Map(runs.map(({ key, start }) => [key, start]));
    const seed = `seed ${random.seed}`;
    expect(
      [...lastEvent].filter(([key, at]) => (lastStart.get(key) ?? 0) < at),
      seed,
    ).toEqual([]);
    const isOfPaused = ([older, newer]: Pair) =>
      fleet.pausesOf(older.worker).some(({ from, to }) => from < newer.start && to > older.start);
    const isOfOutage = ([, newer]: Pair) =>
      outages.some(({ from, to }) => from < newer.start && newer.start < to + leaseMs * 1000);
    const found = overlaps(runs);
    expect(
      found.filter((pair) => !isOfPaused(pair) && !isOfOutage(pair)),
      seed,
    ).toEqual([]);
    // Who was away too long knows it before it writes again.
    expect(
      found.filter((pair) => isOfPaused(pair) && pair[0].leaseLeftMs > 0),
      seed,
    ).toEqual([]);

    // 3. There was trouble.
    const { lostLeases } = await queue.stats();
    expect(runs.length).toBeGreaterThan(KEYS);
    if (disturb === "cut") expect(proxy.cuts).toBeGreaterThan(20);
    if (disturb === "restart") expect(lostLeases).toBe(0);
    if (disturb === "pause") expect(lostLeases).toBeGreaterThan(0);
    if (disturb === "outage") expect(outages.length).toBeGreaterThan(1);
  });
});

type Pair = readonly [LoggedRun, LoggedRun];

async function isIdle(queue: BullmqReconcileQueue): Promise<boolean> {
  try {
    const { waiting, running, delayed } = await queue.stats();
    return waiting + running + delayed === 0;
  } catch (error) {
    if (error instanceof StoreUnavailable) return false;
    throw error;
  }
}

interface Planned {
  readonly atMs: number;
  readonly wakeUp: WakeUp;
}

/** For each key 1 to 5 triggers within 60 ms, some of them delayed, spread over the test. */
function planOf(random: SeededRandom): readonly Planned[] {
  const plan: Planned[] = [];
  for (let index = 0; index < KEYS; index += 1) {
    const key = keyOf(index, `ns-${index % 17}`, `cluster-${index % 3}`);
    const base = random.next() * SPREAD_MS;
    for (let count = 1 + random.below(5); count > 0; count -= 1) {
      const wakeUp: WakeUp = {
        key,
        workClass: random.pick([1, 2, 3] as const) ?? 2,
        cause: { reason: "modified", atMs: 0 },
        ...(random.chance(0.3) ? { afterMs: 1 + random.next() * 50 } : {}),
      };
      plan.push({ atMs: base + random.next() * 60, wakeUp });
    }
  }
  return plan.sort((a, b) => a.atMs - b.atMs);
}

/** @returns when the last trigger of each key was sent */
async function sendAll(queue: BullmqReconcileQueue, plan: readonly Planned[]): Promise<ReadonlyMap<KeyText, number>> {
  const lastEvent = new Map<KeyText, number>();
  const since = performance.now();
  for (let sent = 0; sent < plan.length;) {
    await sleep(1);
    const elapsed = performance.now() - since;
    const due = plan.slice(sent, sent + 200).filter(({ atMs }) => atMs <= elapsed);
    sent += due.length;
    for (const { wakeUp } of due) lastEvent.set(wakeUp.key, machineMicros());
    await enqueueSurely(
      queue,
      due.map(({ wakeUp }) => wakeUp),
    );
  }
  return lastEvent;
}

/** As watchers do: what Redis did not take stays, and is sent again. */
async function enqueueSurely(queue: BullmqReconcileQueue, wakeUps: readonly WakeUp[]): Promise<void> {
  for (;;) {
    try {
      await queue.enqueue(wakeUps);
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      await sleep(50);
    }
  }
}

interface Scene {
  readonly fleet: Fleet;
  readonly proxy: CuttingProxy;
  readonly server: OwnRedis | undefined;
  readonly outages: Span[];
  readonly leaseMs: number;
  readonly random: SeededRandom;
}

/** Makes trouble of one kind until the signal is aborted, and leaves everything running. */
async function disturbUntil(end: AbortSignal, how: Case["disturb"], scene: Scene): Promise<void> {
  const { fleet, proxy, server, outages, leaseMs, random } = scene;
  while (!end.aborted) {
    await systemClock.sleep({ cut: 100, kill: 900, restart: 900, pause: 200, outage: 1500 }[how], end);
    const victim = random.pick(fleet.alive);
    switch (how) {
      case "cut":
        proxy.cutOne(random.below(1000));
        break;
      case "pause":
        victim?.pause();
        await sleep(leaseMs * (1.2 + random.next()));
        victim?.resume();
        break;
      case "outage": {
        const outage = { from: machineMicros(), to: Infinity };
        outages.push(outage);
        await server?.server.kill();
        await sleep(leaseMs * 1.5 * random.next());
        await server?.server.start();
        outage.to = machineMicros();
        break;
      }
      case "kill":
      case "restart": {
        const successor = fleet.add();
        if (how === "kill") await victim?.kill();
        else await victim?.stop();
        await successor;
      }
    }
  }
}
