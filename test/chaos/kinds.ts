/** The kinds of the chaos run: three of triggers, and those of the objects their Workflows keep. */
import type { ResourceType } from "../../src/engine/ports/object-store.ts";

const GROUP = "chaos.koreo.test";

const trigger = (kind: string, plural: string): ResourceType => ({
  group: GROUP,
  version: "v1",
  kind,
  plural,
  namespaced: true,
  hasStatus: true,
  watchable: true,
});

const builtIn = (group: string, kind: string, plural: string, namespaced = true): ResourceType => ({
  ...trigger(kind, plural),
  group,
  namespaced,
  hasStatus: false,
});

export const SHOP = trigger("Shop", "shops");
export const SITE = trigger("Site", "sites");
export const SPACE = trigger("Space", "spaces");

export const CONFIG_MAP = builtIn("", "ConfigMap", "configmaps");
export const LEASE = builtIn("coordination.k8s.io", "Lease", "leases");
export const CLUSTER_ROLE = builtIn("rbac.authorization.k8s.io", "ClusterRole", "clusterroles", false);
export const NAMESPACE = builtIn("", "Namespace", "namespaces", false);

export const TRIGGER_KINDS: readonly ResourceType[] = [SHOP, SITE, SPACE];
export const OBJECT_KINDS: readonly ResourceType[] = [CONFIG_MAP, LEASE, CLUSTER_ROLE, NAMESPACE];
export const ALL_KINDS: readonly ResourceType[] = [...TRIGGER_KINDS, ...OBJECT_KINDS];

/** One object among all: `kind/namespace/name`, without the namespace where it has none. */
export function placeOf({ kind }: Pick<ResourceType, "kind">, namespace: string, name: string): string {
  return [kind, namespace, name].filter((part) => part !== "").join("/");
}
