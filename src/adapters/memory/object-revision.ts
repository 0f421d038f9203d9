/**
 * What the API server does to an object on its way into the store: fields only the server sets, spec and status kept
 * apart, generation, validation of what clients get wrong most. Pure: the caller passes time, uid and position.
 */
import {
  isJsonObject,
  jsonEqual,
  member,
  memberAt,
  textMember,
  type JsonObject,
  type JsonValue,
} from "../../core/json.ts";
import { finalizersOf, isGoing } from "../../core/object.ts";
import { formatApiVersion } from "../../core/object-key.ts";
import { isBuiltInGroup } from "../../core/built-in-groups.ts";
import type { ClusterFault, ObjectRef, ResourceType } from "../../engine/ports/object-store.ts";

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** Roles and bindings may have any name that can be a part of a path. */
const RBAC_GROUP = "rbac.authorization.k8s.io";
const PATH_SEGMENT = /^(?!\.{1,2}$)[^/%]+$/;

/** Metadata that no client can change. */
const SERVER_FIELDS = [
  "name",
  "namespace",
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "generation",
];

/** What a new object gets from the server. */
export interface Birth {
  readonly uid: string;
  readonly createdAt: string;
}

/** Why a body cannot become this object, or undefined. */
export function createRefusal(ref: ObjectRef, body: JsonObject): ClusterFault | undefined {
  const metadata = member(body, "metadata");
  const namespace = textMember(metadata, "namespace");
  if (textMember(metadata, "name") !== ref.name)
    return invalid("metadata.name: required, and that of the request", 422);
  const isName = (ref.type.group === RBAC_GROUP ? PATH_SEGMENT : NAME).test(ref.name);
  if (!isName || ref.name.length > 253) return invalid(`metadata.name: Invalid value: "${ref.name}"`, 422);
  if (namespace !== "" && namespace !== ref.namespace) {
    return invalid("the namespace of the provided object does not match the namespace sent on the request", 400);
  }
  if (ref.type.namespaced && ref.namespace === "")
    return invalid("an empty namespace may not be set during creation", 400);
  if (textMember(metadata, "resourceVersion") !== "") {
    return { kind: "unavailable", detail: "resourceVersion should not be set on objects to be created" }; // a 500
  }
  return kindRefusal(ref.type, body);
}

/** A new object as stored, still without resourceVersion. */
export function createdObject(ref: ObjectRef, body: JsonObject, birth: Birth): JsonObject {
  const { status, ...content } = body;
  const given = Object.entries(member(body, "metadata") ?? {}).filter(([name]) => !SERVER_FIELDS.includes(name));
  const metadata = {
    name: ref.name,
    ...(ref.type.namespaced && { namespace: ref.namespace }),
    uid: birth.uid,
    creationTimestamp: birth.createdAt,
    ...(tracksGeneration(ref.type) && { generation: 1 }),
    ...Object.fromEntries(given),
  };
  const keepsStatus = !ref.type.hasStatus && status !== undefined;
  return { ...content, ...head(ref.type), metadata: withoutEmpty(metadata), ...(keepsStatus && { status }) };
}

/** Why a patched object cannot follow the stored one, or undefined. */
export function patchRefusal(type: ResourceType, stored: JsonObject, patched: JsonObject): ClusterFault | undefined {
  const name = memberAt(patched, ["metadata", "name"]);
  if (name !== memberAt(stored, ["metadata", "name"]))
    return invalid("the name of the object does not match the name on the URL", 400);
  if (isGoing(stored)) {
    const before = finalizersOf(stored);
    const added = finalizersOf(patched).filter((finalizer) => !before.includes(finalizer));
    if (added.length > 0)
      return invalid("metadata.finalizers: no new finalizers can be added if the object is being deleted", 422);
  }
  return kindRefusal(type, patched);
}

/**
 * The stored object after a patch through the main resource or `/status`, still with its old resourceVersion.
 *
 * @returns the stored object itself when nothing changes: then nothing is written and nobody is told
 */
