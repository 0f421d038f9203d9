/** Finds the definitions on a cluster that nothing uses. */
import { annotationOf } from "../core/object.ts";
import { ANNOTATION, DEFINITION_PLURALS } from "../core/names.ts";
import type { DefinitionKind } from "../core/plan/plan.ts";
import { unusedDefinitions } from "../core/prune/unused-definitions.ts";
import { definitionType } from "../engine/definitions.ts";
import { listTriggers, triggerKindsOn } from "./cluster-triggers.ts";
import type { Connection } from "./connection.ts";
import { definitionsOnCluster, type ClusterDefinition } from "./definitions-on-cluster.ts";
import type { PrunePlan } from "./prune-plan.ts";
import { formatAge } from "./table.ts";

const KINDS = Object.keys(DEFINITION_PLURALS) as DefinitionKind[];

/** @param namespaces - namespaces of definitions, in priority order */
export async function surveyDefinitions(connection: Connection, namespaces: readonly string[]): Promise<PrunePlan> {
  const { definitions, limitedBy } = await definitionsOnCluster(connection, KINDS, namespaces);
  const asked = await workflowsAskedFor(connection, definitions, namespaces);
  const isKnown = typeof asked !== "string";
  const unused = unusedDefinitions({ sources: definitions, namespaces, asked: isKnown ? asked : "unknown" });
  const items = unused.map(({ source, why }) => {
    const { kind, namespace, name, uid, resourceVersion, heldBy, creationTimestamp } = source;
    const age = formatAge(creationTimestamp, Date.now());
    return {
      ref: { type: definitionType(kind), namespace, name },
      uid,
      resourceVersion,
      heldBy,
      cells: { kind, namespace, name, why, age },
    };
  });
  const limited = `what definitions outside ${namespaces.join(", ")} use is not seen: ${limitedBy ?? ""}`;
  return {
    items,
    notes: limitedBy === undefined ? [] : [limited],
    unlisted: isKnown ? [] : [{ what: "which Workflows triggers ask for (all count as used)", why: asked }],
  };
}

/** @returns names of Workflows, or why they are not known */
async function workflowsAskedFor(
  connection: Connection,
  definitions: readonly ClusterDefinition[],
  namespaces: readonly string[],
): Promise<ReadonlySet<string> | string> {
  const kinds = await triggerKindsOn(connection, definitions, namespaces);
  const triggers = kinds.kind === "ok" ? await listTriggers(connection, kinds.value) : kinds;
  if (triggers.kind === "fault") return triggers.fault.detail;
  return new Set(triggers.value.map((trigger) => annotationOf(trigger, ANNOTATION.workflow)));
}
