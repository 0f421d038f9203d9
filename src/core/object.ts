/** Reads members that every Kubernetes object may have, whatever its kind; "" when one is absent. */
import { member, memberAt, textMember, type JsonObject, type JsonValue } from "./json.ts";

export function uidOf(object: JsonValue | undefined): string {
  return textMember(member(object, "metadata"), "uid");
}

/** Its resourceVersion. */
export function versionOf(object: JsonValue | undefined): string {
  return textMember(member(object, "metadata"), "resourceVersion");
}

export function annotationOf(object: JsonValue | undefined, name: string): string {
  return textMember(memberAt(object, ["metadata", "annotations"]), name);
}

/** When its deletion was requested; "" while it was not. */
export function deletionTime(object: JsonObject): string {
  return textMember(member(object, "metadata"), "deletionTimestamp");
}

/** Whether the object is being deleted: it stays until nothing holds it. */
export function isGoing(object: JsonObject): boolean {
  return deletionTime(object) !== "";
}

/** The finalizers, which hold an object that is being deleted. */
export function finalizersOf(object: JsonObject): readonly string[] {
  const finalizers = member(member(object, "metadata"), "finalizers");
  if (!Array.isArray(finalizers)) return [];
  return (finalizers as readonly JsonValue[]).filter((each) => typeof each === "string");
}
