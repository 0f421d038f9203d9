/**
 * `npm run faults`: plays every scenario under every single fault, then under random ones. Ends with one line of counts and
 * with 1 when any of them is above 0; says of each failure how to see it again.
 */
import { parseArgs } from "node:util";
import { parseSingleFault, randomFaults, type Call, type FaultPlan } from "./faults.ts";
import { replayCommand } from "./replay.ts";
import { playBaseline, playSchedule, type Baseline, type Verdict } from "./run-schedule.ts";
import { SCENARIOS } from "./scenarios/all.ts";
import { briefFaults, singleFaults } from "./schedules.ts";
import { Tally } from "./tally.ts";
import type { CallMade } from "./world.ts";

const USAGE = `Usage: npm run faults -- [options]
  --seeds N          random schedules over all scenarios (default 1000)
  --from S           the first seed (default 1)
  --no-single        leaves out the single faults
  --brief            of them only what nothing else stands for, as the tests do
  --scenario NAME    this scenario alone
  --schedule ID      one single fault of it, as CALL:FAULT
  --seed S           one random schedule of it
  --calls            prints the calls of this schedule as they are made; without one, those without faults
Scenarios: ${SCENARIOS.map(({ name }) => name).join(", ")}`;
const PROGRESS_EVERY_MS = 10_000;
const MAX_SHOWN = 20;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    "no-single": { type: "boolean", default: false },
    brief: { type: "boolean", default: false },
    scenario: { type: "string" },
    schedule: { type: "string" },
    seed: { type: "string" },
    calls: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const tally = new Tally();
let toldMs = performance.now();

if (values.help) console.log(USAGE);
else await main();

async function main(): Promise<void> {
  const scenarios = SCENARIOS.filter(({ name }) => values.scenario === undefined || values.scenario === name);
  const baselines: Baseline[] = [];
  for (const scenario of scenarios) baselines.push(await playBaseline(scenario));
  const [first] = baselines;
  if (first === undefined) throw new Error(`no scenario ${values.scenario ?? ""}\n${USAGE}`);
  const isOne = values.calls || values.schedule !== undefined || values.seed !== undefined;
  if (isOne && values.scenario === undefined) throw new Error(`which scenario?\n${USAGE}`);
  if (values.calls && values.schedule === undefined && values.seed === undefined) {
    printCalls(first);
    return;
  }
  if (values.schedule !== undefined) await play(first, parseSingleFault(values.schedule));
  else if (values.seed !== undefined) await play(first, randomFaults(Number(values.seed), first.calls.length));
  else await playAll(baselines);
  console.log(tally.summary());
  process.exitCode = tally.failed === 0 ? 0 : 1;
}

async function playAll(baselines: readonly Baseline[]): Promise<void> {
  if (!values["no-single"])
    for (const baseline of baselines)
      for (const plan of (values.brief ? briefFaults : singleFaults)(baseline)) await play(baseline, plan);
  const from = Number(values.from);
  for (let seed = from; seed < from + Number(values.seeds); seed += 1) {
    const baseline = baselines[seed % baselines.length];
    if (baseline !== undefined) await play(baseline, randomFaults(seed, baseline.calls.length));
  }
}

async function play(baseline: Baseline, plan: FaultPlan): Promise<void> {
  const verdict = await playSchedule(baseline, plan, values.calls ? { onCall: printCall } : {});
  tally.add(verdict);
  if (verdict.findings.length > 0) show(verdict);
  if (performance.now() - toldMs < PROGRESS_EVERY_MS) return;
  toldMs = performance.now();
  console.log(`${tally.schedules} schedules, ${tally.failed} failed, now ${baseline.scenario.name} ${plan.id}`);
}

function show(verdict: Verdict): void {
  if (tally.failed > MAX_SHOWN) return;
  console.log(`\nFAILED ${verdict.scenario}: ${verdict.injected.join("; ") || "no fault"}`);
  for (const { trouble, message } of verdict.findings) console.log(`  ${trouble}: ${message}`);
  console.log(`  again: ${replayCommand(verdict)}`);
}

function printCalls({ calls }: Baseline): void {
  for (const call of calls) console.log(lineOf(call));
}

function printCall(atMs: number, { call, fault, latency }: CallMade): void {
  const [thereMs, backMs] = latency;
  const injected = fault === undefined ? "" : `  <- ${fault}`;
  console.log(`${atMs} ms  ${lineOf(call)}  (${thereMs} + ${backMs} ms)${injected}`);
}

function lineOf({ at, process: name, to, verb, target }: Call): string {
  return `${at}  ${name}  ${to}  ${verb}  ${target}`;
}
