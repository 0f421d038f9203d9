/** Reads one event of a watch stream: what happened to which object, a bookmark, or the server's ERROR. */
import { member, memberAt, parseJson, textMember, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { ClusterFault, ResourceType } from "../../engine/ports/object-store.ts";
import { faultOfReply } from "./fault.ts";
import { typedObject } from "./object-store.ts";

export type WatchEvent =
  | {
      readonly kind: "object";
      readonly type: "added" | "modified" | "deleted";
      readonly object: JsonObject;
      readonly resourceVersion: string;
    }
  | { readonly kind: "bookmark"; readonly resourceVersion: string }
  | { readonly kind: "error"; readonly fault: ClusterFault };

const TYPES: ReadonlyMap<string, "added" | "modified" | "deleted"> = new Map([
  ["ADDED", "added"],
  ["MODIFIED", "modified"],
  ["DELETED", "deleted"],
]);

/** Parses one line. A line that is no event of the protocol is an error: the stream cannot be trusted further. */
export function parseWatchEvent(line: string, resource: ResourceType, metadataOnly: boolean): WatchEvent {
  const event = parsed(line);
  const name = textMember(event, "type");
  const object = member(event, "object");
  if (name === "ERROR") return { kind: "error", fault: faultOfReply(Number(member(object, "code") ?? 500), object) };

  const resourceVersion = memberAt(object, ["metadata", "resourceVersion"]);
  const type = TYPES.get(name);
  if (typeof resourceVersion !== "string" || (type === undefined && name !== "BOOKMARK")) {
    return {
      kind: "error",
      fault: { kind: "unavailable", detail: `a watch of ${resource.plural} sent something that is no event` },
    };
  }
  if (type === undefined) return { kind: "bookmark", resourceVersion };
  return { kind: "object", type, object: typedObject(object ?? null, resource, metadataOnly), resourceVersion };
}

function parsed(line: string): JsonValue {
  try {
    return parseJson(line);
  } catch {
    return null; // a broken line is reported by the caller as no event
  }
}
