/** Laws of the status patch: it brings any status to any other, and there is none when there is nothing to do. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergePatch } from "../../../../src/adapters/memory/object-merge-patch.ts";
import { isJsonObject, jsonEqual, type JsonObject, type JsonValue } from "../../../../src/core/json.ts";
import { statusPatch } from "../../../../src/core/status/report.ts";
import { arbitraryMap } from "../../../support/arbitrary-json.ts";

/** A status holds no nulls: no merge patch could write one. */
function withoutNulls(value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(kept.map(([name, item]) => [name, withoutNulls(item)]));
}
const status = arbitraryMap.map((map) => withoutNulls(map) as JsonObject);

describe("statusPatch", () => {
  it("makes of any status the desired one", () => {
    fc.assert(
      fc.property(status, status, (current, desired) => {
        const patch = statusPatch(current, desired);
        const after = patch === undefined ? current : mergePatch(current, patch);
        expect(jsonEqual(after, desired)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("is none if and only if nothing differs", () => {
    fc.assert(
      fc.property(status, status, (current, desired) => {
        expect(statusPatch(current, current)).toBeUndefined();
        expect(statusPatch(current, desired) === undefined).toBe(jsonEqual(current, desired));
      }),
      { numRuns: 1000 },
    );
  });
});
