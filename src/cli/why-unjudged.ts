/** Why no worker has reported on an object: there is no Workflow for its kind, nobody has judged that Workflow, or nobody runs it. */
import { textMember, type JsonObject } from "../core/json.ts";
import { definitionOf, isDefinitionKind } from "../core/manifest/definition.ts";
import { KOREO_GROUP } from "../core/names.ts";
import { triggerOf } from "../core/plan/compile-workflow.ts";
import { readyCondition } from "../core/status/condition.ts";
import { definitionType } from "../engine/definitions.ts";
import { listPages } from "../engine/list-pages.ts";
import type { Connection } from "./connection.ts";
import { managerOf, type OneObject } from "./one-object.ts";

const SERVED = "its namespace among the --definition-namespaces of the workers?";

/** @returns a sentence; "" when the Workflows cannot be read */
export async function whyUnjudged(connection: Connection, { object, ref }: OneObject): Promise<string> {
  const { group, kind } = ref.type;
  if (group === KOREO_GROUP && isDefinitionKind(kind)) return `No worker has judged it: is ${SERVED}`;
  const manager = managerOf(object, ref);
  if (manager !== undefined) return `It is managed by ${manager}: explain that one.`;
  const listed = await listPages(connection, definitionType("Workflow"), {});
  if (listed.kind === "fault") return "";
  const fitting = listed.value.filter((workflow) => isFor(workflow, { group, kind }));
  const [first] = fitting;
  if (first === undefined) return `No Workflow on this cluster is for ${kind} (${group || "core"}).`;
  const unread = fitting.find((workflow) => readyCondition(workflow) === undefined);
  if (unread !== undefined) return `${nameOf(unread)} is for this kind, but no worker has judged it: is ${SERVED}`;
  return `${nameOf(first)} is for this kind, but has not run for it: does a watcher watch its namespace, and does a worker run?`;
}

function isFor(workflow: JsonObject, { group, kind }: { readonly group: string; readonly kind: string }): boolean {
  const source = definitionOf(workflow, "");
  const trigger = source === undefined ? undefined : triggerOf(source.spec);
  return trigger?.group === group && trigger.kind === kind;
}

function nameOf({ metadata }: JsonObject): string {
  return `Workflow ${textMember(metadata, "namespace")}/${textMember(metadata, "name")}`;
}
