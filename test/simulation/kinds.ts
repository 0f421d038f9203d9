/** What the simulated cluster serves. */
import { DEFINITION_PLURALS, KOREO_GROUP, KOREO_VERSION } from "../../src/core/names.ts";
import type { ResourceType } from "../../src/engine/ports/object-store.ts";

export const DEFINITION_NAMESPACE = "defs";
export const TRIGGER_NAMESPACE = "apps";
/** So long that no resync ever heals what an event should have. */
export const RESYNC_MS = 48 * 60 * 60_000;

function kind(group: string, name: string, more: Partial<ResourceType> = {}): ResourceType {
  return {
    group,
    version: "v1",
    kind: name,
    plural: `${name.toLowerCase()}s`,
    namespaced: true,
    hasStatus: true,
    watchable: true,
    ...more,
  };
}

export const KINDS: readonly ResourceType[] = [
  kind("t.koreo.test", "Request"),
  kind("t.koreo.test", "Claim"),
  kind("t.koreo.test", "Region", { namespaced: false }),
  kind("t.koreo.test", "Database"),
  kind("", "ConfigMap", { hasStatus: false }),
  ...Object.entries(DEFINITION_PLURALS).map(([name, plural]) =>
    kind(KOREO_GROUP, name, { version: KOREO_VERSION, plural }),
  ),
];

/** @throws Error for a kind that is not served */
export function kindNamed(name: string): ResourceType {
  const type = KINDS.find((each) => each.kind === name);
  if (type === undefined) throw new Error(`no such kind: ${name}`);
  return type;
}
