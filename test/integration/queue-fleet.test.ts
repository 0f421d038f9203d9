/**
 * Invariants of the design on a real Redis with worker processes that come and go: "a run always starts after the last
 * event of its key" and "no two runs of a key overlap while their workers live".
 */
import { afterEach, describe, expect, it } from "vitest";
import { BullmqReconcileQueue } from "../../src/adapters/bullmq/reconcile-queue.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import type { KeyText } from "../../src/core/object-key.ts";
import type { WakeUp } from "../../src/engine/ports/reconcile-queue.ts";
import { keyOf } from "../contract/key-store.ts";
import { until } from "../contract/reconcile-queue.ts";
import { chooseSeed, seededRandom, type SeededRandom } from "../support/seeded-random.ts";
import { CuttingProxy } from "./queue/cutting-proxy.ts";
import { Fleet, overlaps } from "./queue/fleet.ts";
import { freshName, openStore, redisUrl, removeInstallation, sleep } from "./queue/redis-fixture.ts";
import { machineMicros } from "./queue/worker-process.ts";

const KEYS = 10_000;
const SPREAD_MS = 8000;
const PROCESSES = 3;

const CASES = [
  { name: "that are killed", leaseMs: 1500, disturb: "kill" },
  { name: "that are restarted gracefully", leaseMs: 10_000, disturb: "restart" },
  { name: "whose connections are cut", leaseMs: 2000, disturb: "cut" },
] as const;

describe(`${KEYS} keys, each with its own random triggers, on worker processes`, () => {
  const cleanUps: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  it.each(CASES)("$name: nothing lost, no overlap", async ({ leaseMs, disturb }) => {
    const random = seededRandom(chooseSeed());
    const name = freshName();
    const store = await openStore(name);
    cleanUps.push(
      () => removeInstallation(name),
      () => store.close(),
    );
    const proxy = new CuttingProxy(Number(new URL(redisUrl()).port));
    const target = disturb === "cut" ? await proxy.start() : redisUrl();
    if (disturb === "cut") cleanUps.push(() => proxy.stop());
    const fleet = new Fleet({ target, name, leaseMs, concurrency: 32, runMs: 8, longMs: 0, failing: 0.2 });
    cleanUps.push(() => fleet.remove());
    await Promise.all(Array.from({ length: PROCESSES }, () => fleet.add()));
    const queue = new BullmqReconcileQueue({ name: "test", store, clock: systemClock });

    const ended = new AbortController();
    const disturbance = disturbUntil(ended.signal, disturb, fleet, proxy, random);
    const lastEvent = await sendAll(queue, planOf(random));
    ended.abort();
    await disturbance;
    await until(async () => {
      const { waiting, running, delayed } = await queue.stats();
      return waiting + running + delayed === 0;
    }, 40_000);
    await fleet.stop();

    const runs = fleet.runs();
    const lastStart = new Map(runs.map(({ key, start }) => [key, start]));
    const seed = `seed ${random.seed}`;
    expect(
      [...lastEvent].filter(([key, at]) => (lastStart.get(key) ?? 0) < at),
      seed,
    ).toEqual([]);
    expect(overlaps(runs), seed).toEqual([]);
    expect(runs.length).toBeGreaterThan(KEYS);
    if (disturb === "cut") expect(proxy.cuts).toBeGreaterThan(20);
    if (disturb === "restart") expect((await queue.stats()).lostLeases).toBe(0);
  });
});

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
    await queue.enqueue(due.map(({ wakeUp }) => wakeUp));
  }
  return lastEvent;
}

async function disturbUntil(
  end: AbortSignal,
  how: (typeof CASES)[number]["disturb"],
  fleet: Fleet,
  proxy: CuttingProxy,
  random: SeededRandom,
): Promise<void> {
  while (!end.aborted) {
    await systemClock.sleep(how === "cut" ? 100 : 900, end);
    if (how === "cut") {
      proxy.cutOne(random.below(1000));
      continue;
    }
    const victim = random.pick(fleet.alive);
    const successor = fleet.add();
    if (how === "kill") await victim?.kill();
    else await victim?.stop();
    await successor;
  }
}
