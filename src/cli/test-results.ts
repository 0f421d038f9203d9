/** Runs the FunctionTests of a set of definition files and gathers what they came to, for whatever prints it. */
import type { Differences } from "../core/function-test/compare.ts";
import { runFunctionTest } from "../core/function-test/run.ts";
import { outcomeText, type NotOk, type Outcome } from "../core/outcome.ts";
import type { DefinitionEntry } from "../core/plan/catalog.ts";
import { definitionId } from "../core/plan/definition-graph.ts";
import type { DefinitionFiles } from "./definition-files.ts";

/** One place where something is not as expected. */
export interface Difference {
  /** Such as `spec.ports[0].name`; "" for the whole. */
  readonly path: string;
  readonly text: string;
}

export interface CaseReport {
  readonly label: string;
  readonly status: "passed" | "failed" | "skipped";
  /** Why it failed, in one line; "" where the differences say it. */
  readonly message: string;
  readonly differences: readonly Difference[];
  /** What the function came to, in one line. */
  readonly outcome: string;
}

export interface TestReport {
  readonly namespace: string;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** `Kind name` of the function it is about. */
  readonly about: string;
  readonly success: boolean;
  /** Why it could not be run at all; "" when it could. */
  readonly problem: string;
  readonly cases: readonly CaseReport[];
  /** How many cases a failing one kept from being run. */
  readonly casesNotReached: number;
  /** Changes with the test and everything it uses. */
  readonly hash: string;
}

export interface RunSelection {
  /** Runs tests whose name, or cases whose label, holds this text. */
  readonly filter?: string | undefined;
}

/** @returns a report per FunctionTest, by file and place */
export function runTests(definitions: DefinitionFiles, { filter = "" }: RunSelection = {}): readonly TestReport[] {
  return definitions.catalog.entries
    .filter(({ source }) => source.kind === "FunctionTest")
    .map((entry) => reportOf(entry, definitions))
    .filter((report) => isSelected(report, filter))
    .map((report) => (report.name.includes(filter) ? report : withCases(report, filter)));
}

function isSelected({ name, cases, problem }: TestReport, filter: string): boolean {
  return name.includes(filter) || (problem === "" && cases.some(({ label }) => label.includes(filter)));
}

/** Cases build on one another, so all were run; only the chosen ones are shown and count. */
function withCases(report: TestReport, filter: string): TestReport {
  const cases = report.cases.filter(({ label }) => label.includes(filter));
  return { ...report, cases, success: cases.every(({ status }) => status !== "failed"), casesNotReached: 0 };
}

function reportOf(entry: DefinitionEntry, { byId, catalog }: DefinitionFiles): TestReport {
  const { source, compiled, planHash, faults, uses } = entry;
  const place = byId.get(definitionId(source));
  const about = uses.find(({ kind }) => kind === "ValueFunction" || kind === "ResourceFunction");
  const base = {
    ...{ namespace: source.namespace, name: source.name, hash: planHash },
    file: place?.file ?? "",
    line: place?.document.start.line ?? 1,
    about: about === undefined ? "nothing" : `${about.kind} ${about.name}`,
  };
  if (compiled.kind !== "FunctionTest" || compiled.prepared.kind === "notReady") {
    const why = faults.map(({ message }) => message).join("; ");
    const problem = why === "" && compiled.prepared.kind === "notReady" ? said(compiled.prepared.outcome) : why;
    return { ...base, success: false, problem, cases: [], casesNotReached: 0 };
  }
  const result = runFunctionTest(compiled.prepared.plan, (name) => catalog.template(name, source.namespace));
  return {
    ...base,
    success: result.success,
    problem: result.functionOutcome === undefined ? "" : said(result.functionOutcome),
    casesNotReached: result.casesNotReached,
    cases: result.cases.map(({ label, pass, skipped, message, differences, outcome }) => ({
      label,
      status: skipped ? "skipped" : pass ? "passed" : "failed",
      message: pass ? "" : (message ?? ""),
      differences: differences === undefined ? [] : flattened(differences, ""),
      outcome: outcome === undefined ? "" : textOf(outcome),
    })),
  };
}

function flattened(differences: Differences, path: string): readonly Difference[] {
  if (typeof differences === "string") return [{ path, text: differences.replaceAll("`", "") }];
  if (Array.isArray(differences)) {
    const items = differences as readonly (Differences | null)[];
    return items.flatMap((item, index) => (item === null ? [] : flattened(item, `${path}[${index}]`)));
  }
  return Object.entries(differences as Readonly<Record<string, Differences>>).flatMap(([name, inner]) =>
    flattened(inner, path === "" ? name : `${path}.${name}`),
  );
}

function textOf(outcome: Outcome<unknown>): string {
  return outcome.kind === "ok" ? "Ok" : outcomeText(outcome);
}

function said(outcome: NotOk): string {
  return outcome.message ?? outcomeText(outcome);
}
