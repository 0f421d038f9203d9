/** Plays schedules of a scenario in a test; what fails is said with the command that plays it again. */
import { describe, expect, it } from "vitest";
import type { FaultPlan } from "./faults.ts";
import { replayCommand } from "./replay.ts";
import { playBaseline, playSchedule, type Baseline } from "./run-schedule.ts";
import type { Scenario } from "./scenario.ts";
import { briefFaults, randomPlans } from "./schedules.ts";

const DEADLINE_MS = 300_000;
const MAX_SHOWN = 5;

/** Some random schedules of each scenario; their single faults are many, and played by `npm run faults`. */
export function describeRandom(title: string, scenarios: readonly Scenario[], seedsEach: number): void {
  describe.each(scenarios.map((scenario) => ({ name: scenario.name, scenario })))(`${title}: $name`, ({ scenario }) => {
    it(`ends the same under ${seedsEach} random schedules`, { timeout: DEADLINE_MS }, async () => {
      const baseline = await playBaseline(scenario);
      expect(await failures(baseline, randomPlans(baseline, 1, seedsEach))).toEqual([]);
    });
  });
}

/** The single faults of each scenario that nothing else stands for, and some random schedules. */
export function describeScenarios(title: string, scenarios: readonly Scenario[], seedsEach: number): void {
  describe.each(scenarios.map((scenario) => ({ name: scenario.name, scenario })))(`${title}: $name`, ({ scenario }) => {
    it("ends the same under every single fault", { timeout: DEADLINE_MS }, async () => {
      const baseline = await playBaseline(scenario);
      expect(await failures(baseline, briefFaults(baseline))).toEqual([]);
    });
  });
  describeRandom(title, scenarios, seedsEach);
}

async function failures(baseline: Baseline, plans: Iterable<FaultPlan>): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const plan of plans) {
    const verdict = await playSchedule(baseline, plan);
    if (verdict.findings.length === 0) continue;
    const found = verdict.findings.map(({ trouble, message }) => `${trouble}: ${message}`);
    failed.push([replayCommand(verdict), ...verdict.injected, ...found].join("\n"));
    if (failed.length === MAX_SHOWN) break;
  }
  return failed;
}
