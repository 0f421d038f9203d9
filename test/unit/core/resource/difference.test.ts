/** Laws of the comparison that detects drift: an object matches itself, and what a target does not name is nobody's concern. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isJsonObject, jsonEqual, type JsonObject, type JsonValue } from "../../../../src/core/json.ts";
import { compareExactly } from "../../../../src/core/function-test/compare.ts";
import { findDifference } from "../../../../src/core/resource/difference.ts";
import { arbitraryJson, arbitraryMap } from "../../../support/arbitrary-json.ts";

const options = fc.record({ nullIsMissing: fc.boolean(), hideValues: fc.boolean() });

/** More in every map, at any depth: what others manage. */
function withMore(value: JsonValue, more: JsonObject): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => withMore(item, more));
  if (!isJsonObject(value)) return value;
  const own = Object.entries(value).map(([name, item]) => [name, withMore(item, more)] as const);
  return Object.fromEntries([...Object.entries(more), ...own]);
}

/** The paths of everything in a value, maps and lists themselves included. */
function places(value: JsonValue, at: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (Array.isArray(value))
    return [at, ...(value as readonly JsonValue[]).flatMap((item, index) => places(item, [...at, index]))];
  return isJsonObject(value)
    ? [at, ...Object.entries(value).flatMap(([name, item]) => places(item, [...at, name]))]
    : [at];
}

function replaced(value: JsonValue, path: readonly (string | number)[], by: JsonValue): JsonValue {
  const [part, ...rest] = path;
  if (part === undefined) return by;
  if (Array.isArray(value))
    return (value as readonly JsonValue[]).map((item, index) => (index === part ? replaced(item, rest, by) : item));
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([name, item]) => [name, name === part ? replaced(item, rest, by) : item]),
  );
}

describe("drift", () => {
  it("is none between an object and itself", () => {
    fc.assert(
      fc.property(arbitraryMap, options, (object, how) => {
        expect(findDifference(object, object, undefined, how)).toBeUndefined();
      }),
    );
  });

  it("is not in what the target does not name, at any depth", () => {
    fc.assert(
      fc.property(arbitraryMap, arbitraryMap, options, (target, more, how) => {
        const observed = withMore(target, more) as JsonObject;
        expect(findDifference(target, observed, undefined, how)).toBeUndefined();
      }),
    );
  });

  it("is wherever a scalar of the target is another one in the object", () => {
    const changed = arbitraryMap
      .filter((map) => Object.keys(map).length > 0)
      .chain((target) => fc.tuple(fc.constant(target), fc.constantFrom(...places(target).slice(1))));
    fc.assert(
      fc.property(changed, options, ([target, path], how) => {
        const observed = replaced(target, path, "something else") as JsonObject;
        expect(findDifference(target, observed, undefined, how)).toBeDefined();
      }),
    );
  });

  it("never shows a value where values are to be hidden", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom("a", "b"), fc.uuid(), { minKeys: 1 }), (target) => {
        const observed = Object.fromEntries(Object.keys(target).map((name) => [name, "another"]));
        const found = findDifference(target, observed, undefined, { nullIsMissing: true, hideValues: true });
        for (const secret of Object.values(target)) expect(JSON.stringify(found)).not.toContain(secret);
      }),
    );
  });

  it("is not in the order of what is compared as a set or as a map", () => {
    const shuffled = (list: fc.Arbitrary<readonly JsonValue[]>) =>
      list.chain((items) => fc.tuple(fc.constant(items), fc.shuffledSubarray([...items], { minLength: items.length })));
    const texts = shuffled(fc.uniqueArray(fc.string({ maxLength: 3 }), { maxLength: 5 }));
    const named = shuffled(
      fc.uniqueArray(fc.nat(20), { maxLength: 5 }).map((all) => all.map((name) => ({ name: `n${name}`, value: name }))),
    );
    fc.assert(
      fc.property(texts, named, options, ([set, otherSet], [map, otherMap], how) => {
        const directives = { "x-koreo-compare-as-set": ["set"], "x-koreo-compare-as-map": { map: ["name"] } };
        expect(
          findDifference({ ...directives, set, map }, { set: otherSet, map: otherMap }, undefined, how),
        ).toBeUndefined();
      }),
    );
  });

  it("of what is compared by record is between target and record alone", () => {
    fc.assert(
      fc.property(arbitraryJson, arbitraryJson, options, (wanted, actual, how) => {
        const target = { "x-koreo-compare-last-applied": ["a"], a: wanted };
        expect(findDifference(target, { a: actual }, { a: wanted }, how)).toBeUndefined();
        expect(findDifference(target, {}, { a: wanted }, how)).toBeUndefined();
      }),
    );
  });
});

describe("the exact comparison of FunctionTests", () => {
  it("finds nothing between a value and itself", () => {
    fc.assert(
      fc.property(arbitraryJson, (value) => {
        expect(compareExactly(value, value)).toBeUndefined();
      }),
    );
  });

  it("finds something if and only if the values are not equal, in both directions", () => {
    fc.assert(
      fc.property(arbitraryMap, arbitraryMap, (left, right) => {
        const isEqual = jsonEqual(left, right);
        expect(compareExactly(left, right) === undefined).toBe(isEqual);
        expect(compareExactly(right, left) === undefined).toBe(isEqual);
      }),
      { numRuns: 2000 },
    );
  });
});
