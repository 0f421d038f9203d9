/** What every `KeyStore` must do with a key, whatever keeps it; run on memory and on a real Redis. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { KeyText } from "../../src/core/object-key.ts";
import type { HeldKey, KeyStore, TakenRun, TakeRequest, Trigger, WorkClass } from "../../src/engine/ports/key-store.ts";

/** An empty store whose leases end, and its time. */
export interface KeyStoreFixture {
  readonly store: KeyStore;
  /** Lets this much of the store's time pass, or a little more. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Longer than any test. */
const LEASE: TakeRequest = { owner: "worker-1", leaseMs: 60_000 };
const SHORT: TakeRequest = { owner: "worker-1", leaseMs: 40 };
const FAILED = { kind: "failed", baseMs: 100, maxMs: 5000 } as const;

export const keyOf = (name: string | number, namespace = "ns", cluster = "local") =>
  `${cluster}/apps/Deployment/${namespace}/${name}` as KeyText;

const A = keyOf("a");
const B = keyOf("b");

/** Runs the suite on the stores that `make` builds, one for each test. */
export function describeKeyStore(title: string, make: () => Promise<KeyStoreFixture>): void {
  describe(`key store on ${title}`, () => {
    let fixture: KeyStoreFixture;
    let store: KeyStore;

    beforeEach(async () => {
      fixture = await make();
      store = fixture.store;
    });
    afterEach(() => fixture.close());

    const trigger = (key: KeyText, workClass: WorkClass = 2, more: Partial<Trigger> = {}) =>
      store.trigger([{ key, workClass, ...more }]);
    const takeRun = async (request = LEASE): Promise<TakenRun> => {
      const { run } = await store.take(request);
      if (run === undefined) throw new Error("nothing is waiting");
      return run;
    };
    const takeKeys = async (count: number): Promise<KeyText[]> => {
      const keys: KeyText[] = [];
      while (keys.length < count) keys.push((await takeRun()).key);
      return keys;
    };
    const nothingWaits = async () => expect((await store.take(LEASE)).run).toBeUndefined();

    describe("one entry per key", () => {
      it("a waiting key is run once, however often it was triggered", async () => {
        for (let count = 0; count < 5; count += 1) await trigger(A);
        const run = await takeRun();
        await nothingWaits();
        expect(await store.done(run, { kind: "done" })).toEqual({ state: "idle" });
        await nothingWaits();
        expect(await store.stats()).toMatchObject({ waiting: 0, running: 0, delayed: 0, failing: 0 });
      });

      it("triggers during a run cause exactly one more run, after it", async () => {
        await trigger(A);
        const run = await takeRun();
        await trigger(A, 3);
        await trigger(A, 2);
        await nothingWaits();
        const { state, next } = await store.done(run, { kind: "done", afterMs: 1000 }, LEASE);
        expect(state).toBe("again");
        expect(next?.run).toMatchObject({ key: A, workClass: 2 });
        if (next?.run !== undefined) expect(await store.done(next.run, { kind: "done" })).toEqual({ state: "idle" });
      });

      it("a better class moves a waiting key ahead and keeps its age", async () => {
        await trigger(A, 3);
        await fixture.advance(30);
        await trigger(A, 1);
        const run = await takeRun();
        expect(run.workClass).toBe(1);
        expect(run.waitedMs).toBeGreaterThanOrEqual(29);
      });

      it("a worse class changes nothing", async () => {
        await trigger(A, 1);
        await trigger(A, 3);
        expect((await takeRun()).workClass).toBe(1);
      });

      it("fences rise with every take of any key", async () => {
        await store.trigger([A, B].map((key) => ({ key, workClass: 2 })));
        const [first, second] = [await takeRun(), await takeRun()];
        expect(second.fence).toBeGreaterThan(first.fence);
        await trigger(first.key);
        const { next } = await store.done(first, { kind: "done" }, LEASE);
        expect(next?.run?.fence).toBeGreaterThan(second.fence);
      });

      it("takes far more keys at once than one batch holds", async () => {
        await store.trigger(Array.from({ length: 257 }, (_, index) => ({ key: keyOf(index), workClass: 2 })));
        expect((await store.stats()).waiting).toBe(257);
        expect(new Set(await takeKeys(257)).size).toBe(257);
      });

      it.each([
        "local/_/Node/_/node-1",
        "local/rbac.authorization.k8s.io/ClusterRole/_/system:node|x%2F:y",
        "eu-1/example.com/Thing/a-b/naïve.日本",
      ])("runs the odd key %s", async (key) => {
        await trigger(key as KeyText, 2, { afterMs: 1 });
        await fixture.advance(5);
        const run = await takeRun();
        expect(run.key).toBe(key);
        await trigger(run.key);
        expect((await store.done(run, FAILED)).state).toBe("again");
      });
    });

    describe("delays", () => {
      it("the earliest of several wins, with one run", async () => {
        await trigger(A, 3, { afterMs: 5000 });
        await trigger(A, 2, { afterMs: 40 });
        await trigger(A, 3, { afterMs: 9000 });
        const taken = await store.take(LEASE);
        expect(taken.run === undefined && taken.lookAgainMs).toSatisfy((ms: number) => ms > 0 && ms <= 40);
        await fixture.advance(45);
        const run = await takeRun();
        expect(run.workClass).toBe(2);
        expect(await store.done(run, { kind: "done" })).toEqual({ state: "idle" });
        expect((await store.stats()).delayed).toBe(0);
      });

      it("fractions of milliseconds do not change the class", async () => {
        await trigger(A, 1, { afterMs: 3.7 });
        await fixture.advance(10);
        expect((await takeRun()).workClass).toBe(1);
      });

      it("a delay of ages stands in nobody's way", async () => {
        await trigger(A);
        await store.done(await takeRun(), { kind: "done", afterMs: 9e21, workClass: 2 });
        const taken = await store.take(LEASE);
        expect(taken.run === undefined && taken.lookAgainMs).toBeGreaterThan(0);
        await trigger(A, 3, { afterMs: 20 });
        await fixture.advance(30);
        expect(await takeRun()).toMatchObject({ key: A, workClass: 2 });
      });

      it("a trigger for now runs now and takes the delay with it", async () => {
        await trigger(A, 2, { afterMs: 5000, cause: "later" });
        await trigger(A, 2, { cause: "now" });
        const run = await takeRun();
        expect(run.causes).toEqual(["now", "later"]);
        expect(await store.done(run, { kind: "done" })).toEqual({ state: "idle" });
      });

      it("a delay for a waiting key is dropped", async () => {
        await trigger(A);
        await trigger(A, 2, { afterMs: 5000 });
        expect((await store.stats()).delayed).toBe(0);
      });

      it("a delay set during a run stands after it, the run's own next look being later", async () => {
        await trigger(A);
        const run = await takeRun();
        await trigger(A, 2, { afterMs: 30 });
        expect(await store.done(run, { kind: "done", afterMs: 60_000 })).toEqual({ state: "later" });
        await fixture.advance(35);
        expect((await takeRun()).key).toBe(A);
      });

      it("says 0 when there is nothing to look again for", async () => {
        expect(await store.take(LEASE)).toEqual({ lookAgainMs: 0 });
      });

      it("a next look has the class and the cause the run gave it", async () => {
        await trigger(A, 1, { cause: "edit" });
        await store.done(await takeRun(), { kind: "done", afterMs: 10, workClass: 2, cause: "retry" });
        await fixture.advance(15);
        expect(await takeRun()).toMatchObject({ workClass: 2, causes: ["retry"] });
      });
    });

    describe("failures", () => {
      it("back off, doubling with each one in a row, until a run succeeds", async () => {
        const delays: number[] = [];
        await trigger(A);
        for (let failures = 0; failures < 4; failures += 1) {
          const run = await takeRun();
          expect(run.failures).toBe(failures);
          const { next } = await store.done(run, { kind: "failed", baseMs: 100_000, maxMs: 300_000 }, LEASE);
          delays.push(next?.run === undefined ? (next?.lookAgainMs ?? 0) : 0);
          await trigger(A);
        }
        for (const [index, most] of [100_000, 200_000, 300_000, 300_000].entries()) {
          expect(delays[index]).toBeGreaterThan(most / 2 - 1000);
          expect(delays[index]).toBeLessThanOrEqual(most);
        }
        expect((await store.stats()).failing).toBe(1);
        await store.done(await takeRun(), { kind: "done" });
        expect((await store.stats()).failing).toBe(0);
      });

      it("a trigger during a run that fails: again at once, no backoff", async () => {
        await trigger(A);
        const run = await takeRun();
        await trigger(A, 3);
        await trigger(A, 2, { afterMs: 9000 });
        const { state, next } = await store.done(run, FAILED, LEASE);
        expect(state).toBe("again");
        expect(next?.run).toMatchObject({ key: A, failures: 1 });
        expect((await store.stats()).delayed).toBe(0);
      });

      it("a trigger ends a backoff", async () => {
        await trigger(A);
        expect(await store.done(await takeRun(), { ...FAILED, baseMs: 5000 })).toEqual({ state: "later" });
        await trigger(A, 1);
        expect(await takeRun()).toMatchObject({ key: A, workClass: 1, failures: 1 });
      });
    });

    describe("causes", () => {
      it("keeps the first 8, oldest first", async () => {
        for (let count = 0; count < 12; count += 1) await trigger(A, count === 6 ? 1 : 3, { cause: `cause ${count}` });
        expect((await takeRun()).causes).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((count) => `cause ${count}`));
      });

      it("keeps them through delays, failures, interruptions and lost leases", async () => {
        await trigger(A, 2, { afterMs: 5, cause: "1" });
        await trigger(A, 2, { afterMs: 5, cause: "2" });
        await fixture.advance(10);
        await store.done(await takeRun(), { ...FAILED, baseMs: 10, cause: "failed" });
        await fixture.advance(15);
        const run = await takeRun();
        expect(run.causes).toEqual(["1", "2", "failed"]);
        await trigger(A, 2, { cause: "meanwhile" });
        await store.done(run, { kind: "interrupted" });
        expect((await takeRun(SHORT)).causes).toEqual(["1", "2", "failed", "meanwhile"]);
        await fixture.advance(50);
        expect((await takeRun()).causes).toEqual(["1", "2", "failed", "meanwhile"]);
      });

      it("a run that followed up on its causes leaves none behind", async () => {
        await trigger(A, 2, { cause: "first" });
        const run = await takeRun();
        await trigger(A, 2, { cause: "second" });
        const { next } = await store.done(run, { kind: "done", cause: "own" }, LEASE);
        expect(next?.run?.causes).toEqual(["second"]);
      });
    });

    describe("leases", () => {
      const lost = (run: HeldKey) => ({ lost: [run.fence], urgent: [] });

      it("a lease that ran out: the key runs again, and counts as failed", async () => {
        await trigger(A);
        const run = await takeRun(SHORT);
        const early = await store.take(LEASE);
        expect(early.run === undefined && early.lookAgainMs).toSatisfy((ms: number) => ms > 0 && ms <= 41);
        await fixture.advance(50);
        const again = await takeRun();
        expect(again).toMatchObject({ key: A, failures: 1 });
        expect(await store.extend([run], 1000)).toEqual(lost(run));
        expect(await store.stats()).toMatchObject({ lostLeases: 1, running: 1 });
      });

      it("a renewed lease lives on", async () => {
        await trigger(A);
        const run = await takeRun(SHORT);
        expect(await store.extend([run], 60_000)).toEqual({ lost: [], urgent: [] });
        await fixture.advance(60);
        await nothingWaits();
        expect(await store.done(run, { kind: "done" })).toEqual({ state: "idle" });
      });

      it("the end of a run whose lease is gone changes nothing, and still takes", async () => {
        await store.trigger([A, B].map((key) => ({ key, workClass: 2 })));
        const run = await takeRun();
        const { state, next } = await store.done({ ...run, fence: run.fence + 100 }, { kind: "done" }, LEASE);
        expect(state).toBe("stale");
        expect(next?.run?.key).not.toBe(run.key);
        expect(await store.stats()).toMatchObject({ running: 2, staleEnds: 1 });
      });

      it("a fence counts only in the hands of its owner", async () => {
        await trigger(A);
        const run = await takeRun();
        const twin = { ...run, owner: "another" }; // a store that was set back may give out a fence a second time
        expect(await store.extend([twin], 1000)).toEqual(lost(run));
        expect(await store.done(twin, { kind: "done" })).toEqual({ state: "stale" });
        expect((await store.extend([run], 60_000)).lost).toEqual([]);
        expect(await store.done(run, { kind: "done" })).toEqual({ state: "idle" });
      });

      it("a key that keeps killing its workers pauses from its third lost lease on", async () => {
        await trigger(A);
        for (let deaths = 0; deaths < 3; deaths += 1) {
          expect((await takeRun({ owner: "worker-1", leaseMs: 10 })).failures).toBe(deaths);
          await fixture.advance(20);
        }
        const taken = await store.take(LEASE);
        expect(taken.run === undefined && taken.lookAgainMs).toSatisfy((ms: number) => ms > 500 && ms <= 1000);
        await trigger(A, 1); // somebody may have repaired it
        expect((await takeRun()).failures).toBe(3);
      });

      it("an owner gives back what it does not know of", async () => {
        await store.trigger([A, B].map((key) => ({ key, workClass: 2 })));
        const [known, unknown] = [await takeRun(), await takeRun()];
        expect(await store.reclaim("another", [], true)).toBe(0);
        expect(await store.reclaim(LEASE.owner, [known.fence], true)).toBe(1);
        expect(await store.extend([known, unknown], 1000)).toEqual(lost(unknown));
        expect(await takeRun()).toMatchObject({ key: unknown.key, failures: 0 });
      });

      it("a take of this connection is not reclaimed", async () => {
        await trigger(A);
        const [run] = await Promise.all([takeRun(), store.reclaim(LEASE.owner, [])]);
        expect((await store.extend([run], 1000)).lost).toEqual([]);
      });
    });

    describe("interruptions", () => {
      it("hand a key back at once and are no failure", async () => {
        await trigger(A, 2);
        expect(await store.done(await takeRun(), { kind: "interrupted" })).toEqual({ state: "again" });
        expect(await takeRun()).toMatchObject({ key: A, failures: 0, workClass: 2 });
      });

      it("a class-1 trigger asks for one, at most once in a row", async () => {
        const urgent = async (run: TakenRun) => (await store.extend([run], 60_000)).urgent;
        const endAndTake = async (run: TakenRun, kind: "done" | "interrupted"): Promise<TakenRun> => {
          const { next } = await store.done(run, { kind }, LEASE);
          if (next?.run === undefined) throw new Error("no next run");
          return next.run;
        };
        await trigger(A, 2);
        const first = await takeRun();
        await trigger(A, 2);
        expect(await urgent(first)).toEqual([]);
        await trigger(A, 1);
        expect(await urgent(first)).toEqual([first.fence]);
        const calm = await endAndTake(first, "interrupted");
        expect(calm).toMatchObject({ workClass: 1, failures: 0 });
        await trigger(A, 1);
        expect(await urgent(calm)).toEqual([]);
        const third = await endAndTake(calm, "done");
        await trigger(A, 1);
        expect(await urgent(third)).toEqual([third.fence]);
      });
    });
  });
}
