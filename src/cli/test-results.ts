/** Runs the FunctionTests and WorkflowTests of a set of definition files and gathers the results for printing. */
import { CoverageRecorder } from "../core/coverage/recorder.ts";
import type { Differences } from "../core/function-test/compare.ts";
import { resultText } from "../core/function-test/expected-outcome.ts";
import { runFunctionTest, type FunctionTestResult } from "../core/function-test/run.ts";
import type { FunctionTestPlan } from "../core/function-test/prepare.ts";
import { outcomeText, type NotOk } from "../core/outcome.ts";
import { bounded } from "../core/status/condition.ts";
import type { DefinitionEntry } from "../core/plan/definition-entry.ts";
import { definitionId } from "../core/plan/definition-graph.ts";
import { playFaults } from "../processes/workflow-test/faults.ts";
import { runWorkflowTest, type WorkflowTestResult } from "../processes/workflow-test/run.ts";
import type { DefinitionFiles } from "./definition-files.ts";
import { faultCases, type FaultSelection } from "./test-faults.ts";

/** One place where something is not as expected. */
export interface Difference {
  /** A path such as `spec.ports[0].name`; "" for the whole. */
  readonly path: string;
  readonly text: string;
}

export interface CaseReport {
  readonly label: string;
  readonly status: "passed" | "failed" | "skipped";
  /** Why it failed, in one line; "" when the differences say it. */
  readonly message: string;
  readonly differences: readonly Difference[];
  /** What the function ended with, in one line. */
  readonly outcome: string;
}

export interface TestReport {
  readonly namespace: string;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** `Kind name` of the function or Workflow it is about. */
  readonly about: string;
  readonly success: boolean;
  /** Why it could not be run at all; "" when it could. */
  readonly problem: string;
  /** Labels of all cases, including those that were not reached. */
  readonly labels: readonly string[];
  readonly cases: readonly CaseReport[];
  /** How many cases did not run because an earlier one failed. */
  readonly casesNotReached: number;
  /** Changes when the test or anything it uses changes. */
  readonly hash: string;
  /** For a WorkflowTest under single faults: how many were played, and how many omitted as too many. */
  readonly faults?: { readonly played: number; readonly omitted: number };
}

export interface RunSelection {
  /** Runs tests whose name, or cases whose label, holds this text. */
  readonly filter?: string | undefined;
  /** Counts what the tests exercise. */
  readonly coverage?: CoverageRecorder | undefined;
  /** Also plays WorkflowTests that pass under single faults. */
  readonly faults?: FaultSelection | undefined;
}

type Tested = Pick<DefinitionFiles, "catalog" | "crds" | "byId">;

/** @returns a report per FunctionTest and WorkflowTest, by file and place */
export async function runTests(
  definitions: Tested,
  { filter = "", coverage, faults }: RunSelection = {},
): Promise<readonly TestReport[]> {
  const reports: TestReport[] = [];
  for (const entry of definitions.catalog.entries) {
    const used = coverage === undefined ? undefined : new CoverageRecorder();
    const report = await reportOf(entry, definitions, used);
    if (report === undefined || !isSelected(report, filter)) continue;
    const isWanted = (label: string) => report.name.includes(filter) || label.includes(filter);
    reports.push(faults === undefined ? report : await underFaults(report, entry, definitions, faults, isWanted));
    if (used !== undefined) coverage?.add(used.hits);
  }
  return reports.map((report) => (report.name.includes(filter) ? report : withCases(report, filter)));
}

function isSelected({ name, labels }: TestReport, filter: string): boolean {
  return name.includes(filter) || labels.some((label) => label.includes(filter));
}

/**
 * Cases build on one another, so all ran; only the chosen ones are shown and counted. A chosen case that was not
 * reached counts as well, together with the case that is to blame.
 */
function withCases(report: TestReport, filter: string): TestReport {
  const casesNotReached = report.labels.slice(report.cases.length).filter((label) => label.includes(filter)).length;
  const cases = report.cases.filter(
    ({ label }, index) => label.includes(filter) || (casesNotReached > 0 && index === report.cases.length - 1),
  );
  const isPassed = report.problem === "" && casesNotReached === 0 && cases.every(({ status }) => status !== "failed");
  return { ...report, cases, success: isPassed, casesNotReached };
}

/** Skips a test that fails: it has no end to compare with. */
async function underFaults(
  report: TestReport,
  { compiled }: DefinitionEntry,
  { catalog, crds }: Tested,
  faults: FaultSelection,
  isWanted: (label: string) => boolean,
): Promise<TestReport> {
  if (!report.success || compiled.kind !== "WorkflowTest" || compiled.prepared.kind === "notReady") return report;
  const isSelected = (label: string) => isWanted(printable(label));
  const played = await playFaults(compiled.prepared.plan, { ...faults, catalog, crds, isSelected });
  const failed = faultCases(played.failures, faults.paths).map((each) => ({
    ...each,
    label: printable(each.label),
    message: printable(each.message),
    differences: each.unmet.flatMap(({ path, differences }) => flattened(differences, path)),
  }));
  return {
    ...report,
    success: failed.length === 0,
    labels: [...report.labels, ...failed.map(({ label }) => label)],
    cases: [...report.cases, ...failed.map(({ unmet: _unmet, ...each }) => each)],
    faults: { played: played.played, omitted: played.omitted },
  };
}

