/**
 * A trigger with everything it manages as a tree, by its own record: steps, sub-workflows, items, objects. An object
 * that has a record of its own continues with that. Each object is shown as it is now.
 */
import { isJsonObject, member, memberAt, textMember, type JsonObject, type JsonValue } from "../core/json.ts";
import { annotationOf, isGoing } from "../core/object.ts";
import { ANNOTATION } from "../core/names.ts";
import { objectText, parseApiVersion } from "../core/object-key.ts";
import { readyCondition } from "../core/status/condition.ts";
import { namedObjects } from "../core/resource/named-objects.ts";
import { ownMessage } from "../core/status/own-message.ts";
import type { Connection } from "./connection.ts";

export interface TreeNode {
  /** `web: Deployment apps/web`, `teams`, `[0]: ConfigMap apps/a`. */
  readonly text: string;
  /** Label of the step or item that leads here; "" for the trigger itself. */
  readonly step: string;
  /** Null when the node is no object. */
  readonly identity: ObjectIdentity | null;
  /** State of an object: present, deleting, missing, or why it cannot be read; "" when the node is no object. */
  readonly state: string;
  readonly readonly: boolean;
  /** Status of its Ready condition; "" when it has none. */
  readonly ready: string;
  /** What the object says about itself. */
  readonly says: string;
  /** RFC 3339; "" when the node is no object, or the object is missing. */
  readonly createdAt: string;
  /** Null when the node is no object, or the object is missing. */
  readonly object: JsonObject | null;
  readonly children: readonly TreeNode[];
}

export interface ObjectIdentity {
  readonly apiVersion: string;
  readonly kind: string;
  /** "" for a cluster-scoped object. */
  readonly namespace: string;
  readonly name: string;
}

/** How deep triggers that manage triggers are followed. */
const MAX_DEPTH = 10;
const NO_OBJECT = { identity: null, state: "", readonly: false, ready: "", says: "", createdAt: "", object: null };

export function managedTree(connection: Connection, trigger: JsonObject): Promise<TreeNode> {
  return nodeOf(connection, trigger, { label: "", readonly: false, depth: 0 });
}

interface Place {
  /** Label of the step or item that leads here. */
  readonly label: string;
  readonly readonly: boolean;
  readonly depth: number;
}

async function nodeOf(connection: Connection, object: JsonObject, place: Place): Promise<TreeNode> {
  const metadata = member(object, "metadata");
  const ready = readyCondition(object);
  const isDeleting = isGoing(object);
  return {
    text: labelled(place.label, objectText(identityIn(object))),
    step: place.label,
    identity: identityIn(object),
    state: isDeleting ? "deleting" : "present",
    readonly: place.readonly,
    ready: textMember(ready, "status"),
    says: ownMessage(object) ?? textMember(ready, "message"),
    createdAt: textMember(metadata, "creationTimestamp"),
    object,
    children: place.depth >= MAX_DEPTH ? [] : await childrenOf(connection, object, place.depth + 1),
  };
}

/** A trigger with very many objects has no record: its children come from the inventory, step by step. */
async function childrenOf(connection: Connection, object: JsonObject, depth: number): Promise<readonly TreeNode[]> {
  const children = await recorded(connection, recordOf(object), depth);
  if (children.length > 0) return children;
  const named = namedObjects(object).map(({ step, ...entry }) => objectNode(connection, step, entry, depth));
  return Promise.all(named);
}

/** The steps of a record. */
function recorded(connection: Connection, record: JsonValue, depth: number): Promise<readonly TreeNode[]> {
  const resources = member(record, "resources");
  if (!isJsonObject(resources)) return Promise.resolve([]);
  const steps = Object.entries(resources).map(([label, entry]) => entryNode(connection, label, entry, depth));
  return Promise.all(steps);
}

async function entryNode(connection: Connection, label: string, entry: JsonValue, depth: number): Promise<TreeNode> {
  if (Array.isArray(entry)) {
    const items = (entry as readonly JsonValue[]).map((item, index) =>
      entryNode(connection, `[${index}]`, item, depth),
    );
    return { ...NO_OBJECT, text: label, step: label, children: await Promise.all(items) };
  }
  if (!isJsonObject(entry)) return { ...NO_OBJECT, text: label, step: label, says: "manages no object", children: [] };
  const workflow = textMember(entry, "workflow");
  if (workflow !== "") {
    const children = await recorded(connection, entry, depth);
    return { ...NO_OBJECT, text: labelled(label, `Workflow ${workflow}`), step: label, children };
  }
  if (textMember(entry, "kind") === "")
    return { ...NO_OBJECT, text: label, step: label, says: "nothing is known yet", children: [] };
  return objectNode(connection, label, entry, depth);
}

async function objectNode(connection: Connection, label: string, entry: JsonObject, depth: number): Promise<TreeNode> {
  const { store, signal } = connection;
  const [apiVersion, kind, name] = ["apiVersion", "kind", "name"].map((each) => textMember(entry, each)) as [
    string,
    string,
    string,
  ];
  const namespace = textMember(entry, "namespace");
  const readonly = member(entry, "readonly") === true;
  const identity = { apiVersion, kind, namespace, name };
  const text = labelled(label, objectText(identity));
  const absent = (state: string): TreeNode => ({
    ...NO_OBJECT,
    text,
    step: label,
    identity,
    state,
    readonly,
    children: [],
  });
  const type = await store.resolve({ ...parseApiVersion(apiVersion), kind }, signal);
  if (type.kind === "fault") return absent(type.fault.kind === "unknownKind" ? "kind not served" : type.fault.kind);
  const ref = { type: type.value, namespace: type.value.namespaced ? namespace : "", name };
  const read = await store.get(ref, signal);
  if (read.kind === "fault") return absent(read.fault.kind === "notFound" ? "missing" : read.fault.kind);
  return nodeOf(connection, read.value, { label, readonly, depth });
}

function recordOf(object: JsonObject): JsonValue {
  try {
    return JSON.parse(annotationOf(object, ANNOTATION.managedResources)) as JsonValue;
  } catch {
    return null; // there is none, or somebody edited it
  }
}

function identityIn(object: JsonObject): ObjectIdentity {
  const metadata = memberAt(object, ["metadata"]);
  return {
    apiVersion: textMember(object, "apiVersion"),
    kind: textMember(object, "kind"),
    namespace: textMember(metadata, "namespace"),
    name: textMember(metadata, "name"),
  };
}

function labelled(label: string, text: string): string {
  return label === "" ? text : `${label}: ${text}`;
}
