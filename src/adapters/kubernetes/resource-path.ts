/** Paths of the REST API: group and version, collection, object, subresource. Every part is encoded. */
import type { ObjectRef, ResourceType } from "../../engine/ports/object-store.ts";

/** `/api/v1` or `/apis/<group>/<version>`. */
export function groupVersionPath(api: { readonly group: string; readonly version: string }): string {
  const version = encodeURIComponent(api.version);
  return api.group === "" ? `/api/${version}` : `/apis/${encodeURIComponent(api.group)}/${version}`;
}

/** The collection of a kind; an empty or absent namespace means all of them. */
export function collectionPath(type: ResourceType, namespace?: string): string {
  const scope = type.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${groupVersionPath(type)}${scope}/${encodeURIComponent(type.plural)}`;
}

/** One object, or its subresource. */
export function objectPath(ref: ObjectRef, subresource?: "status"): string {
  const object = `${collectionPath(ref.type, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return subresource === undefined ? object : `${object}/${subresource}`;
}

/** How a kind is called in metrics and messages: `Deployment.apps`, or `Pod`. */
export function kindLabel(type: { readonly group: string; readonly kind: string }): string {
  return type.group === "" ? type.kind : `${type.kind}.${type.group}`;
}
