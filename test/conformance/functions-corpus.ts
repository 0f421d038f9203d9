/**
 * Reads the functions corpus and runs it on our language engine: the documents of one file make one catalog, every
 * FunctionTest in it is run, and what comes out is put in the form of `expected.json`.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { specChecksOf, type SpecChecks } from "../../src/core/manifest/schema.ts";
import { definitionOf } from "../../src/core/manifest/definition.ts";
import { readYaml } from "../../src/core/manifest/read-yaml.ts";
import { toJson } from "../../src/core/cel/text.ts";
import { isFault, type Value } from "../../src/core/cel/value.ts";
import { runFunctionTest, type TestCaseResult } from "../../src/core/function-test/run.ts";
import { withoutRecord } from "../../src/core/function-test/judge.ts";
import { isJsonObject, member, parseJson, textMember, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { ANNOTATION } from "../../src/core/names.ts";
import type { Outcome } from "../../src/core/outcome.ts";
import { compileCatalog, type Catalog, type DefinitionEntry } from "../../src/core/plan/catalog.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const FUNCTIONS = `${ROOT}test/conformance/functions`;
const CRDS = `${ROOT}charts/koreo/files/crds`;

/** The names of the topics, in order. */
export function topics(): readonly string[] {
  return readdirSync(FUNCTIONS)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length))
    .sort();
}

/** What the original did, by test name. */
export function expectedOf(topic: string): JsonObject {
  return parseJson(readFileSync(`${FUNCTIONS}/${topic}.expected.json`, "utf8")) as JsonObject;
}

/** What we do, by test name, in the same form. */
export function actualOf(topic: string): Readonly<Record<string, JsonObject>> {
  const { documents, faults } = readYaml(readFileSync(`${FUNCTIONS}/${topic}.yaml`, "utf8"));
  if (faults.length > 0) throw new Error(`${topic}: ${JSON.stringify(faults)}`);
  const sources = documents.flatMap(({ value }) => definitionOf(value, "corpus") ?? []);
  const catalog = compileCatalog(sources, { namespaces: ["corpus"], checks });
  const tests = catalog.entries.filter((entry) => entry.source.kind === "FunctionTest");
  return Object.fromEntries(tests.map((entry) => [entry.source.name, actualTest(entry, catalog)]));
}

const checks: SpecChecks = specChecksOf(
  (existsSync(CRDS) ? readdirSync(CRDS) : []).flatMap((file) =>
    readYaml(readFileSync(`${CRDS}/${file}`, "utf8")).documents.map(({ value }) => json(value)),
  ),
);

function actualTest({ compiled, source }: DefinitionEntry, catalog: Catalog): JsonObject {
  if (compiled.kind !== "FunctionTest") throw new Error("not a FunctionTest");
  const { prepared } = compiled;
  if (prepared.kind === "notReady") return { prepare: outcomeJson(prepared.outcome), success: false };
  const result = runFunctionTest(prepared.plan, (name) => catalog.template(name, source.namespace), {
    keepGoing: true,
  });
  const stopAt = result.cases.findIndex((each) => each.isFatal);
  const casesNotReached = stopAt < 0 ? 0 : result.cases.length - stopAt - 1;
  return {
    prepare: "ok",
    ...(result.functionOutcome === undefined ? {} : { functionUnderTest: outcomeJson(result.functionOutcome) }),
    success: result.success,
    ...(casesNotReached > 0 ? { stoppedEarly: true, casesNotReached } : {}),
    cases: result.cases.map(caseJson),
  };
}

function caseJson(result: TestCaseResult, index: number): JsonObject {
  const { label, pass, outcome, answer, skipped, message, differences } = result;
  const body = answer?.request?.body;
  const resource = body === undefined || answer?.deleted === true ? null : withoutRecord(answer?.materialized ?? {});
  return {
    ...{ index, label, pass, skipped },
    outcome: outcome === undefined ? null : outcomeJson(outcome),
    deleted: answer?.deleted ?? false,
    resource: normalized(resource),
    request:
      answer?.request === undefined
        ? null
        : { method: answer.request.method, body: normalized(withoutRecord(body ?? {})) },
    lastApplied: lastApplied(body),
    report: message ?? (differences === undefined ? null : JSON.stringify(differences)),
  };
}

function lastApplied(body: JsonObject | undefined): JsonValue {
  const text = textMember(member(member(body, "metadata"), "annotations"), ANNOTATION.lastApplied);
  return text === "" ? null : normalized(parseJson(text));
}

function outcomeJson(outcome: Outcome<Value>): JsonObject {
  const { location = null } = outcome;
  switch (outcome.kind) {
    case "ok":
      return { kind: "ok", value: json(outcome.value) };
    case "retry":
      return { kind: "retry", message: outcome.message ?? null, delay: outcome.delaySeconds, location };
    case "skip":
    case "depSkip":
    case "permFail":
      return { kind: outcome.kind, message: outcome.message ?? null, location };
  }
}

/** A value as the corpus writes it. */
function json(value: Value): JsonValue {
  const plain = toJson(value);
  return isFault(plain) ? { $opaque: "" } : normalized(plain);
}

/** Numbers that JSON has no text for, as the corpus writes them. */
function normalized(value: JsonValue): JsonValue {
  if (typeof value === "number" && !Number.isFinite(value)) return { $double: String(value) };
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(normalized);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, normalized(item)]));
}
