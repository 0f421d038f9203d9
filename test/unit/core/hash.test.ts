/** One text, and one hash, for equal values; of any depth. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Double, type Value } from "../../../src/core/cel/value.ts";
import { canonicalText, contentHash } from "../../../src/core/hash.ts";
import { isJsonObject, jsonEqual, type JsonValue } from "../../../src/core/json.ts";
import { arbitraryJson } from "../../support/arbitrary-json.ts";

function reversed(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(reversed);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, item]) => [name, reversed(item)]),
  );
}

function nested(value: Value, levels: number, inLists: boolean): Value {
  let result = value;
  for (let level = 0; level < levels; level += 1) result = inLists ? [result] : { a: result };
  return result;
}

describe("the hash of a value", () => {
  it("does not see the order of keys", () => {
    fc.assert(
      fc.property(arbitraryJson, (value) => {
        expect(contentHash(reversed(value))).toBe(contentHash(value));
      }),
    );
  });

  it("is another one for another value", () => {
    fc.assert(
      fc.property(arbitraryJson, arbitraryJson, (left, right) => {
        expect(contentHash(left) === contentHash(right)).toBe(jsonEqual(left, right));
      }),
    );
    expect(contentHash(new Double(2))).not.toBe(contentHash(2));
  });

  it("is of the same text at any depth", () => {
    fc.assert(
      fc.property(arbitraryJson, fc.constantFrom(299, 300, 301, 1000), fc.boolean(), (value, levels, inLists) => {
        const [open, close] = inLists ? ["[", "]"] : ['{"a":', "}"];
        const want = `${open.repeat(levels)}${canonicalText(value)}${close.repeat(levels)}`;
        expect(canonicalText(nested(value, levels, inLists))).toBe(want);
      }),
    );
  });

  it("takes what the API server stores, 10,000 levels", () => {
    expect(contentHash(nested(1, 10_000, false))).not.toBe(contentHash(nested(2, 10_000, false)));
  });
});
