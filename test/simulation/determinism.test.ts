/** A schedule is the same whenever it is played: else none could be seen again. */
import { expect, it } from "vitest";
import { randomFaults } from "./faults.ts";
import { SCENARIOS } from "./scenarios/all.ts";
import { World } from "./world.ts";

it.each([1, 2, 3])("seed %i makes the same calls at the same times, and the same history", async (seed) => {
  const [, , scenario] = SCENARIOS;
  if (scenario === undefined) throw new Error("no scenarios");
  const play = async () => {
    const world = new World(scenario, { plan: randomFaults(seed, 200) });
    await world.play();
    return { calls: world.calls, events: world.history.events, injected: world.injected, endMs: world.nowMs };
  };
  const first = await play();
  expect(first.injected.length).toBeGreaterThan(0);
  expect(await play()).toEqual(first);
});
