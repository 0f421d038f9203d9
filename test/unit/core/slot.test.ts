import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatKind, parseKind } from "../../../src/core/object-key.ts";
import { assignSlots, fnv1a64 } from "../../../src/core/slot.ts";

const watchersOf = (count: number) => Array.from({ length: count }, (_, index) => `watcher-${index}`);
const manySlots = Array.from({ length: 400 }, (_, kind) =>
  formatKind({ cluster: "local", group: "g.test", kind: `Kind${kind}` }),
);

describe("fnv1a64", () => {
  // The published vectors of the FNV authors.
  it.each([
    { text: "", want: 0xcbf29ce484222325n },
    { text: "a", want: 0xaf63dc4c8601ec8cn },
    { text: "foobar", want: 0x85944171f73967e8n },
    { text: "chongo was here!\n", want: 0x46810940eff5f915n },
  ])("of $text", ({ text, want }) => {
    expect(fnv1a64(text)).toBe(want);
  });

  it("equals the definition, byte by byte", () => {
    const defined = (text: string) =>
      [...Buffer.from(text)].reduce(
        (hash, byte) => BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n),
        0xcbf29ce484222325n,
      );
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => fnv1a64(text) === defined(text.toWellFormed())));
  });
});

describe("slots", () => {
  it("go to text and back", () => {
    const part = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9.-]{0,20}$/);
    const slot = fc.record({
      cluster: part,
      group: fc.oneof(part, fc.constant("")),
      kind: part,
    });
    fc.assert(
      fc.property(slot, (given) => {
        expect(parseKind(formatKind(given))).toEqual(given);
      }),
    );
  });

  it.each(["", "local/apps", "local//Deployment", "/apps/Deployment", "a/b/c/d"])("%j is no slot", (text) => {
    expect(parseKind(text)).toBeUndefined();
  });
});

describe("assignSlots", () => {
  it("gives every slot one owner, none more than 1.25 times the average", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string(), { maxLength: 80 }),
        fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 12 }),
        (slots, watchers) => {
          const owners = assignSlots(slots, watchers);
          const loads = Map.groupBy(owners.values(), (owner) => owner);
          const bound = Math.ceil((slots.length / watchers.length) * 1.25);
          expect(new Set(owners.keys())).toEqual(new Set(slots));
          for (const [owner, load] of loads) expect(watchers.includes(owner) && load.length <= bound).toBe(true);
        },
      ),
    );
  });

  it("is the same for the same sets in any order", () => {
    const slots = manySlots.slice(0, 30);
    const arbitrary = fc.tuple(
      fc.shuffledSubarray(slots, { minLength: 30 }),
      fc.shuffledSubarray(watchersOf(6), { minLength: 6 }),
    );
    fc.assert(
      fc.property(arbitrary, ([s, w]) => {
        expect(assignSlots(s, w)).toEqual(assignSlots(slots, watchersOf(6)));
      }),
    );
  });

  it("moves few slots when a watcher comes or goes", () => {
    const before = assignSlots(manySlots, watchersOf(8));
    const after = assignSlots(manySlots, watchersOf(9));
    const moved = manySlots.filter((slot) => before.get(slot) !== after.get(slot)).length / manySlots.length;
    expect(moved).toBeLessThan(0.25); // 1/9 must move; the load bound moves a few more
  });

  it("is empty without watchers", () => {
    expect(assignSlots(manySlots, []).size).toBe(0);
  });
});
