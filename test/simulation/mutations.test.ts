/** The simulation finds an engine that was broken on purpose. What finds nothing here would find nothing at all. */
import { describe, expect, it } from "vitest";
import type { KeyText } from "../../src/core/object-key.ts";
import { noFaults } from "./faults.ts";
import type { Finding } from "./judge.ts";
import { noMutation, withoutPreconditions, type Mutation } from "./mutations.ts";
import { playBaseline, playSchedule } from "./run-schedule.ts";
import { SCENARIOS } from "./scenarios/all.ts";
import { singleFaults } from "./schedules.ts";

async function baselineOf(name: string) {
  const scenario = SCENARIOS.find((each) => each.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  return playBaseline(scenario);
}

/** What the first schedule finds that finds anything. */
async function firstFound(name: string, mutation: Mutation, faults: readonly string[]): Promise<readonly Finding[]> {
  const baseline = await baselineOf(name);
  for (const plan of singleFaults(baseline)) {
    if (!faults.some((fault) => plan.id.endsWith(`:${fault}`))) continue;
    const { findings } = await playSchedule(baseline, plan, { mutation });
    if (findings.length > 0) return findings;
  }
  return [];
}

describe("a broken engine is found", () => {
  it("patches without preconditions: a superseded run writes over a newer one", async () => {
    const findings = await firstFound("one-object", withoutPreconditions, ["freeze-before", "late", "act"]);
    expect(findings.map(({ trouble }) => trouble)).toContain("superseded");
  });

  it("a queue that drops a wish: what the user wanted is lost", async () => {
    let wishes = 0;
    const dropsOne: Mutation = {
      ...noMutation,
      keepsWish: (key: KeyText) => !key.includes("/Request/") || (wishes += 1) !== 2,
    };
    const { findings } = await playSchedule(await baselineOf("one-object"), noFaults(), { mutation: dropsOne });
    expect(findings.map(({ message }) => message.split(":")[0])).toContain("lost wish");
    expect(findings.filter(({ message }) => message.includes("is not as without faults")).length).toBeGreaterThan(0);
  });
});
