/** What kubectl calls an object in its messages. */
import { member, textMember, type JsonObject } from "../core/json.ts";
import { parseApiVersion } from "../core/object-key.ts";

/** `workflow.koreo.dev/name`; `configmap/name` for the core group. */
export function nameOf(object: JsonObject): string {
  const { group } = parseApiVersion(textMember(object, "apiVersion"));
  const kind = textMember(object, "kind").toLowerCase();
  return `${group === "" ? kind : `${kind}.${group}`}/${textMember(member(object, "metadata"), "name")}`;
}
