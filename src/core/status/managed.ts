/**
 * Koreo's record `koreo.dev/managed-resources`: which objects each step manages. A step that could not tell this time
 * (its preconditions or inputs failed, it timed out, its plan is not ready) keeps its last entry: its object still
 * exists, and people, user interfaces and tools find it by this record.
 */
import { isJsonObject, jsonEqual, type JsonObject, type JsonValue, listOf, member } from "../json.ts";

/**
 * What a step or item manages: undefined when it could not tell, null for nothing, an object, a sub-workflow (`{}`
 * while its plan is not ready), or a list of these for the items of a forEach.
 */
export type ManagedEntry = undefined | null | JsonObject | ManagedWorkflow | readonly ManagedEntry[];

export type ManagedWorkflow =
  | { readonly workflow: string; readonly resources: Readonly<Record<string, ManagedEntry>> }
  | { readonly workflow?: undefined; readonly resources?: undefined };

/**
 * The record in Koreo's shape, with unknown entries taken from the previous record.
 *
 * @param before - the previous record, parsed; anything unreadable counts as none
 */
export function knownManaged(now: ManagedWorkflow, before: JsonValue | undefined): JsonObject {
  if (now.resources === undefined) return isJsonObject(before) ? before : {};
  const known = member(before, "resources");
  const resources = Object.entries(now.resources).map(([label, entry]) => [
    label,
    knownEntry(entry, member(known, label)),
  ]);
  return { workflow: now.workflow, resources: Object.fromEntries(resources) as JsonObject };
}

function knownEntry(now: ManagedEntry, before: JsonValue | undefined): JsonValue {
  if (now === undefined) return before ?? null;
  if (now === null) return null;
  if (isList(now)) return knownItems(now, listOf(before));
  return isWorkflow(now) ? knownManaged(now, before) : now;
}

/** Items have no names: one that could not tell keeps the entry at its index, unless another now names that object. */
function knownItems(now: readonly ManagedEntry[], before: readonly JsonValue[]): readonly JsonValue[] {
  const told = now.filter((entry): entry is JsonObject => entry !== undefined && entry !== null && !isList(entry));
  return now.map((entry, index) => {
    const known = before[index];
    const isMoved = entry === undefined && told.some((each) => jsonEqual(each, known));
    return isMoved ? null : knownEntry(entry, known);
  });
}

function isList(entry: ManagedEntry): entry is readonly ManagedEntry[] {
  return Array.isArray(entry);
}

function isWorkflow(entry: JsonObject | ManagedWorkflow): entry is ManagedWorkflow {
  return Object.keys(entry).length === 0 || typeof entry["workflow"] === "string";
}
