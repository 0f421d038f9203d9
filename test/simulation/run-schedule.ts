/** Plays one scenario under one plan of faults and judges it. */
import { type Call, type FaultPlan, noFaults } from "./faults.ts";
import { endingOf, judge, judgeEnd, type Ending, type Finding } from "./judge.ts";
import type { Scenario } from "./scenario.ts";
import { World, type WorldOptions } from "./world.ts";

/** What is settled stays silent for at least so long. */
const SILENCE_MS = 60_000;

/** How a scenario goes without any fault. */
export interface Baseline {
  readonly scenario: Scenario;
  readonly calls: readonly Call[];
  readonly ending: Ending;
}

export interface Verdict {
  readonly scenario: string;
  /** What to type to see the same again. */
  readonly schedule: string;
  readonly injected: readonly string[];
  readonly findings: readonly Finding[];
}

/** @throws Error when the scenario does not do what it says even without faults */
export async function playBaseline(scenario: Scenario): Promise<Baseline> {
  const world = new World(scenario, { plan: noFaults() });
  await world.play();
  const calls = [...world.calls];
  const ending = endingOf(world);
  const wrong = [...judgeEnd(world, scenario), ...judge(world, scenario, ending).map(({ message }) => message)];
  world.end();
  if (wrong.length > 0) throw new Error(`${scenario.name} without faults: ${wrong.join("; ")}`);
  return { scenario, calls, ending };
}

export async function playSchedule(
  baseline: Baseline,
  plan: FaultPlan,
  more: Pick<WorldOptions, "mutation" | "onCall"> = {},
): Promise<Verdict> {
  const { scenario, ending } = baseline;
  const world = new World(scenario, { plan, ...more });
  const findings: Finding[] = [];
  try {
    await world.play();
    findings.push(...judge(world, scenario, ending));
    const place = world.history.events.length;
    await world.pass(SILENCE_MS);
    const noise = world.writesSince(place);
    if (noise.length > 0) findings.push({ trouble: "other", message: `not silent once settled: ${noise.join(", ")}` });
  } catch (error) {
    findings.push(...judge(world, scenario, ending));
    findings.push({ trouble: "lost", message: error instanceof Error ? error.message : String(error) });
  }
  world.end();
  await eventLoop();
  return { scenario: scenario.name, schedule: plan.id, injected: world.injected, findings };
}

/** The simulation never lets the event loop turn; others wait for it, and what is held weakly goes only then. */
function eventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
