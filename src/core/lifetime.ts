/** What every Kubernetes object says of its own end. */
import { member, textMember, type JsonObject, type JsonValue } from "./json.ts";

/** Since when somebody wants the object gone; "" while nobody does. */
export function deletionTime(object: JsonObject): string {
  return textMember(member(object, "metadata"), "deletionTimestamp");
}

/** Whether the object is being deleted: it stays until nothing holds it. */
export function isGoing(object: JsonObject): boolean {
  return deletionTime(object) !== "";
}

/** What holds an object that is being deleted. */
export function finalizersOf(object: JsonObject): readonly string[] {
  const finalizers = member(member(object, "metadata"), "finalizers");
  if (!Array.isArray(finalizers)) return [];
  return (finalizers as readonly JsonValue[]).filter((each) => typeof each === "string");
}
