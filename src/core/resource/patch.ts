/**
 * The merge patch that brings an object to its target: the whole target, null for keys we once set and no longer want,
 * and the owner reference if it is missing. It leaves out lists that match under their compare directive, or it would
 * undo differences that the directive allows.
 */
import { isJsonObject, member, type JsonObject, type JsonValue } from "../json.ts";
import { ANNOTATION } from "../names.ts";
import { memberMatches } from "./difference.ts";
import { directivesOf, isDirective, withoutDirectives } from "./directives.ts";
import type { KeyPath } from "./key-path.ts";
import { comparableRecord, readRecord, removal, withRecord, withSigns, type RecordWriter } from "./record.ts";
import type { Sensitive } from "./sensitive.ts";

export interface PatchRequest {
  /** The target with its directives. */
  readonly target: JsonObject;
  readonly observed: JsonObject;
  readonly remove: readonly KeyPath[];
  /** The list to send, when it changes. */
  readonly ownerReferences: readonly JsonValue[] | undefined;
  readonly sensitive: Sensitive;
  readonly writer?: RecordWriter | undefined;
}

/** The patch for a cluster; carries the resourceVersion that the decision is based on. */
export function clusterPatch(request: PatchRequest): JsonObject {
  const { target, observed, remove, ownerReferences, sensitive, writer } = request;
  const record = readRecord(observed);
  const plain = withoutDirectives(target) as JsonObject;
  const recorded = withRecord(withOwners(plain, ownerReferences), sensitive);
  const applied = member(member(recorded, "metadata"), "annotations");
  const last = comparableRecord(record, sensitive.identity, plain);
  const changed = withOwners(changedParts(target, observed, last), ownerReferences);
  const body = withSigns(mergePatches(changed, removal(remove)), record.createPaths ?? [], writer);
  const metadata = member(body, "metadata") as JsonObject;
  const annotations = {
    ...(member(metadata, "annotations") as JsonObject),
    [ANNOTATION.lastApplied]: member(applied, ANNOTATION.lastApplied) ?? "",
  };
  const resourceVersion = member(member(observed, "metadata"), "resourceVersion") ?? null;
  return { ...body, metadata: { ...metadata, annotations, resourceVersion } };
}

/** The patch as Koreo sends it, which FunctionTests judge: the whole target with its record. */
export function plainPatch(target: JsonObject): JsonObject {
  return withRecord(withoutDirectives(target) as JsonObject);
}

/** The target without its directives and without lists that match under them. */
function changedParts(target: JsonObject, observed: JsonObject, lastApplied: JsonValue | undefined): JsonObject {
  const { asSet, asMap, lastApplied: byRecord } = directivesOf(target);
  const parts = Object.entries(target).filter(([name]) => {
    if (isDirective(name)) return false;
    const isDirected = asSet.has(name) || asMap.has(name) || byRecord.has(name);
    return !isDirected || !memberMatches(name, { target, observed, lastApplied });
  });
  return Object.fromEntries(
    parts.map(([name, value]) => {
      if (!isJsonObject(value)) return [name, withoutDirectives(value)];
      const inside = member(observed, name);
      return [name, changedParts(value, isJsonObject(inside) ? inside : {}, member(lastApplied, name))];
    }),
  );
}

function withOwners(body: JsonObject, ownerReferences: readonly JsonValue[] | undefined): JsonObject {
  if (ownerReferences === undefined) return body;
  const metadata = member(body, "metadata");
  return { ...body, metadata: { ...(isJsonObject(metadata) ? metadata : {}), ownerReferences } };
}

function mergePatches(first: JsonObject, second: JsonObject): JsonObject {
  const merged: Record<string, JsonValue> = { ...first };
  for (const [name, value] of Object.entries(second)) {
    const before = member(merged, name);
    const both = isJsonObject(before) && isJsonObject(value) ? mergePatches(before, value) : value;
    Object.defineProperty(merged, name, { value: both, enumerable: true, writable: true, configurable: true });
  }
  return merged;
}
