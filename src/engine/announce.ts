/** Emits a Kubernetes Event about an object's Ready condition, only when it says something else than before. */
import { member, textMember, type JsonObject } from "../core/json.ts";
import { readyCondition } from "../core/status/condition.ts";
import type { EventSink, ObjectEvent } from "./ports/event-sink.ts";

/** Reasons of Ready that resolve by themselves: they are no warning. All others need somebody's hand. */
const BY_ITSELF = new Set(["Ready", "Skip", "DepSkip", "Wait", "Deleting"]);

/**
 * @param object - what the event is about, as read
 * @param ready - its Ready condition as it stands now
 */
export function announceReady(events: EventSink, object: JsonObject, ready: JsonObject | undefined): void {
  if (ready === undefined || isSame(readyCondition(object), ready)) return;
  const reason = textMember(ready, "reason");
  const type = BY_ITSELF.has(reason) ? "Normal" : "Warning";
  events.emit({ regarding: regarding(object), type, reason, message: textMember(ready, "message") });
}

/** The object as Events name it. */
export function regarding(object: JsonObject): ObjectEvent["regarding"] {
  const metadata = member(object, "metadata");
  return {
    apiVersion: textMember(object, "apiVersion"),
    kind: textMember(object, "kind"),
    namespace: textMember(metadata, "namespace"),
    name: textMember(metadata, "name"),
    uid: textMember(metadata, "uid"),
  };
}

function isSame(before: JsonObject | undefined, now: JsonObject): boolean {
  return ["status", "reason", "message"].every((name) => textMember(before, name) === textMember(now, name));
}