export function revisedObject(
  type: ResourceType,
  stored: JsonObject,
  patched: JsonObject,
  subresource: "status" | undefined,
): JsonObject {
  if (subresource === "status") return replaced(stored, { ...stored, status: member(patched, "status") });
  const status = type.hasStatus ? member(stored, "status") : member(patched, "status");
  const metadata: Record<string, JsonValue | undefined> = { ...(member(patched, "metadata") as JsonObject) };
  for (const name of [...SERVER_FIELDS, "resourceVersion"]) metadata[name] = memberAt(stored, ["metadata", name]);
  const next = compacted({ ...patched, ...head(type), status, metadata: withoutEmpty(compacted(metadata)) });
  if (jsonEqual(stored, next)) return stored;
  return changesContent(type, stored, next) ? withGeneration(next) : next;
}

/** The object as marked for deletion: it stays until its finalizers are gone. */
export function terminatingObject(stored: JsonObject, finalizers: readonly string[], at: string): JsonObject {
  const metadata = {
    ...(member(stored, "metadata") as JsonObject),
    deletionTimestamp: at,
    deletionGracePeriodSeconds: 0,
    finalizers,
  };
  return withGeneration({ ...stored, metadata });
}

/** The object with other finalizers. */
export function withFinalizers(stored: JsonObject, finalizers: readonly string[]): JsonObject {
  return { ...stored, metadata: withoutEmpty({ ...(member(stored, "metadata") as JsonObject), finalizers }) };
}

/** The object as stored at a position of the history. */
export function withResourceVersion(object: JsonObject, position: number): JsonObject {
  return { ...object, metadata: { ...(member(object, "metadata") as JsonObject), resourceVersion: String(position) } };
}

/** Kinds like ConfigMap and Secret, which have neither spec nor status, have no generation. */
function tracksGeneration(type: ResourceType): boolean {
  return !isBuiltInGroup(type.group) || type.hasStatus;
}

/** Custom kinds: anything but metadata counts (and status, where it is no subresource). Built-in kinds: the spec. */
function changesContent(type: ResourceType, stored: JsonObject, next: JsonObject): boolean {
  if (!tracksGeneration(type)) return false;
  if (isBuiltInGroup(type.group)) return !jsonEqual(member(stored, "spec"), member(next, "spec"));
  const content = (object: JsonObject) => ({ ...object, metadata: null, ...(type.hasStatus && { status: null }) });
  return !jsonEqual(content(stored), content(next));
}

function withGeneration(object: JsonObject): JsonObject {
  const generation = memberAt(object, ["metadata", "generation"]);
  if (typeof generation !== "number") return object;
  return { ...object, metadata: { ...(member(object, "metadata") as JsonObject), generation: generation + 1 } };
}

function replaced(stored: JsonObject, next: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const object = compacted(next);
  return jsonEqual(stored, object) ? stored : object;
}

function compacted(members: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(members).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined),
  );
}

/** Empty maps and lists of metadata are not stored (`omitempty`). */
function withoutEmpty(metadata: JsonObject): JsonObject {
  const isEmpty = (value: JsonValue) =>
    (Array.isArray(value) && value.length === 0) || (isJsonObject(value) && Object.keys(value).length === 0);
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => !isEmpty(value)));
}

function kindRefusal(type: ResourceType, body: JsonObject): ClusterFault | undefined {
  const { apiVersion, kind } = head(type);
  const isOther = textMember(body, "kind") !== kind || textMember(body, "apiVersion") !== apiVersion;
  return isOther ? invalid(`the object provided is unrecognized: not ${apiVersion} ${kind}`, 400) : undefined;
}

function head(type: ResourceType): { readonly apiVersion: string; readonly kind: string } {
  return { apiVersion: formatApiVersion(type), kind: type.kind };
}

function invalid(detail: string, status: number): ClusterFault {
  return { kind: "invalid", detail, status };
}
