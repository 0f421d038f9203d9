/** Test reports as people and machines read them: text, JSON, JUnit XML, TAP. */
import type { DefinitionCoverage } from "../core/coverage/summary.ts";
import { formatCoverage } from "./coverage-format.ts";
import type { CaseReport, TestReport } from "./test-results.ts";

export const TEST_FORMATS = ["text", "json", "junit", "tap"] as const;
export type TestFormat = (typeof TEST_FORMATS)[number];

/** Counts of tests and cases. */
export interface Totals {
  readonly tests: number;
  readonly failedTests: number;
  readonly cases: number;
  readonly failedCases: number;
  readonly skippedCases: number;
}

export function totalsOf(reports: readonly TestReport[]): Totals {
  const cases = reports.flatMap((report) => report.cases);
  return {
    tests: reports.length,
    failedTests: reports.filter(({ success }) => !success).length,
    cases: cases.length,
    failedCases: cases.filter(({ status }) => status === "failed").length,
    skippedCases: cases.filter(({ status }) => status === "skipped").length,
  };
}

/** Facts about a run of tests beside their reports. */
export interface RunFacts {
  /** Duration of the whole run. */
  readonly seconds: number;
  readonly coverage?: readonly DefinitionCoverage[] | undefined;
}

export function formatTests(
  format: TestFormat,
  reports: readonly TestReport[],
  { seconds, coverage }: RunFacts,
): string {
  switch (format) {
    case "text":
      return [
        ...reports.map(testText),
        ...(coverage === undefined ? [] : [`\n${formatCoverage(coverage)}`]),
        summaryText(totalsOf(reports), seconds),
      ].join("\n");
    case "json":
      return JSON.stringify({ tests: reports, totals: { ...totalsOf(reports), seconds }, coverage }, null, 2);
    case "junit":
      return junit(reports, seconds);
    case "tap":
      return tap(reports);
  }
}

function testText(report: TestReport): string {
  const { name, namespace, file, line, about, success, problem, cases, casesNotReached } = report;
  const left =
    report.faults !== undefined && report.faults.omitted > 0
      ? ` of ${report.faults.played + report.faults.omitted}`
      : "";
  const faults = report.faults === undefined ? "" : `, ${report.faults.played}${left} single faults`;
  const count = `${cases.length} ${cases.length === 1 ? "case" : "cases"}${faults}`;
  const head = `${success ? "PASS" : "FAIL"}  ${namespace}/${name}  ${about}, ${count}`;
  if (success) return head;
  const lines = [`${head}  (${file}:${line})`];
  if (problem !== "") lines.push(`      cannot run: ${problem}`);
  for (const each of cases) lines.push(...caseLines(each));
  if (casesNotReached > 0) lines.push(`      not run, for they build on it: ${casesNotReached} more`);
  return lines.join("\n");
}

const SIGNS = { passed: "ok  ", failed: "FAIL", skipped: "skip" } as const;

function caseLines({ label, status, message, differences, outcome }: CaseReport): readonly string[] {
  const head = `      ${SIGNS[status]}  ${label}`;
  if (status !== "failed") return [head];
  const why = message === "" ? [] : [`            ${message}`];
  const places = differences.map(({ path, text }) => `            ${path === "" ? "(all)" : path}: ${text}`);
  const said = outcome === "" || message.includes(outcome) ? [] : [`            it came to: ${outcome}`];
  return [head, ...why, ...places, ...said];
}

function summaryText(totals: Totals, seconds: number): string {
  const { tests, failedTests, cases, failedCases, skippedCases } = totals;
  const skipped = skippedCases === 0 ? "" : `, ${skippedCases} skipped`;
  return (
    `\nTests: ${tests - failedTests} passed, ${failedTests} failed, ${tests} in all\n` +
    `Cases: ${cases - failedCases - skippedCases} passed, ${failedCases} failed${skipped}, ${cases} in all\n` +
    `Time:  ${seconds.toFixed(2)} s`
  );
}

function junit(reports: readonly TestReport[], seconds: number): string {
  const { cases, failedCases, skippedCases } = totalsOf(reports);
  const unrunnable = reports.filter(({ problem }) => problem !== "").length;
  const suites = reports.map((report) => {
    const { failedCases: failures, skippedCases: skipped } = totalsOf([report]);
    const [name, file] = [xml(`${report.namespace}/${report.name}`), xml(report.file)];
    const errors = report.problem === "" ? 0 : 1;
    const tests = report.cases.length + errors;
    const body = [
      ...(errors === 0
        ? []
        : [`    <testcase name="${name}" file="${file}"><error message="${xml(report.problem)}"/></testcase>`]),
      ...report.cases.map((each) => junitCase(each, name, file)),
    ];
    const counts = `tests="${tests}" failures="${failures}" errors="${errors}" skipped="${skipped}"`;
    return `  <testsuite name="${name}" file="${file}" ${counts}>\n${body.join("\n")}\n  </testsuite>`;
  });
  const counts = `tests="${cases + unrunnable}" failures="${failedCases}" errors="${unrunnable}" skipped="${skippedCases}"`;
  const head = `<testsuites name="koreo" ${counts} time="${seconds.toFixed(3)}">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${head}\n${suites.join("\n")}\n</testsuites>`;
}

function junitCase(report: CaseReport, suite: string, file: string): string {
  const open = `    <testcase classname="${suite}" name="${xml(report.label)}" file="${file}"`;
  if (report.status === "passed") return `${open}/>`;
  if (report.status === "skipped") return `${open}><skipped/></testcase>`;
  const text = xml(
    caseLines(report)
      .slice(1)
      .map((line) => line.trim())
      .join("\n"),
  );
  return `${open}><failure message="${xml(report.message || "not as expected")}">${text}</failure></testcase>`;
}

function tap(reports: readonly TestReport[]): string {
  const points = reports.flatMap((report) => [
    ...(report.problem === "" ? [] : [{ name: `${report.name}: ${report.problem}`, report: undefined }]),
    ...report.cases.map((each) => ({ name: `${report.name}: ${each.label}`, report: each })),
  ]);
  const lines = points.flatMap(({ name, report }, index) => {
    const isOk = report !== undefined && report.status !== "failed";
    const skip = report?.status === "skipped" ? " # SKIP" : "";
    const why =
      report === undefined || isOk
        ? []
        : caseLines(report)
            .slice(1)
            .map((line) => `  # ${line.trim()}`);
    return [`${isOk ? "ok" : "not ok"} ${index + 1} - ${name.replaceAll("#", "\\#")}${skip}`, ...why];
  });
  return ["TAP version 14", `1..${points.length}`, ...lines].join("\n");
}

/** Makes a text safe in attributes and text; characters that XML 1.0 cannot hold become a replacement character. */
function xml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
    .replaceAll("\n", "&#10;");
}
