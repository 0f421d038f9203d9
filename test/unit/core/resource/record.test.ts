/** What a patch takes off an object: keys we once set and want no more, and nothing else (H11). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergePatch } from "../../../../src/adapters/memory/object-merge-patch.ts";
import { isJsonObject, jsonEqual, memberAt, type JsonObject, type JsonValue } from "../../../../src/core/json.ts";
import { clusterPatch } from "../../../../src/core/resource/patch.ts";
import type { KeyPath } from "../../../../src/core/resource/key-path.ts";
import { keysToRemove, withSigns, withRecord } from "../../../../src/core/resource/record.ts";

/** An object that carries our record of `applied`. */
function recorded(observed: JsonObject, applied: JsonObject, createPaths: readonly KeyPath[] = []): JsonObject {
  const annotations = memberAt(withSigns(withRecord(applied), createPaths), ["metadata", "annotations"]);
  return mergePatch(observed, { metadata: { annotations: annotations as JsonObject } });
}

const removed = (target: JsonObject, observed: JsonObject) =>
  keysToRemove(target, observed).map((path) => path.join("."));

const THEIRS = { theirs: "kept" };

describe("a map that left the target", () => {
  it.each([
    ["labels", { metadata: { labels: { ours: "1" } } }, { metadata: { labels: { ours: "1", ...THEIRS } } }],
    [
      "annotations",
      { metadata: { annotations: { ours: "1" } } },
      { metadata: { annotations: { ours: "1", ...THEIRS } } },
    ],
  ])("loses our keys alone: %s", (name, applied, observed) => {
    expect(removed({}, recorded(observed, applied))).toEqual([`metadata.${name}.ours`]);
    expect(removed({ metadata: {} }, recorded(observed, applied))).toEqual([`metadata.${name}.ours`]);
  });

  it("loses our keys alone at any depth", () => {
    const observed = { data: { ours: "1", ...THEIRS }, spec: { a: { b: { ours: 1, ...THEIRS } } } };
    const applied = { data: { ours: "1" }, spec: { a: { b: { ours: 1 } } } };
    expect(removed({}, recorded(observed, applied))).toEqual(["data.ours", "spec.a.b.ours"]);
  });

  it("goes with its last key when nobody else put anything in", () => {
    expect(removed({}, recorded({ data: { ours: "1" } }, { data: { ours: "1" } }))).toEqual(["data"]);
    expect(removed({}, recorded({ spec: { empty: {} } }, { spec: { empty: {} } }))).toEqual(["spec"]);
  });

  it("keeps our mark's label and our own annotations", () => {
    const labels = { "koreo.dev/trigger-uid": "u", ours: "1" };
    const observed = recorded(
      { metadata: { labels } },
      { metadata: { labels: { ours: "1" }, annotations: { a: "1" } } },
    );
    expect(removed({}, observed)).toEqual(["metadata.labels.ours", "metadata.annotations.a"]);
  });

  it("keeps what create.overlay set", () => {
    const applied = { spec: { a: { initial: 1, ours: 2 } } };
    expect(removed({}, recorded(applied, applied, [["spec", "a", "initial"]]))).toEqual(["spec.a.ours"]);
    expect(removed({}, recorded(applied, applied, [["spec", "a"]]))).toEqual([]);
  });
});

// Small alphabets, so that target, record and object meet in the same places. The last two are protected under metadata.
const key = fc.constantFrom("a", "b", "c", "labels", "annotations", "finalizers");
const scalar: fc.Arbitrary<JsonValue> = fc.constantFrom<JsonValue>("x", "y", 1, true);
const map: fc.Arbitrary<JsonObject> = fc.letrec<{ map: JsonObject; value: JsonValue }>((tie) => ({
  map: fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  value: fc.oneof({ maxDepth: 3 }, scalar, fc.constant<JsonValue>(["x"]), tie("map")),
})).map;
const object = fc.record(
  { metadata: map.map(asMetadata), data: map, spec: map },
  { requiredKeys: ["metadata"], noNullPrototype: true },
) as fc.Arbitrary<JsonObject>;

/** Labels and annotations are maps on a real server. */
function asMetadata(metadata: JsonObject): JsonObject {
  const entries = Object.entries(metadata).filter(
    ([name, value]) => isJsonObject(value) === ["labels", "annotations"].includes(name),
  );
  return Object.fromEntries(entries);
}

/** Every path in a value that leads to a map key, maps themselves among them. */
function pathsOf(value: JsonValue | undefined, path: KeyPath = []): readonly KeyPath[] {
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => [[...path, name], ...pathsOf(inner, [...path, name])]);
}

const isProtected = ([first, second, third = ""]: KeyPath) =>
  first === "metadata" && (second === "finalizers" || second === undefined || third.startsWith("koreo.dev/"));
/** In a map or not at all: a value that is no map was replaced as a whole, by whoever wrote it last. */
const isIn = (value: JsonObject, path: KeyPath) => memberAt(value, path) !== undefined;

describe("a patch", () => {
  const patched = (target: JsonObject, observed: JsonObject) => {
    const remove = keysToRemove(target, observed);
    const sensitive = { paths: [], identity: { group: "", kind: "Thing", namespace: "", name: "one" } };
    return mergePatch(observed, clusterPatch({ target, observed, remove, ownerReferences: undefined, sensitive }));
  };

  it("never takes off a key that is not in the record", () => {
    fc.assert(
      fc.property(object, object, object, (target, applied, others) => {
        const observed = recorded(mergePatch(others, applied), applied);
        const after = patched(target, observed);
        const lost = pathsOf(observed).filter((path) => !isIn(after, path) && !isReplaced(path, target));
        expect(lost.filter((path) => !isIn(applied, path))).toEqual([]);
      }),
    );
  });

  it("leaves nothing that is recorded and wanted no more", () => {
    fc.assert(
      fc.property(object, object, object, (target, applied, others) => {
        const observed = recorded(mergePatch(others, applied), applied);
        const after = patched(target, observed);
        const left = pathsOf(applied).filter(
          (path) => !isIn(target, path) && !isProtected(path) && isIn(after, path) && !isSharedMap(path, observed),
        );
        expect(left).toEqual([]);
        // Judged again: nothing of ours is left over, so the same patch is not sent for ever.
        expect(keysToRemove(target, after)).toEqual([]);
      }),
    );

    /** A map of ours in which others have keys stays, for theirs; so does one that holds what is never removed. */
    function isSharedMap(path: KeyPath, observed: JsonObject): boolean {
      return isJsonObject(memberAt(observed, path));
    }
  });

  /** The target puts something else in the way of the path: the author's own wish, not a removal. */
  function isReplaced(path: KeyPath, target: JsonObject): boolean {
    return path.some((_name, index) => {
      const wanted = memberAt(target, path.slice(0, index + 1));
      return wanted !== undefined && (!isJsonObject(wanted) || jsonEqual(wanted, null));
    });
  }
});
