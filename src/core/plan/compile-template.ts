/** A ResourceTemplate's spec to its plan: it is static, so only its shape is checked. */
import { toJson } from "../cel/text.ts";
import { isFault } from "../cel/value.ts";
import { isJsonObject } from "../json.ts";
import { field, textField, type DefinitionSource } from "../manifest/definition.ts";
import { FaultList, type CompiledDefinition } from "./fault-list.ts";
import type { TemplatePlan } from "./plan.ts";

/** @param contentHash - hash of `source.spec` */
export function compileTemplate(
  { namespace, name, spec }: DefinitionSource,
  contentHash: string,
): CompiledDefinition<TemplatePlan> {
  const faults = new FaultList();
  const written = field(spec, "template");
  const apiVersion = textField(written, "apiVersion");
  const kind = textField(written, "kind");
  if (apiVersion === "" || kind === "") {
    const message =
      `ResourceTemplate '${name}' \`apiVersion\` and \`kind\` must be set within \`spec.template\` ` +
      `(apiVersion: '${apiVersion || "None"}', kind: '${kind || "None"}') `;
    faults.add({ path: "spec.template", message }, `prepare:ResourceTemplate:${name}`);
  }
  const template = toJson(written ?? null);
  return faults.finish({
    namespace,
    name,
    contentHash,
    template: !isFault(template) && isJsonObject(template) ? template : {},
  });
}
