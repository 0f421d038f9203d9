/** A create that the cluster executes once its trigger is gone: the worker that sent it comes back for the object. */
import { expect, it } from "vitest";
import { singleFault } from "./faults.ts";
import { playBaseline, playSchedule } from "./run-schedule.ts";
import { SCENARIOS } from "./scenarios/all.ts";

it.each(["freeze-act", "late-act"] as const)(
  "an object that only we would delete is not left behind (%s)",
  async (fault) => {
    const scenario = SCENARIOS.find(({ name }) => name === "deleted-in-order");
    if (scenario === undefined) throw new Error("no such scenario");
    const baseline = await playBaseline(scenario);
    const create = baseline.calls.find(({ verb, target }) => verb === "create" && target === "ConfigMap/a-access");
    const { findings, injected } = await playSchedule(baseline, singleFault(create?.at ?? -1, fault));
    expect(injected).toHaveLength(1);
    expect(findings).toEqual([]);
  },
);
