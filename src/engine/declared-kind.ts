/**
 * Whether a kind that is not served exists at all. "Not served" is no proof: a server that is starting, one of several
 * servers, or a CustomResourceDefinition with `served: false` gives the same answer while the objects exist. So this
 * looks for the declaration of the kind instead.
 */
import { isJsonObject, member, memberAt, textMember, type JsonObject } from "../core/json.ts";
import type { GroupKind } from "../core/object-key.ts";
import { listPages } from "./list-pages.ts";
import type { ClusterFault, ObjectStore, ResourceType } from "./ports/object-store.ts";

export type Declared =
  /** Nothing declares it: it has no objects. */
  | { readonly kind: "absent" }
  /** `declared`: something declares it. `unknown`: nobody can tell. `text` is a sentence that says so. */
  | { readonly kind: "declared" | "unknown"; readonly text: string };

const declaring = (group: string, kind: string): ResourceType => ({
  group,
  version: "v1",
  kind,
  plural: `${kind.toLowerCase()}s`,
  namespaced: false,
  hasStatus: true,
  watchable: true,
});

export const CUSTOM_KINDS = declaring("apiextensions.k8s.io", "CustomResourceDefinition");
/** One APIService per group: it names the group's own server, if any, and else says nothing about its kinds. */
export const SERVED_GROUPS = declaring("apiregistration.k8s.io", "APIService");

interface Asked {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
}

/** @param kind - a kind that the API server called unknown */
export async function declarationOf(asked: Asked, kind: GroupKind): Promise<Declared> {
  const found = await findDeclaration(asked, kind);
  if (found.kind === "absent") return found;
  const name = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
  const but = found.kind === "declared" ? "but" : "and";
  return { ...found, text: `the API server does not serve ${name}, ${but} ${found.text}` };
}

async function findDeclaration(asked: Asked, { group, kind }: GroupKind): Promise<Declared> {
  const listed = await listPages(asked, CUSTOM_KINDS, { metadataOnly: true });
  if (listed.kind === "fault") return unread(listed.fault);
  const names = listed.value.map(nameOf).filter((name) => name.slice(name.indexOf(".") + 1) === group);
  for (const name of names) {
    const read = await asked.store.get({ type: CUSTOM_KINDS, namespace: "", name }, asked.signal);
    if (read.kind === "fault" && read.fault.kind === "notFound") continue;
    if (read.kind === "fault") return unread(read.fault);
    const isIt = textMember(memberAt(read.value, ["spec", "names"]), "kind") === kind;
    if (isIt) return { kind: "declared", text: `its CustomResourceDefinition ${name} is there` };
  }
  const services = await listPages(asked, SERVED_GROUPS, {});
  if (services.kind === "fault") return unread(services.fault);
  const service = services.value.find(
    (each) => textMember(member(each, "spec"), "group") === group && isJsonObject(memberAt(each, ["spec", "service"])),
  );
  if (service !== undefined) return { kind: "declared", text: `its group has a server of its own, ${nameOf(service)}` };
  const isBuiltIn = names.length === 0 && (!group.includes(".") || group.endsWith(".k8s.io"));
  return isBuiltIn ? { kind: "unknown", text: "its group is Kubernetes' own" } : { kind: "absent" };
}

function unread({ detail }: ClusterFault): Declared {
  return { kind: "unknown", text: `whether it is gone for good cannot be read: ${detail}` };
}

function nameOf(object: JsonObject): string {
  return textMember(member(object, "metadata"), "name");
}
