import { describe, expect, it } from "vitest";
import { isPassed, percentile, summaryLine, type ChaosResult, type InjectedFault } from "../../chaos/summary.ts";

const fault = (recoverySeconds: number | null): InjectedFault => ({
  fault: "worker-killed",
  target: "worker-1",
  atSeconds: 1,
  lastedSeconds: 2,
  together: [],
  pendingKeys: 3,
  recoverySeconds,
});
const CLEAN = { lost: [], superseded: [], orphans: [], foreign: [] };
const GOOD: ChaosResult = {
  seed: 1,
  minutes: 1,
  kubernetes: "v1.37.2",
  traffic: {},
  convergenceSeconds: 4,
  verdict: CLEAN,
  faults: [fault(1), fault(2), fault(9)],
};

describe("the summary of a chaos run", () => {
  it("says in one line what was lost", () => {
    expect(summaryLine(GOOD)).toBe(
      "chaos: 3 faults injected, 0 keys lost, 0 superseded writes left standing, 0 orphans, 0 foreign objects touched, recovery p50 2.0 s p99 9.0 s",
    );
    expect(isPassed(GOOD)).toBe(true);
  });

  it.each([
    { name: "no fault was injected", result: { ...GOOD, faults: [] } },
    { name: "a key was lost", result: { ...GOOD, verdict: { ...CLEAN, lost: ["a"] } } },
    { name: "an older write stands", result: { ...GOOD, verdict: { ...CLEAN, superseded: ["a"] } } },
    { name: "something is orphaned", result: { ...GOOD, verdict: { ...CLEAN, orphans: ["a"] } } },
    { name: "a foreign object was touched", result: { ...GOOD, verdict: { ...CLEAN, foreign: ["a"] } } },
    { name: "it did not converge", result: { ...GOOD, convergenceSeconds: null } },
    { name: "a fault was not recovered from", result: { ...GOOD, faults: [fault(1), fault(null)] } },
  ])("does not pass where $name", ({ result }) => {
    expect(isPassed(result)).toBe(false);
  });

  it.each([
    { values: [3, 1, 2], share: 0.5, want: 2 },
    { values: [3, 1, 2], share: 0.99, want: 3 },
    { values: [5], share: 0.5, want: 5 },
    { values: [], share: 0.5, want: Number.NaN },
  ])("the $share percentile of $values is $want", ({ values, share, want }) => {
    expect(percentile(values, share)).toBe(want);
  });
});
