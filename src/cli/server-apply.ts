/** Applies objects by server-side apply, as kubectl would, with CustomResourceDefinitions first. */
import { setTimeout as sleep } from "node:timers/promises";
import { objectPath } from "../adapters/kubernetes/resource-path.ts";
import { isJsonObject, jsonEqual, type JsonObject, listOf, member, textMember } from "../core/json.ts";
import { parseApiVersion } from "../core/object-key.ts";
import { conditionNamed } from "../core/status/condition.ts";
import type { ClusterFault, ObjectRef, ResourceType } from "../engine/ports/object-store.ts";
import type { Connection } from "./connection.ts";

const FIELD_MANAGER = "koreo-cli";
/** How long the server may take to serve a kind after its CustomResourceDefinition was applied. */
const SERVED_WITHIN_MS = 30_000;

export type Applied =
  | { readonly kind: "created" | "configured" | "unchanged"; readonly object: JsonObject }
  | { readonly kind: "fault"; readonly fault: ClusterFault };

/** Kinds that others depend on come first; the rest keeps its order. */
export function inApplyOrder<T extends { readonly object: JsonObject }>(items: readonly T[]): readonly T[] {
  const rank = ({ object }: T) => {
    const first = ["CustomResourceDefinition", "Namespace"].indexOf(textMember(object, "kind"));
    return first < 0 ? 2 : first;
  };
  return items
    .map((item, index) => ({ item, index }))
    .sort((a, b) => rank(a.item) - rank(b.item) || a.index - b.index)
    .map(({ item }) => item);
}

/** @param namespace - used for namespaced objects that name none */
export async function applyObject(connection: Connection, object: JsonObject, namespace: string): Promise<Applied> {
  const type = await resolveServed(connection, object);
  if (type.kind === "fault") return type;
  const placed = withNamespace(object, type.type, namespace);
  const metadata = member(placed, "metadata");
  const ref: ObjectRef = {
    type: type.type,
    namespace: textMember(metadata, "namespace"),
    name: textMember(metadata, "name"),
  };
  const before = await connection.store.get(ref, connection.signal);
  const answer = await connection.client.request(
    {
      method: "PATCH",
      path: objectPath(ref),
      query: { fieldManager: FIELD_MANAGER, force: "true" },
      body: placed,
      contentType: "application/apply-patch+yaml",
      verb: "apply",
      kind: type.type.kind,
    },
    connection.signal,
  );
  if (answer.kind === "fault") return answer;
  const applied = isJsonObject(answer.value) ? answer.value : {};
  if (textMember(applied, "kind") === "CustomResourceDefinition") await untilEstablished(connection, ref);
  if (before.kind === "fault") {
    // A user who may not read the object gets the safe half of the truth.
    return { kind: before.fault.kind === "notFound" ? "created" : "configured", object: applied };
  }
  return { kind: jsonEqual(contentOf(before.value), contentOf(applied)) ? "unchanged" : "configured", object: applied };
}

/** Finds the kind as the server serves it. */
async function resolveServed(
  { store, signal }: Connection,
  object: JsonObject,
): Promise<
  { readonly kind: "type"; readonly type: ResourceType } | { readonly kind: "fault"; readonly fault: ClusterFault }
> {
  const query = { ...parseApiVersion(textMember(object, "apiVersion")), kind: textMember(object, "kind") };
  const type = await store.resolve(query, signal);
  return type.kind === "ok" ? { kind: "type", type: type.value } : { kind: "fault", fault: type.fault };
}

async function untilEstablished(connection: Connection, ref: ObjectRef): Promise<void> {
  const { store, discovery, signal } = connection;
  const deadlineMs = Date.now() + SERVED_WITHIN_MS;
  while (Date.now() < deadlineMs && !signal.aborted) {
    const read = await store.get(ref, signal);
    const established = read.kind === "ok" ? conditionNamed(read.value, "Established") : undefined;
    const isEstablished = textMember(established, "status") === "True";
    if (isEstablished && read.kind === "ok" && (await isServed(connection, read.value))) {
      discovery.forget(textMember(member(read.value, "spec"), "group")); // it may remember "not served"
      return;
    }
    await sleep(100);
  }
}

/** Established comes before the storage answers; a list that succeeds shows that it does. */
async function isServed({ store, signal }: Connection, crd: JsonObject): Promise<boolean> {
  const spec = member(crd, "spec");
  const served = listOf(member(spec, "versions")).find((version) => member(version, "served") === true);
  const type: ResourceType = {
    group: textMember(spec, "group"),
    version: textMember(served, "name"),
    kind: textMember(member(spec, "names"), "kind"),
    plural: textMember(member(spec, "names"), "plural"),
    namespaced: textMember(spec, "scope") === "Namespaced",
    hasStatus: false,
    watchable: true,
  };
  const list = await store.list(type, { limit: 1 }, signal);
  return list.kind === "ok";
}

function withNamespace(object: JsonObject, type: ResourceType, namespace: string): JsonObject {
  const metadata = member(object, "metadata") as JsonObject;
  if (!type.namespaced) return object;
  return textMember(metadata, "namespace") === "" ? { ...object, metadata: { ...metadata, namespace } } : object;
}

/** The object without writers and version: an apply rewrites these of a Namespace even when nothing else changes. */
function contentOf(object: JsonObject): JsonObject {
  const { managedFields: _owners, resourceVersion: _version, ...metadata } = member(object, "metadata") as JsonObject;
  return { ...object, metadata };
}
