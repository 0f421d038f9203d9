/** The schedules of a scenario: every single fault at every call of its run without faults, and any number of random ones. */
import { faultsOf, randomFaults, singleFault, type Call, type FaultPlan } from "./faults.ts";
import type { Baseline } from "./run-schedule.ts";

/** @param isBootShort - leaves out the calls before the first about a trigger: they are the same in every scenario */
export function* singleFaults({ calls }: Baseline, { isBootShort = false } = {}): Iterable<FaultPlan> {
  const from = isBootShort ? calls.findIndex(isAboutTrigger) : 0;
  for (const call of calls.slice(from)) for (const fault of faultsOf(call)) yield singleFault(call.at, fault);
}

/** One schedule a seed. */
export function* randomPlans({ calls }: Baseline, firstSeed: number, count: number): Iterable<FaultPlan> {
  for (let index = 0; index < count; index += 1) yield randomFaults((firstSeed + index) >>> 0, calls.length);
}

function isAboutTrigger({ verb, target }: Call): boolean {
  return verb === "keys.trigger" && target.includes("/t.koreo.test/");
}
