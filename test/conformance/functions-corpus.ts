/**
 * Reads the functions corpus and runs it on our language engine: the documents of one file make one catalog, every
 * FunctionTest in it is run, and what comes out is put in the form of `expected.json`.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { specChecksOf, type SpecChecks } from "../../src/core/manifest/schema.ts";
import {
  definitionOf,
  field,
  listField,
  textField,
  type DefinitionSource,
} from "../../src/core/manifest/definition.ts";
import { readYaml } from "../../src/core/manifest/read-yaml.ts";
import type { FunctionTestPlan } from "../../src/core/function-test/prepare.ts";
import { runFunctionTest } from "../../src/core/function-test/run.ts";
import { parseJson, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { compileCatalog, type Catalog } from "../../src/core/plan/catalog.ts";
import type { DefinitionEntry } from "../../src/core/plan/definition-entry.ts";
import { caseJson, outcomeJson, valueJson } from "./functions-json.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
/** This repository's corpus. */
const CORPUS = `${ROOT}test/conformance`;
const CRDS = `${ROOT}charts/koreo/files/crds`;

/** What we do with one FunctionTest. */
export interface ActualTest {
  /** In the form of `expected.json`. */
  readonly entry: JsonObject;
  /** The prepared test; undefined when it could not be prepared. */
  readonly plan: FunctionTestPlan | undefined;
  /** The specs it is about, as JSON: of the test, its function and the functions in that one's overlays. */
  readonly specs: readonly JsonValue[];
}

/** The names of the topics below a folder `functions`, in order; none when there is no such folder. */
export function topics(corpus: string = CORPUS): readonly string[] {
  const folder = `${corpus}/functions`;
  return (existsSync(folder) ? readdirSync(folder) : [])
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length))
    .sort();
}

/** What the original did, by test name. */
export function expectedOf(topic: string, corpus: string = CORPUS): JsonObject {
  return parseJson(readFileSync(`${corpus}/functions/${topic}.expected.json`, "utf8")) as JsonObject;
}

/** What we do, by test name. */
export function actualOf(topic: string, corpus: string = CORPUS): ReadonlyMap<string, ActualTest> {
  const { documents, faults } = readYaml(readFileSync(`${corpus}/functions/${topic}.yaml`, "utf8"));
  if (faults.length > 0) throw new Error(`${topic}: ${JSON.stringify(faults)}`);
  const sources = documents.flatMap(({ value }) => definitionOf(value, "corpus") ?? []);
  const catalog = compileCatalog(sources, { namespaces: ["corpus"], checks });
  const tests = catalog.entries.filter((entry) => entry.source.kind === "FunctionTest");
  return new Map(tests.map((entry) => [entry.source.name, actualTest(entry, catalog, sources)]));
}

const checks: SpecChecks = specChecksOf(
  (existsSync(CRDS) ? readdirSync(CRDS) : []).flatMap((file) =>
    readYaml(readFileSync(`${CRDS}/${file}`, "utf8")).documents.map(({ value }) => valueJson(value)),
  ),
);

function actualTest(
  { compiled, source }: DefinitionEntry,
  catalog: Catalog,
  sources: readonly DefinitionSource[],
): ActualTest {
  if (compiled.kind !== "FunctionTest") throw new Error("not a FunctionTest");
  const { prepared } = compiled;
  const specs = specsOf(source, sources);
  if (prepared.kind === "notReady") {
    return { entry: { prepare: outcomeJson(prepared.outcome), success: false }, plan: undefined, specs };
  }
  const { plan } = prepared;
  return { entry: runJson(plan, (name) => catalog.template(name, source.namespace)), plan, specs };
}

/**
 * Two runs: as everybody runs a test, for its verdict, and one that goes on behind a fatal case. Where we deliberately pass
 * or fail a case otherwise than the original, the cases behind it are compared all the same.
 */
function runJson(plan: FunctionTestPlan, templates: Parameters<typeof runFunctionTest>[1]): JsonObject {
  const { success, functionOutcome, cases, casesNotReached } = runFunctionTest(plan, templates);
  const all = runFunctionTest(plan, templates, { keepGoing: true });
  return {
    prepare: "ok",
    ...(functionOutcome === undefined ? {} : { functionUnderTest: outcomeJson(functionOutcome) }),
    success,
    ...(cases.at(-1)?.isFatal === true ? { stoppedEarly: true } : {}),
    ...(functionOutcome === undefined && casesNotReached > 0 ? { casesNotReached } : {}),
    cases: all.cases.map(caseJson),
  };
}

function specsOf(test: DefinitionSource, sources: readonly DefinitionSource[]): readonly JsonValue[] {
  const find = (reference: ReturnType<typeof field>) =>
    sources.filter(({ kind, name }) => kind === textField(reference, "kind") && name === textField(reference, "name"));
  const tested = find(field(test.spec, "functionRef"));
  const overlays = tested.flatMap(({ spec }) => listField(spec, "overlays"));
  const laid = overlays.flatMap((overlay) => find(field(overlay, "overlayRef")));
  return [test, ...tested, ...laid].map(({ spec }) => valueJson(spec));
}
