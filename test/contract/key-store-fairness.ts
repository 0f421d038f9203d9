/** Who is served next, and how sleepers are woken: the part of the `KeyStore` contract about many keys. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { KeyText } from "../../src/core/object-key.ts";
import type { KeyStore, WorkClass } from "../../src/engine/ports/key-store.ts";
import { keyOf, type KeyStoreFixture } from "./key-store.ts";

const LEASE = { owner: "worker-1", leaseMs: 60_000 };
const never = new AbortController().signal;

/** Runs the suite on the stores that `make` builds, one for each test. */
export function describeKeyFairness(title: string, make: () => Promise<KeyStoreFixture>): void {
  describe(`sharing of a key store on ${title}`, () => {
    let fixture: KeyStoreFixture;
    let store: KeyStore;

    beforeEach(async () => {
      fixture = await make();
      store = fixture.store;
    });
    afterEach(() => fixture.close());

    const flood = (count: number, workClass: WorkClass, namespace = "ns", cluster = "local") =>
      store.trigger(
        Array.from({ length: count }, (_, index) => ({
          key: keyOf(`${workClass}-${index}`, namespace, cluster),
          workClass,
        })),
      );
    const takeMany = async (count: number) => {
      const taken: { key: KeyText; workClass: WorkClass }[] = [];
      while (taken.length < count) {
        const { run } = await store.take(LEASE);
        if (run === undefined) throw new Error(`only ${taken.length} keys waited`);
        taken.push(run);
      }
      return taken;
    };
    const shares = (values: readonly (string | number | undefined)[]) =>
      Object.fromEntries([...Map.groupBy(values, String)].map(([value, group]) => [value, group.length]).sort());

    it("classes share 16:4:1", async () => {
      for (const workClass of [3, 2, 1] as const) await flood(420, workClass);
      const taken = await takeMany(420);
      expect(shares(taken.map(({ workClass }) => workClass))).toEqual({ 1: 320, 2: 80, 3: 20 });
    });

    it("what one class does not need, the others get", async () => {
      await flood(3, 1);
      await flood(50, 3);
      expect(shares((await takeMany(53)).map(({ workClass }) => workClass))).toEqual({ 1: 3, 3: 50 });
    });

    it("clusters share evenly, and the namespaces within each", async () => {
      await flood(100, 2, "one", "big");
      await flood(100, 2, "two", "big");
      await flood(100, 2, "one", "small");
      const taken = await takeMany(100);
      expect(shares(taken.map(({ key }) => key.split("/")[0]))).toEqual({ big: 50, small: 50 });
      const namespaces = taken.filter(({ key }) => key.startsWith("big")).map(({ key }) => key.split("/")[3]);
      expect(shares(namespaces)).toEqual({ one: 25, two: 25 });
    });

    it("a flood does not hold back a quiet namespace or cluster (invariant 9)", async () => {
      await flood(500, 2, "flood");
      await takeMany(50);
      await flood(2, 2, "quiet");
      await flood(1, 2, "ns", "other");
      const quiet = (await takeMany(8)).filter(({ key }) => !key.includes("flood"));
      expect(quiet).toHaveLength(3);
    });

    it("who leaves and comes back gains nothing", async () => {
      await flood(100, 2, "flood");
      const order: (string | undefined)[] = [];
      for (let count = 0; count < 40; count += 1) {
        // One key at a time: its namespace leaves the ring with every take.
        await store.trigger([{ key: keyOf(count, "blinking"), workClass: 2 }]);
        order.push(...(await takeMany(1)).map(({ key }) => key.split("/")[3]));
      }
      const share = shares(order);
      expect(share["flood"]).toBeGreaterThanOrEqual(19);
      expect(share["blinking"]).toBeGreaterThanOrEqual(19);
    });

    it("tenants that are passed over stay, in their order, and the others are served by turns", async () => {
      await flood(3, 1, "crowd");
      await flood(3, 2, "crowd");
      await flood(2, 2, "one");
      await flood(2, 3, "two", "other");
      await flood(1, 3, "crowd", "other");
      const passing = { ...LEASE, passOver: ["local/crowd", "other/crowd", "local/nobody"] };
      const namespaces: (string | undefined)[] = [];
      for (let count = 0; count < 4; count += 1) namespaces.push((await store.take(passing)).run?.key.split("/")[3]);
      expect(namespaces).toEqual(["one", "two", "one", "two"]);
      expect(await store.take(passing)).toEqual({ lookAgainMs: expect.any(Number) as number, isPassedOver: true });
      await store.wait(8000, never); // whoever sleeps is woken for them
      expect(shares((await takeMany(7)).map(({ key }) => key.split("/")[3]))).toEqual({ crowd: 7 });
      expect(await store.take(passing)).toEqual({ lookAgainMs: expect.any(Number) as number });
    });

    it("within a namespace the longest waiting is first", async () => {
      for (const name of ["c", "a", "b"]) {
        await store.trigger([{ key: keyOf(name), workClass: 2 }]);
        await fixture.advance(2);
      }
      expect((await takeMany(3)).map(({ key }) => key)).toEqual(["c", "a", "b"].map((name) => keyOf(name)));
    });

    it("a bump within a busy ring keeps every key runnable", async () => {
      for (const namespace of ["one", "two"]) await flood(20, 3, namespace);
      for (let index = 0; index < 20; index += 1)
        await store.trigger([{ key: keyOf(`3-${index}`, "one"), workClass: 1 }]);
      const taken = await takeMany(40);
      expect(new Set(taken.map(({ key }) => key)).size).toBe(40);
      expect(taken.filter(({ workClass }) => workClass === 1)).toHaveLength(20);
      expect(await store.take(LEASE)).toMatchObject({ lookAgainMs: expect.any(Number) as number });
    });

    describe("sleep", () => {
      it("a wake-up before the call counts", async () => {
        await store.take(LEASE);
        await store.trigger([{ key: keyOf("a"), workClass: 2 }]);
        await store.wait(8000, never);
      });

      it("a trigger wakes a sleeper, and so does a delay that is nearer than all others", async () => {
        const woken: string[] = [];
        const first = store.wait(8000, never).then(() => woken.push("now"));
        await store.trigger([{ key: keyOf("a"), workClass: 2 }]);
        await first;
        const { run } = await store.take(LEASE);
        const second = store.wait(8000, never).then(() => woken.push("delay"));
        await store.trigger([{ key: keyOf("b"), workClass: 2, afterMs: 5000 }]);
        await second;
        expect(run?.key).toBe(keyOf("a"));
        expect(woken).toEqual(["now", "delay"]);
      });

      it("ends on abort, and a later sleep works", async () => {
        const abort = new AbortController();
        const sleep = store.wait(8000, abort.signal);
        abort.abort();
        await sleep;
        await store.wait(8000, abort.signal);
        await store.trigger([{ key: keyOf("a"), workClass: 2 }]);
        await fixture.advance(1);
        await store.wait(8000, never);
      });

      it("ends by itself", async () => {
        const sleep = store.wait(20, never);
        await fixture.advance(25);
        await sleep;
      });
    });
  });
}
