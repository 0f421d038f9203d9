/** How `npm test` counts what its tasks came to, and what it says of that at its end. */

export interface SuiteResult {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  /** Not made here: neither passed nor failed. */
  readonly skipped: number;
  readonly seconds: number;
}

/** The exit code of a check that could not be made and has said why; that of automake's tests. */
export const SKIPPED_EXIT = 77;

/** A check counts as one test. */
export function checkResult(name: string, code: number, seconds: number): SuiteResult {
  const [passed, skipped] = [code === 0, code === SKIPPED_EXIT];
  return { name, passed: Number(passed), failed: Number(!passed && !skipped), skipped: Number(skipped), seconds };
}

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
    `${total(({ passed }) => passed)} passed, ${total(({ failed }) => failed)} failed`,
  ];
}
