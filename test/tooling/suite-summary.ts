/** How `npm test` counts what its tasks came to, and what it says of that at its end. */
import path from "node:path";

export interface SuiteResult {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  /** Not made here: neither passed nor failed. */
  readonly skipped: number;
  readonly seconds: number;
  /** What failed, by file and name: said again at the end, where the reader of a long output looks first. */
  readonly failures?: readonly string[];
}

/** The exit code of a check that could not be made and has said why; that of automake's tests. */
export const SKIPPED_EXIT = 77;

/** A check counts as one test. */
export function checkResult(name: string, code: number, seconds: number): SuiteResult {
  const [passed, skipped] = [code === 0, code === SKIPPED_EXIT];
  return { name, passed: Number(passed), failed: Number(!passed && !skipped), skipped: Number(skipped), seconds };
}

/** What of the runner's JSON report is read here. */
export interface TestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    /** The file, absolute. */
    readonly name: string;
    readonly status: string;
    /** Why the file as a whole failed, where it did. */
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

/** @param root - what file names are told relative to */
export function countsOf(
  report: TestReport,
  root: string,
): Pick<SuiteResult, "passed" | "failed" | "skipped" | "failures"> {
  const failures = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = path.relative(root, name);
    const failed = assertionResults.filter((test) => test.status === "failed");
    if (failed.length === 0) return status === "failed" ? [`${file}: ${firstLine(message)}`] : [];
    return failed.map(({ fullName, failureMessages }) => `${file} > ${fullName}: ${firstLine(failureMessages?.[0])}`);
  });
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests,
    ...(failures.length > 0 && { failures }),
  };
}

const firstLine = (text = "") => text.split("\n", 1)[0] ?? "";

/**
 * @param setUpSeconds - what setting the servers up took
 * @returns lines; the last is `N passed, N failed`, which CI reads
 */
export function summaryOf(results: readonly SuiteResult[], setUpSeconds: number): readonly string[] {
  const minutes = (seconds: number) => (seconds / 60).toFixed(1);
  const total = (pick: (result: SuiteResult) => number) => results.reduce((sum, result) => sum + pick(result), 0);
  const rows = results.map(({ name, passed, failed, skipped, seconds }) => {
    const [first, second, third] = [
      String(passed).padStart(6),
      String(failed).padStart(6),
      String(skipped).padStart(7),
    ];
    return `${name.padEnd(14)} ${first}  ${second}  ${third}  ${minutes(seconds).padStart(7)}`;
  });
  const left = results.filter(({ skipped }) => skipped > 0).map(({ name, skipped }) => `${name} (${skipped})`);
  return [
    "suite          passed  failed  skipped  minutes",
    `set-up ${minutes(setUpSeconds).padStart(40)}`,
    ...rows,
    ...(left.length > 0 ? [`skipped: ${left.join(", ")}; see there why`] : []),
    ...results.flatMap(({ name, failures = [] }) => failures.map((failure) => `failed: ${name}: ${failure}`)),
    `${total(({ passed }) => passed)} passed, ${total(({ failed }) => failed)} failed`,
  ];
}
