/** JSON merge patch (RFC 7386), as the API server applies it: null removes a key, maps merge, everything else replaces. */
import { isJsonObject, member, type JsonObject, type JsonValue } from "../../core/json.ts";

/** The document after the patch; neither argument is changed, unchanged parts are shared. */
export function mergePatch(document: JsonValue | undefined, patch: JsonObject): JsonObject {
  const merged = new Map<string, JsonValue>(isJsonObject(document) ? Object.entries(document) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, isJsonObject(value) ? mergePatch(member(document, name), value) : value);
  }
  return Object.fromEntries(merged);
}
