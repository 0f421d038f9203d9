/** What a `KeyStore` tells people of its keys; run on memory and on a real Redis. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { KeyText } from "../../src/core/object-key.ts";
import type {
  KeyStore,
  QueuedKey,
  QueuePage,
  TakeRequest,
  Trigger,
  WorkClass,
} from "../../src/engine/ports/key-store.ts";
import { keyOf, type KeyStoreFixture } from "./key-store.ts";

const LEASE: TakeRequest = { owner: "worker-1", leaseMs: 60_000 };
const A = keyOf("a");
const B = keyOf("b");

/** Runs the suite on the stores that `make` builds, one for each test. */
export function describeKeyStoreView(title: string, make: () => Promise<KeyStoreFixture>): void {
  describe(`what a key store on ${title} tells`, () => {
    let fixture: KeyStoreFixture;
    let store: KeyStore;

    beforeEach(async () => {
      fixture = await make();
      store = fixture.store;
    });
    afterEach(() => fixture.close());

    const trigger = (key: KeyText, workClass: WorkClass = 2, more: Partial<Trigger> = {}) =>
      store.trigger([{ key, workClass, ...more }]);
    const all = async () => {
      const keys: QueuedKey[] = [];
      let from: string | undefined;
      do {
        const page: QueuePage = await store.page(from);
        keys.push(...page.keys);
        from = page.next;
      } while (from !== undefined);
      return new Map(keys.map((each) => [each.key, each]));
    };

    it("lists waiting, running and delayed keys with cause, age, attempts and time left", async () => {
      await trigger(A, 1, { cause: "first" });
      const { run } = await store.take(LEASE);
      if (run === undefined) throw new Error("nothing is waiting");
      await trigger(keyOf("late"), 3, { afterMs: 50_000, cause: "later" });
      await trigger(B, 2, { cause: "second" });
      await fixture.advance(30);
      const listed = await all();
      expect([...listed.keys()].sort()).toEqual([A, B, keyOf("late")].sort());
      expect(listed.get(A)).toMatchObject({
        state: "running",
        workClass: 1,
        failures: 0,
        owner: LEASE.owner,
        causes: ["first"],
      });
      expect(listed.get(A)?.remainingMs).toBeGreaterThan(50_000);
      expect(listed.get(B)).toMatchObject({ state: "waiting", workClass: 2, remainingMs: 0, owner: "" });
      expect(listed.get(B)?.ageMs).toBeGreaterThanOrEqual(30);
      expect(listed.get(keyOf("late"))).toMatchObject({
        state: "delayed",
        workClass: 3,
        ageMs: 0,
        causes: ["later"],
      });
      expect(listed.get(keyOf("late"))?.remainingMs).toBeLessThan(50_000);
      await store.done(run, { kind: "failed", baseMs: 100, maxMs: 5000 });
      expect((await all()).get(A)).toMatchObject({ state: "delayed", failures: 1 });
    });

    it("lists more keys than fit one page", async () => {
      const many = Array.from({ length: 1500 }, (_, index) => ({ key: keyOf(index), workClass: 2 as const }));
      await store.trigger(many);
      await store.trigger(
        many.map(({ key }, index) => ({ key: keyOf(`late-${index}`, key), workClass: 3, afterMs: 9999 })),
      );
      const listed = [...(await all()).values()];
      expect(listed.filter(({ state }) => state === "waiting")).toHaveLength(1500);
      expect(listed.filter(({ state }) => state === "delayed")).toHaveLength(1500);
    });

    it("says what waits by class and tenant, and how long", async () => {
      await trigger(keyOf("a", "one"), 1);
      await fixture.advance(40);
      await trigger(keyOf("b", "one"), 1);
      await trigger(keyOf("c", "two", "remote"), 2);
      const load = [...(await store.load(10))].sort((a, b) => a.workClass - b.workClass);
      expect(load).toMatchObject([
        { workClass: 1, cluster: "local", namespace: "one", waiting: 2 },
        { workClass: 2, cluster: "remote", namespace: "two", waiting: 1 },
      ]);
      expect(load[0]?.oldestMs).toBeGreaterThanOrEqual(40);
      for (let tenant = 0; tenant < 30; tenant += 1) await trigger(keyOf("a", `ns-${tenant}`), 3);
      expect((await store.load(10)).filter(({ workClass }) => workClass === 3)).toHaveLength(10);
    });
  });
}
