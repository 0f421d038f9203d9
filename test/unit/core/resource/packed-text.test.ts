/** Annotations in less room, and what whoever may write annotations can do with that. */
import { deflateSync } from "fflate";
import { describe, expect, it } from "vitest";
import { formatInventory, parseInventory, type InventoryEntry } from "../../../../src/core/resource/inventory.ts";
import { isPacked, pack, unpack } from "../../../../src/core/resource/packed-text.ts";

const ENTRY: InventoryEntry = {
  group: "apps",
  version: "v1",
  kind: "Deployment",
  namespace: "shop",
  name: "web",
  uid: "",
  step: "each",
  wave: 1,
  policy: "destroy",
  readonly: false,
  function: "defs/web",
};
const entries = (count: number) => Array.from({ length: count }, (_, index) => ({ ...ENTRY, name: `größe-${index}` }));
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

describe("packed text", () => {
  it("is itself again", () => {
    for (const text of ["", "a", "größe 🚀", "x".repeat(100_000), JSON.stringify(entries(3000))])
      expect(unpack(pack(text))).toBe(text);
    expect(unpack("as it is")).toBe("as it is");
  });

  it.each([
    ["no base64", "deflate:§§§"],
    ["no deflate", `deflate:${base64(new Uint8Array([255, 255, 255, 1, 2]))}`],
    ["cut off", pack("hello ".repeat(1000)).slice(0, 20)],
    ["no text", `deflate:${base64(deflateSync(new Uint8Array([0xff, 0xfe, 0xfd])))}`],
    ["a bomb", `deflate:${base64(deflateSync(new Uint8Array(200 * 1024 * 1024)))}`],
  ])("that somebody edited is not unpacked: %s", (_name, text) => {
    expect(unpack(text)).toBeUndefined();
    expect(parseInventory(text, "uid")).toEqual([]);
  });
});

describe("an inventory", () => {
  it("is for people to read while it is short, and packed when it is long", () => {
    expect(isPacked(formatInventory(entries(50), "uid"))).toBe(false);
    const long = formatInventory(entries(3000), "uid");
    expect(isPacked(long)).toBe(true);
    expect(long.length).toBeLessThan(40_000);
    expect(parseInventory(long, "uid")).toHaveLength(3000);
    expect(parseInventory(long, "another")).toEqual([]);
  });

  it("of any number of entries is read to a bound", () => {
    const text = pack(
      JSON.stringify({ trigger: "uid", objects: Array.from({ length: 50_000 }, () => ({ kind: "A", name: "a" })) }),
    );
    expect(text.length).toBeLessThan(256 * 1024);
    expect(parseInventory(text, "uid")).toHaveLength(10_000);
  });

  it("of the longest names is written as it can be read", () => {
    const long = entries(10_000).map((entry, index) => ({
      ...entry,
      name: `${"n".repeat(240)}-${index}`,
      function: `defs/${"f".repeat(250)}`,
      step: "step/".repeat(100),
    }));
    expect(parseInventory(formatInventory(long, "uid"), "uid")).toHaveLength(10_000);
  });

  it("that stands there packed otherwise is left as it is", () => {
    const standing = `deflate:${base64(deflateSync(new TextEncoder().encode(unpack(formatInventory(entries(3000), "uid"))), { level: 1 }))}`;
    expect(standing).not.toBe(formatInventory(entries(3000), "uid"));
    expect(formatInventory(entries(3000), "uid", standing)).toBe(standing);
    expect(formatInventory(entries(2999), "uid", standing)).not.toBe(standing);
  });
});
