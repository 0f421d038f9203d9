/** Which version of an object a run says it has looked at, so that exactly what it has not seen wakes its trigger. */
import { afterEach, expect, it } from "vitest";
import { textMember } from "../../../src/core/json.ts";
import { CONFIG_MAP, flow, keeps, keyOf, request, WorkerBench } from "./worker-bench.ts";

let bench: WorkerBench;
afterEach(() => bench.stop());

const versionOf = async () => textMember((await bench.get(CONFIG_MAP, "shared"))?.["metadata"], "resourceVersion");
const recorded = async () => (await bench.index.triggersOf([keyOf(CONFIG_MAP, "shared")]))[0]?.[0]?.resourceVersion;

const READS = keeps("reads", { api: "readonly: true" });

it("two steps that see one version have seen it", async () => {
  bench = await WorkerBench.start(flow("keep", "reads") + keeps("keep") + READS + request("one"));
  await bench.run("one");
  await bench.run("one");
  expect(await recorded()).toBe(await versionOf());
});

it("an object that changes between two steps of a run wakes the trigger (M2)", async () => {
  let reads = 0;
  bench = await WorkerBench.start(flow("keep", "reads") + keeps("keep") + READS + request("one"), {
    before: async (verb, { name }) => {
      // The second read of the second run comes late: meanwhile somebody changes what its first step has seen.
      if (verb === "get" && name === "shared") reads += 1;
      if (verb === "get" && name === "shared" && reads === 4)
        await bench.patch(CONFIG_MAP, "shared", { data: { other: "changed" } });
      return undefined;
    },
  });
  await bench.run("one");
  reads = 2;
  await bench.run("one");
  expect(await recorded()).not.toBe(await versionOf());
  expect(await recorded()).not.toBe("");
  // The run that this wakes sees one version in both steps: settled.
  await bench.run("one");
  expect(await recorded()).toBe(await versionOf());
});

it("an object that one step misses and a later one creates wakes the trigger", async () => {
  bench = await WorkerBench.start(flow("reads", "keep") + READS + keeps("keep") + request("one"));
  await bench.run("one");
  expect(await recorded()).not.toBe(await versionOf());
  await bench.run("one");
  expect(await recorded()).toBe(await versionOf());
  expect((await bench.condition("one")).reason).toBe("Ready");
});
