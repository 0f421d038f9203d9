/** Checks that the API server keeps our writes to a trigger's status: it silently drops members its schema lacks. */
import { isBuiltInGroup } from "../../built-in-groups.ts";
import { field, listField } from "../../manifest/definition.ts";
import type { DefinitionEntry } from "../../plan/definition-entry.ts";
import type { Finding } from "../finding.ts";
import type { OpenApiSchema } from "./open-api.ts";
import { groupOf, type NamedKind } from "./served-apis.ts";

/** @param schema - schema of the kind that the Workflow's `crdRef` names */
export function checkStatus(
  { source }: DefinitionEntry,
  { apiVersion, kind }: NamedKind,
  schema: OpenApiSchema,
): readonly Finding[] {
  if (source.kind !== "Workflow" || isBuiltInGroup(groupOf(apiVersion))) return [];
  const hasState = listField(source.spec, "steps").some((step) => field(step, "state") !== undefined);
  const kept = keptMembers(schema);
  const written = ["conditions", "koreo", ...(hasState ? ["state"] : [])];
  const dropped = kept === undefined ? [] : written.filter((name) => !kept.includes(name));
  if (dropped.length === 0) return [];
  const path = "spec.crdRef.kind";
  const what = `the API server drops ${dropped.map((name) => `status.${name}`).join(", ")} of ${apiVersion} ${kind}`;
  const fix = "let the schema in its CRD have `status: {type: object, x-kubernetes-preserve-unknown-fields: true}`";
  return [{ severity: "warning", rule: "status-dropped", definition: source, path, message: `${path}: ${what}`, fix }];
}

/** Undefined when the server keeps any member. */
function keptMembers(schema: OpenApiSchema): readonly string[] | undefined {
  const { members } = schema;
  if (members === undefined) return undefined;
  if (!members.includes("status")) return [];
  return schema.member("status")?.members;
}
