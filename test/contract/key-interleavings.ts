/**
 * Ten thousand random steps of triggers, delays, takes, ends, renewals, lost replies and crashes on a few keys, each
 * step one atomic call, so that every interleaving of workers is a sequence of such steps. Laws, checked on the way:
 * the last event of a key is followed by a run that starts after it; while a holder renews in time, nobody else gets
 * its key and its word counts.
 */
import { describe, expect, it } from "vitest";
import type { KeyText } from "../../src/core/object-key.ts";
import type { KeyStore, RunEnd, Taken, TakenRun, WorkClass } from "../../src/engine/ports/key-store.ts";
import { chooseSeed, seededRandom, type SeededRandom } from "../support/seeded-random.ts";
import { keyOf } from "./key-store.ts";

/** A store, and the time by which its users measure their leases. */
export interface InterleavingsFixture {
  readonly store: KeyStore;
  nowMs(): number;
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

const STEPS = 10_000;
const LEASE_MS = 60;
const KEYS: readonly KeyText[] = ["a/x", "a/y", "b/x", "b/y"].flatMap((tenant) => {
  const [cluster, namespace] = tenant.split("/");
  return [0, 1, 2].map((name) => keyOf(name, namespace, cluster));
});

/** Runs the property on a store that `make` builds, for each of `count` seeds. */
export function describeKeyInterleavings(
  title: string,
  count: number,
  make: () => Promise<InterleavingsFixture>,
): void {
  describe(`random interleavings on ${title} (invariant 1)`, () => {
    const first = chooseSeed();
    const seeds = Array.from({ length: count }, (_, index) => (first + index) >>> 0);
    it.each(seeds)("a run always starts after the last event of its key, seed %i", async (seed) => {
      const fixture = await make();
      try {
        const play = new Play(fixture, seededRandom(seed));
        for (let step = 0; step < STEPS; step += 1) await play.step();
        await play.finishAll();
        play.checkNothingLost();
        expect(await fixture.store.stats()).toMatchObject({ waiting: 0, running: 0, delayed: 0 });
        expect(play.runs).toBeGreaterThan(STEPS / 10);
      } finally {
        await fixture.close();
      }
    });
  });
}

interface Holding {
  readonly run: TakenRun;
  /** Until then the holder may count on its lease. */
  leaseEnd: number;
}

interface Worker {
  owner: string;
  readonly held: Map<number, Holding>;
}

/** Workers, what they hold and what they know, beside the store. */
class Play {
  runs = 0;
  readonly #fixture: InterleavingsFixture;
  readonly #random: SeededRandom;
  readonly #workers: Worker[] = [0, 1, 2, 3].map((index) => ({ owner: `worker-${index}`, held: new Map() }));
  readonly #lastEvent = new Map<KeyText, number>();
  readonly #lastStart = new Map<KeyText, number>();
  /** Runs that nobody stands up for any more. */
  readonly #ghosts: TakenRun[] = [];
  #now = 0;
  #workersMade = 4;

  constructor(fixture: InterleavingsFixture, random: SeededRandom) {
    this.#fixture = fixture;
    this.#random = random;
  }

  async step(): Promise<void> {
    this.#now += 1;
    const worker = this.#random.pick(this.#workers);
    const choice = this.#random.next();
    if (worker === undefined) return;
    if (choice < 0.3) await this.#trigger();
    else if (choice < 0.55) await this.#take(worker);
    else if (choice < 0.82) await this.#end(worker);
    else if (choice < 0.9) await this.#renew(worker);
    else if (choice < 0.93) await this.#lagBehind();
    else if (choice < 0.94) this.#crash(worker);
    else if (choice < 0.96) await this.#loseReply(worker);
    else await this.#fixture.advance(this.#random.below(4));
  }

