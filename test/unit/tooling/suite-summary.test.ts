/** What `npm test` says at its end: a check that could not be made has neither passed nor failed. */
import { describe, expect, it } from "vitest";
import { checkResult, countsOf, SKIPPED_EXIT, summaryOf } from "../../tooling/suite-summary.ts";

describe("a check", () => {
  it.each([
    { code: 0, want: { passed: 1, failed: 0, skipped: 0 } },
    { code: 1, want: { passed: 0, failed: 1, skipped: 0 } },
    { code: SKIPPED_EXIT, want: { passed: 0, failed: 0, skipped: 1 } },
  ])("that exits with $code", ({ code, want }) => {
    expect(checkResult("audit", code, 3)).toEqual({ name: "audit", seconds: 3, ...want });
  });
});

it("names what was skipped, and ends with the line that CI reads", () => {
  const unit = { name: "unit", passed: 20, failed: 1, skipped: 0, seconds: 60 };
  const lines = summaryOf([unit, checkResult("audit", SKIPPED_EXIT, 0)], 30);
  expect(lines).toEqual([
    "suite          passed  failed  skipped  minutes",
    "set-up                                      0.5",
    "unit               20       1        0      1.0",
    "audit               0       0        1      0.0",
    "skipped: audit (1); see there why",
    "20 passed, 1 failed",
  ]);
  expect(summaryOf([unit], 30)).not.toContain("skipped:");
});

it("says again what failed, with file, name and the first line of why", () => {
  const report = {
    numPassedTests: 4,
    numFailedTests: 1,
    numPendingTests: 0,
    testResults: [
      { name: "/p/test/a.test.ts", status: "passed", message: "", assertionResults: [] },
      {
        name: "/p/test/b.test.ts",
        status: "failed",
        message: "",
        assertionResults: [
          { fullName: "queue keeps", status: "passed", failureMessages: [] },
          { fullName: "queue wakes", status: "failed", failureMessages: ["Error: late\n  at x.ts:1"] },
        ],
      },
      { name: "/p/test/c.test.ts", status: "failed", message: "SyntaxError: no\n at y", assertionResults: [] },
    ],
  };
  const counted = countsOf(report, "/p");
  expect(counted).toMatchObject({ passed: 4, failed: 1, skipped: 0 });
  expect(summaryOf([{ name: "unit", seconds: 6, ...counted }], 0).slice(-3)).toEqual([
    "failed: unit: test/b.test.ts > queue wakes: Error: late",
    "failed: unit: test/c.test.ts: SyntaxError: no",
    "4 passed, 1 failed",
  ]);
});
