/** Whole runs of ResourceFunctions: whose an object is, where it is, and what stays recorded of it. */
import { afterEach, describe, expect, it } from "vitest";
import { memberAt, textMember, type JsonObject } from "../../../src/core/json.ts";
import { CONFIG_MAP, flow, keeps, REQUEST, request, WorkerBench } from "./worker-bench.ts";

let bench: WorkerBench;
afterEach(() => bench.stop());

const OBJECT = "ConfigMap/shared";
const shared = () => bench.get(CONFIG_MAP, "shared");
const metadata = (object: JsonObject | undefined, ...path: readonly string[]) =>
  memberAt(object, ["metadata", ...path]);
const managed = async () => {
  const annotations = metadata(await bench.get(REQUEST, "one"), "annotations");
  return JSON.parse(textMember(annotations, "koreo.dev/managed-resources")) as JsonObject;
};

describe("a function that turned", () => {
  it.each([
    { name: "readonly", to: { api: "readonly: true" } },
    { name: "owned: false", to: { api: "owned: false" } },
    { name: "delete: abandon", to: { more: "delete: { abandon: {} }" } },
  ])("to $name releases its object once", async ({ to }) => {
    bench = await WorkerBench.start(flow("keep") + keeps("keep") + request("one"));
    await bench.run("one");
    expect(metadata(await shared(), "ownerReferences")).toHaveLength(1);
    await bench.apply(keeps("keep", to));
    expect(await bench.writesOf("one")).toContain(`patch ${OBJECT}`);
    expect(metadata(await shared(), "ownerReferences")).toBeUndefined();
    expect(metadata(await shared(), "annotations", "koreo.dev/mark")).toBeUndefined();
    expect(metadata(await shared(), "labels")).toBeUndefined();
    expect((await bench.condition("one")).reason).toBe("Ready");
    expect(await bench.writesOf("one")).toEqual([]);
  });

  it("releases an object that was only adopted", async () => {
    const there = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: shared }\n";
    bench = await WorkerBench.start(flow("keep") + keeps("keep") + there + request("one"));
    await bench.run("one");
    expect(metadata(await shared(), "ownerReferences")).toHaveLength(1);
    await bench.apply(keeps("keep", { api: "owned: false" }));
    await bench.run("one");
    expect(metadata(await shared(), "ownerReferences")).toBeUndefined();
  });
});

it("a renamed step still releases its object", async () => {
  bench = await WorkerBench.start(flow("keep") + keeps("keep") + keeps("renamed") + request("one"));
  await bench.run("one");
  await bench.apply(flow("renamed"));
  await bench.run("one");
  expect(metadata(await shared(), "ownerReferences")).toHaveLength(1);
  await bench.apply(keeps("renamed", { more: "delete: { abandon: {} }" }));
  await bench.run("one");
  expect(metadata(await shared(), "ownerReferences")).toBeUndefined();
});

it("a step that reads what a removed step managed leaves its claim alone", async () => {
  const reads = keeps("reads", { api: "readonly: true" });
  bench = await WorkerBench.start(flow("keep", "reads") + keeps("keep") + reads + request("one"));
  await bench.run("one");
  await bench.apply(flow("reads"));
  for (let run = 0; run < 3; run += 1) await bench.run("one");
  expect(metadata(await shared(), "ownerReferences")).toHaveLength(1);
});

it("a step that only reads what another step manages leaves its claim alone", async () => {
  bench = await WorkerBench.start(
    flow("keep", "reads") + keeps("keep") + keeps("reads", { api: "readonly: true" }) + request("one"),
  );
  await bench.run("one");
  await bench.run("one");
  for (let run = 0; run < 3; run += 1) expect(await bench.writesOf("one")).toEqual([]);
  expect(metadata(await shared(), "ownerReferences")).toHaveLength(1);
});

it("an object whose trigger was made anew is marked anew, not deleted (H9)", async () => {
  const recreating = keeps("keep", { api: "owned: false", update: "recreate" });
  bench = await WorkerBench.start(flow("keep") + recreating + request("one"));
  await bench.run("one");
  const before = await shared();
  await bench.delete(REQUEST, "one");
  await bench.apply(request("one"));
  expect(await bench.writesOf("one")).toContain(`patch ${OBJECT}`);
  const after = await shared();
  expect(metadata(after, "uid")).toBe(metadata(before, "uid"));
  const uid = textMember((await bench.get(REQUEST, "one"))?.["metadata"], "uid");
  expect(metadata(after, "labels", "koreo.dev/trigger-uid")).toBe(uid);
  expect((await bench.condition("one")).reason).toBe("Ready");
});

describe("koreo.dev/managed-resources", () => {
  const start = async () => {
    const step = `
    - label: after
      ref: { kind: ResourceFunction, name: after }
      skipIf: =inputs.skip
      inputs: { spec: =parent.spec, before: =steps.keep }`;
    const steps = flow("keep").trimEnd() + step.replace("skipIf: =inputs.skip", "skipIf: =parent.spec.skip");
    const gate = `postconditions: [{ assert: '=inputs.spec.text != "stop"', retry: { message: stopped, delay: 5 } }]`;
    bench = await WorkerBench.start(
      `${steps}\n` +
        keeps("keep", { more: `${gate}\n  return: { text: =resource.data.text }` }) +
        keeps("after", { object: "after" }) +
        request("one", "{ text: go, skip: false }"),
    );
    await bench.run("one");
    return managed();
  };

  it("keeps a step that waits for another", async () => {
    const before = await start();
    expect(memberAt(before, ["resources", "after", "name"])).toBe("after");
    await bench.apply(request("one", "{ text: stop, skip: false }"));
    await bench.run("one");
    expect((await bench.condition("one")).message).toContain("stopped");
    expect(await managed()).toEqual(before);
  });

  it("loses a step that its author skips, as in Koreo", async () => {
    await start();
    await bench.apply(request("one", "{ text: go, skip: true }"));
    await bench.run("one");
    expect(memberAt(await managed(), ["resources", "after"])).toBeNull();
  });

  it("keeps a step that does not end in time", async () => {
    const before = await start();
    const { cluster, clock } = bench;
    cluster.get = ((get) => (ref, signal) => (ref.name === "after" ? new Promise(() => undefined) : get(ref, signal)))(
      cluster.get.bind(cluster),
    );
    const run = bench.run("one");
    await clock.advance(30_000);
    await run;
    expect((await bench.condition("one")).message).toContain("Timeout running step (after)");
    expect(await managed()).toEqual(before);
  });
});
