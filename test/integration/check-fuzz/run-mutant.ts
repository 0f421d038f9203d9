/** Compiles and runs whatever can be: functions with inputs that may or may not fit, FunctionTests, checks. */
import { runTests } from "../../../src/cli/test-results.ts";
import type { DefinitionFiles } from "../../../src/cli/definition-files.ts";
import { runResourceFunction } from "../../../src/core/function-test/mock-api.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import type { DefinitionSource } from "../../../src/core/manifest/definition.ts";
import { compileCatalog, type Catalog } from "../../../src/core/plan/catalog.ts";
import type { DefinitionEntry } from "../../../src/core/plan/definition-entry.ts";
import { evaluateValueFunction } from "../../../src/core/plan/value-function.ts";

const INPUTS: readonly JsonObject[] = [
  {},
  { name: "a", namespace: "b", x: 1, n: 2, items: [1, "a", null], spec: { a: { b: [1] } }, text: "hello" },
  JSON.parse('{"__proto__": {"a": 1}, "constructor": [1], "name": null, "value": {"spec": {}}}') as JsonObject,
];

/** @param stored - the mutant as a worker would read it; undefined when the API server refused it */
export async function runEverything(definitions: DefinitionFiles, stored: DefinitionSource | undefined): Promise<void> {
  await runTests(definitions);
  runFunctions(definitions.catalog);
  if (stored === undefined) return;
  const others = definitions.all.map(({ source }) => source).filter(({ name }) => name !== stored.name);
  runFunctions(compileCatalog([...others, stored], { namespaces: ["default"] }));
}

function runFunctions(catalog: Catalog): void {
  for (const entry of catalog.entries) for (const inputs of INPUTS) runOne(entry, inputs, catalog);
}

function runOne({ compiled, source }: DefinitionEntry, inputs: JsonObject, catalog: Catalog): void {
  if (compiled.kind === "ValueFunction" && compiled.prepared.kind === "ready") {
    evaluateValueFunction(compiled.prepared.plan, inputs, source.name, inputs);
  }
  if (compiled.kind !== "ResourceFunction" || compiled.prepared.kind !== "ready") return;
  const templates = (name: string) => catalog.template(name, source.namespace);
  const { plan } = compiled.prepared;
  const first = runResourceFunction({ plan, inputs, resource: undefined, location: source.name, templates });
  runResourceFunction({ plan, inputs, resource: first.materialized, location: source.name, templates });
}
