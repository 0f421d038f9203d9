/** What `npm test` says at its end: a check that could not be made has neither passed nor failed. */
import { describe, expect, it } from "vitest";
import { checkResult, SKIPPED_EXIT, summaryOf } from "../../tooling/suite-summary.ts";

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
