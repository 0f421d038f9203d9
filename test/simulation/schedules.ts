/** The schedules of a scenario: every single fault at every call of its run without faults, and any number of random ones. */
import { briefFaultsOf, faultsOf, randomFaults, singleFault, type Call, type FaultPlan } from "./faults.ts";
import type { Baseline } from "./run-schedule.ts";

export function* singleFaults({ calls }: Baseline): Iterable<FaultPlan> {
  for (const call of calls) for (const fault of faultsOf(call)) yield singleFault(call.at, fault);
}

/** The same without what other schedules stand for: faults alike, and calls before the first about a trigger. */
export function* briefFaults({ calls }: Baseline): Iterable<FaultPlan> {
  const from = Math.max(0, calls.findIndex(isAboutTrigger));
  for (const call of calls.slice(from)) for (const fault of briefFaultsOf(call)) yield singleFault(call.at, fault);
}

/** One schedule a seed. */
export function* randomPlans({ calls }: Baseline, firstSeed: number, count: number): Iterable<FaultPlan> {
  for (let index = 0; index < count; index += 1) yield randomFaults((firstSeed + index) >>> 0, calls.length);
}

function isAboutTrigger({ verb, target }: Call): boolean {
  return verb === "keys.trigger" && target.includes("/t.koreo.test/");
}
