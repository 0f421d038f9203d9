/**
 * What an unhealthy object says about itself, in one line: by the conventions of Kubernetes conditions and phases. It
 * reads only `status` and the deletion timestamp, never data.
 */
import { member, textMember, type JsonObject } from "../json.ts";
import { finalizersOf, isGoing } from "../object.ts";
import { bounded, conditionsIn } from "./condition.ts";

/** Conditions that report trouble when they are True. */
const TROUBLE = ["Failed", "Failure", "Stalled", "Degraded", "ReplicaFailure"];
/** Conditions that report trouble when they are not True, the most telling first. */
const HEALTH = ["Ready", "Progressing", "Available", "Healthy", "Synced", "Established", "Bound"];
const MAX_TEXT = 400;

/** @returns undefined when the object reports no trouble, or nothing at all */
export function ownMessage(object: JsonObject): string | undefined {
  if (isGoing(object)) return bounded(deletionText(object), MAX_TEXT);
  const status = member(object, "status");
  const conditions = conditionsIn(object);
  const named = (type: string, isWrong: (status: string) => boolean) =>
    conditions.find((each) => textMember(each, "type") === type && isWrong(textMember(each, "status")));
  const wrong =
    firstOf(TROUBLE, (type) => named(type, (text) => text === "True")) ??
    firstOf(HEALTH, (type) => named(type, (text) => text === "False" || text === "Unknown"));
  if (wrong !== undefined) return bounded(conditionText(wrong), MAX_TEXT);
  const phase = textMember(status, "phase");
  if (phase !== "Pending" && phase !== "Failed" && phase !== "Unknown") return undefined;
  return bounded(joined(`phase ${phase}`, textMember(status, "message") || textMember(status, "reason")), MAX_TEXT);
}

function conditionText(condition: JsonObject): string {
  const [type, status, reason, message] = ["type", "status", "reason", "message"].map((name) =>
    textMember(condition, name),
  );
  return joined(`${type}=${status}${reason === "" ? "" : ` ${reason}`}`, oneLine(message ?? ""));
}

function deletionText(object: JsonObject): string {
  const names = finalizersOf(object);
  return names.length === 0 ? "is being deleted" : `is being deleted, held by its finalizers ${names.join(", ")}`;
}

function firstOf<T>(names: readonly string[], find: (name: string) => T | undefined): T | undefined {
  for (const name of names) {
    const found = find(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function joined(head: string, detail: string): string {
  return detail === "" ? head : `${head}: ${detail}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
