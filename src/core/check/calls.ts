/** Checks that callers give exactly the inputs functions use: the interface of a Workflow and its functions. */
import { isPlainMap, type Value } from "../cel/value.ts";
import { field, listField, textField } from "../manifest/definition.ts";
import type { Catalog } from "../plan/catalog.ts";
import type { DefinitionEntry } from "../plan/definition-entry.ts";
import type { DefinitionKind } from "../plan/plan.ts";
import type { Finding } from "./finding.ts";

interface CallSite {
  /** Path of the step or overlay. */
  readonly path: string;
  readonly ref: Value | undefined;
  readonly inputs: Value | undefined;
  /** Inputs from elsewhere, such as the item of a forEach. */
  readonly given: readonly string[];
  /** Other functions get the same inputs, so an input that this one does not use is no finding. */
  readonly isOneOfSeveral: boolean;
}

export function checkCalls({ source }: DefinitionEntry, catalog: Catalog): readonly Finding[] {
  return callSites(source.kind, source.spec).flatMap((site) => {
    const used = inputNamesOf(site.ref, source.namespace, catalog);
    // When an expression makes all inputs at once, they are known only at run time.
    if (used === undefined || (site.inputs !== undefined && !isPlainMap(site.inputs))) return [];
    const given = [...Object.keys(isPlainMap(site.inputs) ? site.inputs : {}), ...site.given];
    const name = textField(site.ref, "name");
    const base = { severity: "warning", definition: source } as const;
    const missing = used.filter((input) => !given.includes(input));
    const unused = site.isOneOfSeveral ? [] : given.filter((input) => !used.includes(input));
    return [
      ...missing.map((input): Finding => ({
        ...base,
        rule: "missing-input",
        path: site.path,
        message: `${site.path}: \`${name}\` uses inputs.${input}, which is not given`,
        fix: `add ${input} to ${site.path}.inputs, or ask for it with has() in the function`,
      })),
      ...unused.map((input): Finding => ({
        ...base,
        rule: "unused-input",
        path: site.given.includes(input) ? site.path : `${site.path}.inputs.${input}`,
        message: `${site.path}: \`${name}\` does not use inputs.${input}`,
        fix: "take it out",
      })),
    ];
  });
}

function callSites(kind: DefinitionKind, spec: Value): readonly CallSite[] {
  if (kind === "Workflow") {
    return listField(spec, "steps").flatMap((step, index): readonly CallSite[] => {
      const path = `spec.steps[${index}]`;
      const item = textField(field(step, "forEach"), "inputKey");
      const given = item === "" ? [] : [item];
      const common = { path, inputs: field(step, "inputs"), given };
      const choice = field(step, "refSwitch");
      if (choice === undefined) return [{ ...common, ref: field(step, "ref"), isOneOfSeveral: false }];
      return listField(choice, "cases").map((ref) => ({ ...common, ref, isOneOfSeveral: true }));
    });
  }
  if (kind !== "ResourceFunction") return [];
  return listField(spec, "overlays").flatMap((overlay, index) => {
    const ref = field(overlay, "overlayRef");
    if (ref === undefined) return [];
    const inputs = field(overlay, "inputs");
    return [{ path: `spec.overlays[${index}]`, ref, inputs, given: [], isOneOfSeveral: false }];
  });
}

/** The inputs a function reads; undefined for a Workflow (it sees them as `parent`) and for a missing function. */
function inputNamesOf(ref: Value | undefined, from: string, catalog: Catalog): readonly string[] | undefined {
  const kind = textField(ref, "kind") || "ValueFunction";
  if (kind !== "ValueFunction" && kind !== "ResourceFunction") return undefined;
  const compiled = catalog.find(kind, textField(ref, "name"), from)?.compiled;
  if (compiled?.kind !== "ValueFunction" && compiled?.kind !== "ResourceFunction") return undefined;
  return compiled.prepared.kind === "ready" ? compiled.prepared.plan.inputNames : undefined;
}
