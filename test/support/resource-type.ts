/** Kinds as tests and load scenarios write them down. */
import type { ResourceType } from "../../src/engine/ports/object-store.ts";

/** A namespaced kind in version v1 with a status subresource, its plural made with an "s", unless `more` says other. */
export function resourceType(group: string, kind: string, more: Partial<ResourceType> = {}): ResourceType {
  return {
    group,
    version: "v1",
    kind,
    plural: `${kind.toLowerCase()}s`,
    namespaced: true,
    hasStatus: true,
    watchable: true,
    ...more,
  };
}

export const CONFIG_MAP = resourceType("", "ConfigMap", { hasStatus: false });