  /** Everybody ends what they hold, and one worker runs on until nothing is left. */
  async finishAll(): Promise<void> {
    for (const worker of this.#workers) while (worker.held.size > 0) await this.#end(worker, { kind: "done" });
    const [worker] = this.#workers;
    const deadline = this.#fixture.nowMs() + 600_000;
    while (worker !== undefined && this.#fixture.nowMs() < deadline) {
      this.#now += 1;
      const lookAgainMs = await this.#take(worker);
      if (lookAgainMs === 0) return;
      while (worker.held.size > 0) await this.#end(worker, { kind: "done" });
      if (lookAgainMs !== undefined) await this.#fixture.advance(lookAgainMs);
    }
    throw new Error("the queue never became idle");
  }

  checkNothingLost(): void {
    const lost = [...this.#lastEvent].filter(([key, at]) => (this.#lastStart.get(key) ?? -1) < at);
    expect(lost).toEqual([]);
  }

  async #trigger(): Promise<void> {
    const keys = KEYS.filter(() => this.#random.chance(0.12));
    const items = keys.map((key) => ({
      key,
      workClass: (1 + this.#random.below(3)) as WorkClass,
      ...(this.#random.chance(0.3) ? { afterMs: this.#random.next() * 30 } : {}),
      cause: `step ${this.#now}`,
    }));
    for (const key of keys) this.#lastEvent.set(key, this.#now);
    await this.#fixture.store.trigger(items);
  }

  /** @returns when to look again, if there was no run */
  async #take(worker: Worker): Promise<number | undefined> {
    const askedAt = this.#fixture.nowMs();
    return this.#taken(worker, await this.#fixture.store.take(this.#requestOf(worker)), askedAt);
  }

  #taken(worker: Worker, { run, ...none }: Taken, askedAt: number): number | undefined {
    if (run === undefined) return "lookAgainMs" in none ? none.lookAgainMs : undefined;
    this.runs += 1;
    const others = this.#workers.flatMap(({ held }) => [...held.values()]).filter((other) => other.run.key === run.key);
    for (const other of others) {
      expect(other.leaseEnd, `${run.key} is held by two`).toBeLessThanOrEqual(this.#fixture.nowMs());
      expect(run.fence).toBeGreaterThan(other.run.fence);
    }
    expect(run.causes.length).toBeLessThanOrEqual(8);
    this.#lastStart.set(run.key, this.#now);
    worker.held.set(run.fence, { run, leaseEnd: askedAt + LEASE_MS });
    return undefined;
  }

  async #end(worker: Worker, end = this.#someEnd()): Promise<void> {
    const holding = this.#random.pick([...worker.held.values()]);
    if (holding === undefined) return;
    const next = this.#random.chance(0.5) ? this.#requestOf(worker) : undefined;
    const askedAt = this.#fixture.nowMs();
    const told = await this.#fixture.store.done(holding.run, end, next);
    // What a holder says in time is heard.
    if (this.#fixture.nowMs() < holding.leaseEnd) expect(told.state).not.toBe("stale");
    worker.held.delete(holding.run.fence);
    if (told.next !== undefined) this.#taken(worker, told.next, askedAt);
  }

  #someEnd(): RunEnd {
    const choice = this.#random.next();
    if (choice < 0.15) return { kind: "failed", baseMs: 1, maxMs: 10 };
    if (choice < 0.3) return { kind: "interrupted" };
    return choice < 0.6 ? { kind: "done", afterMs: this.#random.next() * 30 } : { kind: "done" };
  }

  async #renew(worker: Worker): Promise<void> {
    const holdings = [...worker.held.values()];
    const askedAt = this.#fixture.nowMs();
    const { lost, urgent } = await this.#fixture.store.extend(
      holdings.map(({ run }) => run),
      LEASE_MS,
    );
    for (const holding of holdings) {
      if (!lost.includes(holding.run.fence)) holding.leaseEnd = askedAt + LEASE_MS;
      else {
        expect(holding.leaseEnd, "a living lease was lost").toBeLessThanOrEqual(this.#fixture.nowMs());
        worker.held.delete(holding.run.fence);
      }
    }
    for (const fence of urgent) expect(worker.held.has(fence)).toBe(true);
  }

  /** A worker that was thought dead speaks: it must change nothing that is held. */
  async #lagBehind(): Promise<void> {
    const ghost = this.#random.pick(this.#ghosts);
    if (ghost === undefined) return;
    await this.#fixture.store.done(ghost, this.#someEnd());
    this.#ghosts.splice(this.#ghosts.indexOf(ghost), 1);
  }

  #crash(worker: Worker): void {
    this.#ghosts.push(...[...worker.held.values()].map(({ run }) => run));
    worker.held.clear();
    worker.owner = `worker-${this.#workersMade}`;
    this.#workersMade += 1;
  }

  /** A take whose reply never comes; the worker reclaims at some time, or the lease ends. */
  async #loseReply(worker: Worker): Promise<void> {
    const { run } = await this.#fixture.store.take(this.#requestOf(worker));
    if (run === undefined || this.#random.chance(0.5)) return;
    await this.#fixture.store.reclaim(worker.owner, [...worker.held.keys()], true);
  }

  #requestOf({ owner }: Worker) {
    return { owner, leaseMs: LEASE_MS };
  }
}
