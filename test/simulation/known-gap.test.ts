/** What is known not to hold yet. Whoever mends it finds this test failing, and takes it and `createdTooLate` away. */
import { expect, it } from "vitest";
import { singleFault } from "./faults.ts";
import { playBaseline, playSchedule } from "./run-schedule.ts";
import { SCENARIOS } from "./scenarios/all.ts";

it.each(["freeze-act", "late-act"] as const)(
  "an object without an owner that is created once its trigger is gone stays behind (%s)",
  async (fault) => {
    const scenario = SCENARIOS.find(({ name }) => name === "deleted-in-order");
    if (scenario === undefined) throw new Error("no such scenario");
    const baseline = await playBaseline(scenario);
    const create = baseline.calls.find(({ verb, target }) => verb === "create" && target === "ConfigMap/a-access");
    const { findings } = await playSchedule(baseline, singleFault(create?.at ?? -1, fault));
    expect(findings.map(({ trouble, isKnown }) => ({ trouble, isKnown }))).toEqual([
      { trouble: "superseded", isKnown: true },
      { trouble: "orphaned", isKnown: true },
    ]);
  },
);
