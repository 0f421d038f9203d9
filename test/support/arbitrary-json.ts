/** JSON by chance, for laws: names of JavaScript among the keys, text of every kind, integers beyond 2^53. */
import fc from "fast-check";
import type { JsonObject, JsonValue } from "../../src/core/json.ts";

/** Keys that collide often, so that two maps have some in common. */
export const arbitraryKey = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("a", "b", "c", "d") },
  { weight: 1, arbitrary: fc.constantFrom("__proto__", "constructor", "toString", "x-y", "a.b/c", "", "港") },
);

const scalar: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom<JsonValue>(null, true, false, 0, 1, -1, 2.5, 2n ** 62n, "", "a", "1", "true"),
  fc.integer(),
  fc.string({ unit: "grapheme", maxLength: 8 }),
);

function tree(leaf: fc.Arbitrary<JsonValue>, key: fc.Arbitrary<string>) {
  return fc.letrec<{ value: JsonValue; map: JsonObject; list: readonly JsonValue[] }>((tie) => ({
    value: fc.oneof({ maxDepth: 4, depthIdentifier: "json" }, leaf, tie("list"), tie("map")),
    list: fc.array(tie("value"), { maxLength: 4, depthIdentifier: "json" }),
    map: fc.dictionary(key, tie("value"), { maxKeys: 5, depthIdentifier: "json", noNullPrototype: true }),
  }));
}

export const { value: arbitraryJson, map: arbitraryMap } = tree(scalar, arbitraryKey);

/** The same with leaves and keys of one's own. */
export function arbitraryTree(leaf: fc.Arbitrary<JsonValue>, key: fc.Arbitrary<string>): fc.Arbitrary<JsonValue> {
  return tree(leaf, key).value;
}
