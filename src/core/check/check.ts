/** Everything that `koreo check` finds wrong with definitions without a cluster. */
import { field, textField } from "../manifest/definition.ts";
import type { Catalog } from "../plan/catalog.ts";
import type { DefinitionEntry } from "../plan/definition-entry.ts";
import { definitionId } from "../plan/definition-graph.ts";
import type { DefinitionKind } from "../plan/plan.ts";
import { checkCalls } from "./calls.ts";
import type { Finding } from "./finding.ts";
import { checkNames } from "./visible-names.ts";

/** @returns errors and warnings, in the order of the catalog's entries */
export function checkCatalog(catalog: Catalog): readonly Finding[] {
  const used = usedIds(catalog);
  return catalog.entries.flatMap((entry) => {
    const faults = faultsOf(entry);
    return [...faults, ...checkNames(entry.source), ...checkCalls(entry, catalog), ...useOf(entry, used)];
  });
}

function faultsOf({ source, faults, readiness }: DefinitionEntry): readonly Finding[] {
  const base = { severity: "error", rule: "not-ready", definition: source } as const;
  const found = faults.map((fault): Finding => ({ ...base, ...fault }));
  if (found.length > 0 || readiness === undefined) return found;
  return [{ ...base, path: "", message: readiness.message ?? "cannot run" }];
}

interface Used {
  /** Ids used by something that runs. */
  readonly byOthers: ReadonlySet<string>;
  readonly byTests: ReadonlySet<string>;
}

function usedIds({ entries }: Catalog): Used {
  const [byOthers, byTests] = [new Set<string>(), new Set<string>()];
  for (const { source, uses } of entries) {
    const ids = isTest(source.kind) ? byTests : byOthers;
    for (const use of uses.slice(1)) ids.add(definitionId(use)); // the first is the definition itself
  }
  return { byOthers, byTests };
}

function isTest(kind: DefinitionKind): boolean {
  return kind === "FunctionTest" || kind === "WorkflowTest";
}

function useOf({ source }: DefinitionEntry, { byOthers, byTests }: Used): readonly Finding[] {
  const { kind, name, spec } = source;
  const id = definitionId(source);
  const base = { severity: "warning", definition: source, path: "" } as const;
  const isEntry = isTest(kind) || (kind === "Workflow" && textField(field(spec, "crdRef"), "kind") !== "");
  const isFunction = kind === "ValueFunction" || kind === "ResourceFunction";
  const unused: Finding = {
    ...base,
    rule: "unused",
    message: `nothing uses ${kind} ${name}`,
    fix: "refer to it, or take it out",
  };
  const untested: Finding = {
    ...base,
    rule: "untested",
    message: `no test runs ${kind} ${name}`,
    fix: "add a FunctionTest about it; `koreo test` runs it",
  };
  return [...(isEntry || byOthers.has(id) ? [] : [unused]), ...(isFunction && !byTests.has(id) ? [untested] : [])];
}
