/** What the inventory says of an object that several steps name, or that could not be read. */
import { describe, expect, it } from "vitest";
import { mergeInventory, type InventoryEntry } from "../../../../src/core/resource/inventory.ts";

const entry = (more: Partial<InventoryEntry> = {}): InventoryEntry => ({
  group: "",
  version: "v1",
  kind: "ConfigMap",
  namespace: "apps",
  name: "a",
  uid: "u",
  step: "keep",
  wave: 0,
  policy: "default",
  readonly: false,
  function: "defs/keep",
  ...more,
});

describe("an object that several steps of a run name", () => {
  const reads = entry({ step: "reads", readonly: true });
  it.each([
    { name: "is its manager's, listed before", named: [entry(), reads] },
    { name: "is its manager's, listed after", named: [reads, entry()] },
    { name: "is the first's of two managers", named: [entry(), entry({ step: "other" })] },
  ])("$name", ({ named }) => expect(mergeInventory([], named)).toEqual([entry()]));

  it("keeps the uid that one of them has seen", () => {
    expect(mergeInventory([], [entry({ uid: "" }), reads])).toEqual([entry()]);
  });
});

describe("an object", () => {
  it("keeps its uid when it could not be read", () => {
    expect(mergeInventory([entry()], [entry({ uid: "" })])).toEqual([entry()]);
  });
  it("stays when no step names it any more, seen or not: the answer to its create may be lost", () => {
    const unseen = entry({ name: "b", uid: "" });
    expect(mergeInventory([entry(), unseen], [])).toEqual([entry(), unseen]);
  });
  it("that was only waited for to be read goes with its step", () => {
    expect(mergeInventory([entry({ uid: "", readonly: true })], [])).toEqual([]);
  });
  it("is another step's when that one names it now", () => {
    const now = entry({ step: "other", readonly: true });
    expect(mergeInventory([entry()], [now])).toEqual([now]);
  });
});
