/**
 * The identity of an object across clusters, with its one canonical text: what the queue, the index, the mark and every
 * log line call a trigger. The version is left out on purpose: two versions of one object must never run at once.
 */

/** Which API serves an object. `group` is "" for the core group. */
export type GroupVersionKind = { readonly group: string; readonly version: string; readonly kind: string };

/** A kind of object in any version. */
export type GroupKind = { readonly group: string; readonly kind: string };

/** Identity of one object. `namespace` is "" for a cluster-scoped object. */
export type ObjectKey = GroupKind & { readonly cluster: string; readonly namespace: string; readonly name: string };

/** Canonical text `cluster/group/kind/namespace/name`, with `_` for an empty group or namespace. */
export type KeyText = string & { readonly [brand]: "key" };
declare const brand: unique symbol;

/** A kind in a cluster: canonical text `cluster/group/kind`, with `_` for the core group. */
export type KindText = string & { readonly [kindBrand]: "kind" };
declare const kindBrand: unique symbol;

/** The cluster every object lives in until remote clusters exist. */
export const LOCAL_CLUSTER = "local";

const EMPTY = "_"; // no group or namespace may be it or contain it

/** Key to text; the inverse of `parseKey`. */
export function formatKey(key: ObjectKey): KeyText {
  return [key.cluster, key.group || EMPTY, key.kind, key.namespace || EMPTY, key.name].join("/") as KeyText;
}

/** Text to key; undefined when the text is not canonical (Kubernetes forbids `/` in every part). */
export function parseKey(text: string): ObjectKey | undefined {
  const [cluster, group, kind, namespace, name, ...rest] = text.split("/");
  if (!cluster || !group || !kind || !namespace || !name || rest.length > 0) return undefined;
  return { cluster, group: group === EMPTY ? "" : group, kind, namespace: namespace === EMPTY ? "" : namespace, name };
}

/** Kind to text; the inverse of `parseKind`. */
export function formatKind({ cluster, group, kind }: Pick<ObjectKey, "cluster" | "group" | "kind">): KindText {
  return [cluster, group || EMPTY, kind].join("/") as KindText;
}

/** Text to kind; undefined when the text is not canonical. */
export function parseKind(text: string): Pick<ObjectKey, "cluster" | "group" | "kind"> | undefined {
  const [cluster, group, kind, ...rest] = text.split("/");
  if (!cluster || !group || !kind || rest.length > 0) return undefined;
  return { cluster, group: group === EMPTY ? "" : group, kind };
}

/** The kind of the object with this key. */
export function kindOfKey(key: KeyText): KindText {
  return key.split("/", 3).join("/") as KindText;
}

/** The owner of a key as text: `cluster/namespace`, with `_` for no namespace. */
export function tenantOf(key: KeyText): string {
  const [cluster = EMPTY, , , namespace = EMPTY] = key.split("/");
  return `${cluster}/${namespace}`;
}

/** An object as people name it: `Deployment apps/web`, `Namespace apps`. */
export function objectText({ kind, namespace, name }: Pick<ObjectKey, "kind" | "namespace" | "name">): string {
  return `${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`;
}

/** Splits `apps/v1` or `v1` as manifests and objects write it. */
export function parseApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf("/");
  return slash < 0
    ? { group: "", version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** `apps/v1`, or `v1` for the core group. */
export function formatApiVersion(api: { readonly group: string; readonly version: string }): string {
  return api.group === "" ? api.version : `${api.group}/${api.version}`;
}
