/** What the simulated cluster serves. */
import { DEFINITION_PLURALS, KOREO_GROUP, KOREO_VERSION } from "../../src/core/names.ts";
import type { ResourceType } from "../../src/engine/ports/object-store.ts";
import { CONFIG_MAP, resourceType } from "../support/resource-type.ts";

export const DEFINITION_NAMESPACE = "defs";
export const TRIGGER_NAMESPACE = "apps";
/** So long that no resync ever heals what an event should have. */
export const RESYNC_MS = 48 * 60 * 60_000;

export const KINDS: readonly ResourceType[] = [
  resourceType("t.koreo.test", "Request"),
  resourceType("t.koreo.test", "Claim"),
  resourceType("t.koreo.test", "Region", { namespaced: false }),
  resourceType("t.koreo.test", "Database"),
  CONFIG_MAP,
  ...Object.entries(DEFINITION_PLURALS).map(([name, plural]) =>
    resourceType(KOREO_GROUP, name, { version: KOREO_VERSION, plural }),
  ),
];

/** @throws Error for a kind that is not served */
export function kindNamed(name: string): ResourceType {
  const type = KINDS.find((each) => each.kind === name);
  if (type === undefined) throw new Error(`no such kind: ${name}`);
  return type;
}
