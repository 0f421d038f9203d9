/** Laws of overlays, with any maps as base and overlay: what merges, what replaces, what stays. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileOverlay } from "../../../../src/core/cel/compile.ts";
import { isFault, isPlainMap, type ValueMap } from "../../../../src/core/cel/value.ts";
import { isJsonObject, jsonEqual, memberAt, type JsonObject, type JsonValue } from "../../../../src/core/json.ts";
import { arbitraryKey, arbitraryMap, arbitraryTree } from "../../../support/arbitrary-json.ts";
import { program } from "./run.ts";

/** Leaves that evaluate to themselves, so that the overlay says what it does. */
const leaf = fc.constantFrom<JsonValue>(null, true, 1, 2.5, "text", "other");
const overlayMap = fc
  .dictionary(arbitraryKey, arbitraryTree(leaf, arbitraryKey), { maxKeys: 5, noNullPrototype: true })
  .filter((map) => Object.keys(map).length > 0);

function lay(base: JsonObject, overlay: JsonObject, scope: ValueMap = {}): JsonObject {
  const compiled = compileOverlay(overlay, "spec.return");
  if (compiled.kind !== "program") throw new Error(JSON.stringify(compiled));
  const value = compiled.program.apply(base, scope);
  if (isFault(value) || !isPlainMap(value)) throw new Error("no map");
  return value as JsonObject;
}

/** What is not a non-empty map, with its path. */
function leavesOf(
  map: JsonObject,
  path: readonly string[] = [],
): readonly { path: readonly string[]; value: JsonValue }[] {
  return Object.entries(map).flatMap(([name, value]) => {
    const at = [...path, name];
    return isJsonObject(value) && Object.keys(value).length > 0 ? leavesOf(value, at) : [{ path: at, value }];
  });
}

/** Whether a path goes through, ends at, or is the start of one of the overlay's. */
function touches(overlay: JsonObject, path: readonly string[]): boolean {
  return leavesOf(overlay).some(({ path: laid }) =>
    laid.every((part, index) => index >= path.length || part === path[index]),
  );
}

describe("an overlay", () => {
  it("has each of its leaves in the result, empty maps and lists whole", () => {
    fc.assert(
      fc.property(arbitraryMap, overlayMap, (base, overlay) => {
        const result = lay(base, overlay);
        for (const { path, value } of leavesOf(overlay)) expect(memberAt(result, path)).toEqual(value);
      }),
    );
  });

  it("leaves everything else of the base", () => {
    fc.assert(
      fc.property(arbitraryMap, overlayMap, (base, overlay) => {
        const result = lay(base, overlay);
        for (const { path, value } of leavesOf(base)) {
          if (!touches(overlay, path)) expect(memberAt(result, path)).toEqual(value);
        }
      }),
    );
  });

  it("adds nothing of its own", () => {
    fc.assert(
      fc.property(arbitraryMap, overlayMap, (base, overlay) => {
        for (const { path, value } of leavesOf(lay(base, overlay))) {
          const from = [memberAt(overlay, path), memberAt(base, path)];
          expect(from.some((each) => jsonEqual(each, value))).toBe(true);
        }
      }),
    );
  });

  it("laid twice is laid once", () => {
    fc.assert(
      fc.property(arbitraryMap, overlayMap, (base, overlay) => {
        const once = lay(base, overlay);
        expect(lay(once, overlay)).toEqual(once);
      }),
    );
  });

  it("on nothing is itself", () => {
    fc.assert(
      fc.property(overlayMap, (overlay) => {
        expect(lay({}, overlay)).toEqual(overlay);
      }),
    );
  });

  it("may come before or after another that has no key in common", () => {
    const prefixed = (prefix: string) =>
      overlayMap.map((map) => Object.fromEntries(Object.entries(map).map(([key, value]) => [prefix + key, value])));
    fc.assert(
      fc.property(arbitraryMap, prefixed("l-"), prefixed("r-"), (base, left, right) => {
        expect(lay(lay(base, left), right)).toEqual(lay(lay(base, right), left));
      }),
    );
  });

  it("changes neither its base nor itself, and shares what it leaves", () => {
    fc.assert(
      fc.property(arbitraryMap, overlayMap, (base, overlay) => {
        const before = structuredClone({ base, overlay });
        const result = lay(base, overlay);
        expect({ base, overlay }).toEqual(before);
        for (const [name, value] of Object.entries(base)) {
          if (!Object.hasOwn(overlay, name)) expect(Object.is(memberAt(result, [name]), value)).toBe(true);
        }
      }),
    );
  });

  it("sees the base as it was, whatever it lays over it", () => {
    fc.assert(
      fc.property(arbitraryMap, (base) => {
        const overlay = { a: "=has(resource.b) ? resource.b : 'none'", b: "=has(resource.a) ? resource.a : 'none'" };
        const result = lay(base, overlay, { resource: base });
        expect(memberAt(result, ["a"])).toEqual(memberAt(base, ["b"]) ?? (Object.hasOwn(base, "b") ? null : "none"));
        expect(memberAt(result, ["b"])).toEqual(memberAt(base, ["a"]) ?? (Object.hasOwn(base, "a") ? null : "none"));
      }),
    );
  });
});

describe("the function overlay()", () => {
  const over = (left: JsonObject, right: JsonObject) =>
    program("left.overlay(right)").evaluate({ left, right }) as JsonObject;

  it("is associative, has {} as its neutral element, and the right side wins", () => {
    fc.assert(
      fc.property(arbitraryMap, arbitraryMap, (left, right) => {
        expect(over(left, {})).toEqual(left);
        expect(over({}, right)).toEqual(right);
        expect(over(right, right)).toEqual(right);
        for (const { path, value } of leavesOf(right)) {
          if (!isJsonObject(value)) expect(memberAt(over(left, right), path)).toEqual(value);
        }
      }),
    );
  });

  it("is what an overlay does, but for empty maps", () => {
    const withoutEmpty = overlayMap.filter((map) => leavesOf(map).every(({ value }) => !isJsonObject(value)));
    fc.assert(
      fc.property(arbitraryMap, withoutEmpty, (base, overlay) => {
        expect(over(base, overlay)).toEqual(lay(base, overlay));
      }),
    );
  });
});
