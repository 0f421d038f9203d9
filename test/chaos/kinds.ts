/** The kinds of the chaos run: three of triggers, and those of the objects their Workflows keep. */
import type { ResourceType } from "../../src/engine/ports/object-store.ts";
import { CONFIG_MAP, resourceType } from "../support/resource-type.ts";

const GROUP = "chaos.koreo.test";

export const SHOP = resourceType(GROUP, "Shop");
export const SITE = resourceType(GROUP, "Site");
export const SPACE = resourceType(GROUP, "Space");

export { CONFIG_MAP };
export const LEASE = resourceType("coordination.k8s.io", "Lease", { hasStatus: false });
const OF_THE_CLUSTER = { namespaced: false, hasStatus: false };
export const CLUSTER_ROLE = resourceType("rbac.authorization.k8s.io", "ClusterRole", OF_THE_CLUSTER);
export const NAMESPACE = resourceType("", "Namespace", OF_THE_CLUSTER);

export const TRIGGER_KINDS: readonly ResourceType[] = [SHOP, SITE, SPACE];
export const OBJECT_KINDS: readonly ResourceType[] = [CONFIG_MAP, LEASE, CLUSTER_ROLE, NAMESPACE];
export const ALL_KINDS: readonly ResourceType[] = [...TRIGGER_KINDS, ...OBJECT_KINDS];

/** One object among all: `kind/namespace/name`, without the namespace where it has none. */
export function placeOf({ kind }: Pick<ResourceType, "kind">, namespace: string, name: string): string {
  return [kind, namespace, name].filter((part) => part !== "").join("/");
}