type TestResult = Pick<TestReport, "success" | "problem" | "cases" | "casesNotReached">;

async function reportOf(
  entry: DefinitionEntry,
  definitions: Tested,
  coverage: CoverageRecorder | undefined,
): Promise<TestReport | undefined> {
  const { source, compiled, planHash, faults, uses } = entry;
  if (compiled.kind !== "FunctionTest" && compiled.kind !== "WorkflowTest") return undefined;
  const place = definitions.byId.get(definitionId(source));
  const about = uses[1]; // the first is the test itself
  const base = {
    namespace: source.namespace,
    name: source.name,
    hash: planHash,
    file: place?.file ?? "",
    line: place?.document.start.line ?? 1,
    about: about === undefined ? "nothing" : `${about.kind} ${about.name}`,
  };
  if (compiled.prepared.kind === "notReady") {
    const why = faults.map(({ message }) => message).join("; ");
    const problem = why === "" ? said(compiled.prepared.outcome) : why;
    return { ...base, labels: [], success: false, problem, cases: [], casesNotReached: 0 };
  }
  const { catalog, crds } = definitions;
  const labels = compiled.prepared.plan.cases.map(({ label }) => printable(label));
  if (compiled.kind === "WorkflowTest") {
    const result = await runWorkflowTest(compiled.prepared.plan, { catalog, crds, coverage });
    return { ...base, labels, ...workflowResult(result) };
  }
  const plan = coverage === undefined ? compiled.prepared.plan : watchedTest(compiled.prepared.plan, coverage);
  const result = runFunctionTest(plan, (name) => catalog.template(name, source.namespace));
  noteWrites(plan, result, coverage);
  return { ...base, labels, ...functionResult(result) };
}

function watchedTest(plan: FunctionTestPlan, coverage: CoverageRecorder): FunctionTestPlan {
  const { functionUnderTest } = plan;
  if (functionUnderTest.kind === "notReady") return plan;
  return { ...plan, functionUnderTest: { kind: "ready", plan: coverage.watch(functionUnderTest.plan) } };
}

const WRITES = { POST: "create", PATCH: "patch", DELETE: "delete" } as const;

function noteWrites(plan: FunctionTestPlan, result: FunctionTestResult, coverage: CoverageRecorder | undefined): void {
  if (coverage === undefined || plan.functionUnderTest.kind === "notReady") return;
  const logic = plan.functionUnderTest.plan;
  if (logic.kind !== "resource") return;
  for (const { answer } of result.cases) {
    if (answer?.request === undefined) continue;
    const action = WRITES[answer.request.method];
    coverage.wrote(logic.plan, action === "delete" && !logic.plan.api.deleteIfExists ? "recreate" : action);
  }
}

function functionResult({ success, functionOutcome, cases, casesNotReached }: FunctionTestResult): TestResult {
  return {
    success,
    problem: functionOutcome === undefined ? "" : said(functionOutcome),
    casesNotReached,
    cases: cases.map(({ label, pass, skipped, message, differences, outcome }) => ({
      label: printable(label),
      status: skipped ? "skipped" : pass ? "passed" : "failed",
      message: pass ? "" : printable(message ?? ""),
      differences: differences === undefined ? [] : flattened(differences, ""),
      outcome: outcome === undefined ? "" : resultText(outcome),
    })),
  };
}

function workflowResult({ success, workflowOutcome, cases, casesNotReached }: WorkflowTestResult): TestResult {
  return {
    success,
    problem: workflowOutcome === undefined ? "" : said(workflowOutcome),
    casesNotReached,
    cases: cases.map(({ label, pass, skipped, problem, unmet, outcome }) => ({
      label: printable(label),
      status: skipped ? "skipped" : pass ? "passed" : "failed",
      message: printable(problem),
      differences: unmet.flatMap(({ path, differences }) => flattened(differences, path)),
      outcome: outcome === undefined ? "" : resultText(outcome),
    })),
  };
}

function flattened(differences: Differences, path: string): readonly Difference[] {
  if (typeof differences === "string") return [{ path, text: printable(differences.replaceAll("`", "")) }];
  if (Array.isArray(differences)) {
    const items = differences as readonly (Differences | null)[];
    return items.flatMap((item, index) => (item === null ? [] : flattened(item, `${path}[${index}]`)));
  }
  return Object.entries(differences as Readonly<Record<string, Differences>>).flatMap(([name, inner]) =>
    flattened(inner, path === "" ? name : `${path}.${name}`),
  );
}

/** How much of a text in a manifest is shown: more would bury the message. */
const MAX_TEXT = 1000;

/** A text on one line: what an author wrote must neither look like a line of ours nor colour the terminal. */
function printable(text: string): string {
  return bounded(text, MAX_TEXT).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
}

function said(outcome: NotOk): string {
  return outcome.message ?? outcomeText(outcome);
}
