/** A state of a cluster as one tree of values, so that states can be compared, and rules can speak of paths. */
import { isJsonObject, member, memberAt, textMember, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { ANNOTATION } from "../../src/core/names.ts";
import { readBlockage } from "../../src/core/status/blockage.ts";
import { READY } from "../../src/core/status/condition.ts";
import { listOf, objectId, triggerId, type ClusterState, type TriggerState } from "./workflows-corpus.ts";
import { comparableObject, triggerStatus } from "./workflows-state.ts";

/**
 * `triggers` by `Kind/name` with `conditions` by type and their `order`, `objects` and `lastApplied` by id. An object of a
 * kind that has a Workflow is a trigger, too: its status stands there and not in the object.
 */
export function treeOf(state: ClusterState, triggerKinds: ReadonlySet<string>): JsonObject {
  const objects = Object.values(state.objects).map((object) => comparableObject(object as JsonObject));
  const children = objects.filter((object) => triggerKinds.has(textMember(object, "kind")));
  return {
    triggers: {
      ...Object.fromEntries(children.map((child) => [triggerId(child), triggerTree(childState(child))])),
      ...Object.fromEntries(state.triggers.map((trigger) => [trigger.id, triggerTree(trigger)])),
    },
    objects: Object.fromEntries(
      objects.map((object) => [objectId(object), children.includes(object) ? withoutStatus(object) : object]),
    ),
    lastApplied: state.lastApplied,
  };
}

function triggerTree({ isMissing, conditions, state, koreo, managedResources, statusOther }: TriggerState): JsonObject {
  if (isMissing) return { missing: true };
  return {
    conditions: Object.fromEntries(
      conditions.map((condition) => [textMember(condition, "type"), apart(withoutNulls(condition))]),
    ),
    order: conditions.map((condition) => textMember(condition, "type")),
    state,
    koreo,
    managedResources,
    statusOther,
  };
}

function childState(object: JsonObject): TriggerState {
  return {
    ...triggerStatus(triggerId(object), member(object, "status")),
    managedResources: memberAt(object, ["metadata", "annotations", ANNOTATION.managedResources]) ?? null,
  };
}

function withoutStatus(object: JsonObject): JsonObject {
  const { status: _status, ...rest } = object;
  const metadata = member(rest, "metadata") as JsonObject;
  const annotations = member(metadata, "annotations");
  if (!isJsonObject(annotations)) return rest;
  const kept = Object.entries(annotations).filter(([name]) => name !== ANNOTATION.managedResources);
  const { annotations: _annotations, ...others } = metadata;
  return { ...rest, metadata: kept.length === 0 ? others : { ...others, annotations: Object.fromEntries(kept) } };
}

/** Our sentence about what blocks stands apart from Koreo's words before it. */
function apart(condition: JsonObject): JsonObject {
  const message = textMember(condition, "message");
  const sentence = textMember(condition, "type") === READY ? readBlockage(message)?.sentence : undefined;
  if (sentence === undefined) return condition;
  return { ...condition, message: message.slice(0, -sentence.length).trimEnd(), blocked: sentence };
}

/** A member that is null is one that a condition has not: the original writes both. */
function withoutNulls(condition: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(condition).filter(([, value]) => value !== null));
}

/** The value at a path, which may lead through lists by their indexes. */
export function valueAt(tree: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>(
    (value, name) => (Array.isArray(value) ? (value as readonly JsonValue[])[Number(name)] : member(value, name)),
    tree,
  );
}

/** Every value in a tree of values, itself first. */
export function valuesIn(value: JsonValue | undefined): readonly JsonValue[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return [value, ...(value as readonly JsonValue[]).flatMap(valuesIn)];
  return isJsonObject(value) ? [value, ...Object.values(value).flatMap(valuesIn)] : [value];
}

/** The resources in an entry of `koreo.dev/managed-resources`, however deep. */
export function resourcesIn(entry: JsonValue | undefined): readonly JsonObject[] {
  return valuesIn(entry).filter(
    (each): each is JsonObject => isJsonObject(each) && Object.hasOwn(each, "resourceFunction"),
  );
}

/** How `objects` calls a resource of such an entry. */
export function resourceId(resource: JsonObject): string {
  const namespace = textMember(resource, "namespace");
  return objectId({
    ...resource,
    metadata: { name: textMember(resource, "name"), ...(namespace !== "" && { namespace }) },
  });
}

/** The names in `order`, and the like. */
export function textsOf(value: JsonValue | undefined): readonly string[] {
  return listOf(value).map(String);
}
