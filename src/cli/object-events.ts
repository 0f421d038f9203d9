/** The Events of an object, newest first. */
import { member, textMember, type JsonObject, type JsonValue } from "../core/json.ts";
import { uidOf } from "../core/object.ts";
import type { Connection } from "./connection.ts";
import type { OneObject } from "./one-object.ts";

export interface ListedEvent {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  /** RFC 3339; "" where the event has no time. */
  readonly lastTimestamp: string;
}

const MAX_READ = 500;

/** @returns undefined when they cannot be read */
export async function eventsOf(
  { client, signal }: Connection,
  { ref, object }: OneObject,
): Promise<readonly ListedEvent[] | undefined> {
  const uid = uidOf(object);
  const path = `/api/v1/namespaces/${encodeURIComponent(ref.namespace || "default")}/events`;
  const query = { fieldSelector: `involvedObject.uid=${uid}`, limit: String(MAX_READ) };
  const reply = await client.request({ method: "GET", path, query, verb: "list", kind: "Event" }, signal);
  if (reply.kind === "fault") return undefined;
  const items = member(reply.value, "items");
  const events = Array.isArray(items) ? (items as readonly JsonObject[]).map(listed) : [];
  return events.sort((a, b) => (a.lastTimestamp < b.lastTimestamp ? 1 : -1));
}

function listed(event: JsonValue): ListedEvent {
  const count = member(event, "count");
  return {
    type: textMember(event, "type"),
    reason: textMember(event, "reason"),
    message: textMember(event, "message"),
    count: typeof count === "number" ? count : 1,
    lastTimestamp: textMember(event, "lastTimestamp") || textMember(event, "eventTime"),
  };
}
