/** When a run writes the status of its trigger. */
import { afterEach, describe, expect, it } from "vitest";
import { CONFIG_MAP, flow, keeps, REQUEST, request, WorkerBench } from "./worker-bench.ts";

const STATUS = "patchStatus Request/one";

describe("the status (invariant 6)", () => {
  let bench: WorkerBench;
  afterEach(() => bench.stop());

  it("is written once, after every other write of the run, and not while it stays the same", async () => {
    bench = await WorkerBench.start(flow("keep") + keeps("keep") + request("one"));
    const first = await bench.writesOf("one");
    expect(first).toEqual(["create ConfigMap/shared", "patch Request/one", STATUS]);
    expect(await bench.writesOf("one")).toEqual([]);

    await bench.patch(CONFIG_MAP, "shared", { data: { text: "drifted" } });
    expect(await bench.writesOf("one"), "a repair leaves it as it is").toEqual(["patch ConfigMap/shared"]);

    await bench.patch(REQUEST, "one", { spec: { text: "edited" } });
    const edited = await bench.writesOf("one");
    expect(edited.filter((write) => write === STATUS)).toHaveLength(1);
    expect(edited.at(-1)).toBe(STATUS);
  });

  it("tells of a step that fails after those that were written", async () => {
    bench = await WorkerBench.start(flow("keep") + keeps("keep") + request("one"), {
      before: (verb) => (verb === "create" ? { kind: "invalid", detail: "no", status: 422 } : undefined),
    });
    expect((await bench.writesOf("one")).at(-1)).toBe(STATUS);
    expect(await bench.writesOf("one"), "the same failure again").toEqual([]);
  });
});
