/** In which version a trigger is read where its kind has several, and what becomes of it where its Workflow's is not served. */
import { afterEach, describe, expect, it } from "vitest";
import { listOf, memberAt, textMember, type JsonObject } from "../../../src/core/json.ts";
import { ANNOTATION } from "../../../src/core/names.ts";
import { finalizers, inventoryOf, keeper, names, OURS } from "./lifecycle-bench.ts";
import { CONFIG_MAP, keyOf, request, REQUEST, step, WorkerBench, workflow } from "./worker-bench.ts";

let bench: WorkerBench;
afterEach(() => bench.stop());

const OLD = { ...REQUEST, version: "v1alpha1" };
const destroyed = (name: string, object = name) =>
  keeper(name, {
    object,
    api: "owned: false",
    spec: "delete: { destroy: {} }",
  });
/** A Workflow of that name for Requests in that version. */
const inVersion = (version: string, name: string, ...steps: readonly string[]) =>
  workflow(...steps)
    .replace("version: v1,", `version: ${version},`)
    .replace("name: flow", `name: ${name}`);
const ask = (name: string) =>
  bench.patch(REQUEST, "one", {
    metadata: { annotations: { [ANNOTATION.workflow]: name } },
  });

/** What a conversion does: `parts` is called `pieces` in v1. */
class Conversion {
  /** The versions in which Requests were read. */
  readonly versions: string[] = [];
  afterRead: () => Promise<void> = () => Promise.resolve();

  constructor({ cluster }: WorkerBench) {
    const { get } = cluster;
    cluster.get = async (ref, signal) => {
      const answer = await get.call(cluster, ref, signal);
      if (ref.type.kind !== "Request" || answer.kind !== "ok") return answer;
      this.versions.push(ref.type.version);
      await this.afterRead();
      if (ref.type.version !== "v1") return answer;
      const { parts = [] } = answer.value["spec"] as JsonObject;
      return { kind: "ok", value: { ...answer.value, spec: { pieces: parts } } };
    };
  }
}

describe("a trigger whose kind has Workflows in several versions", () => {
  const each = (field: string) =>
    `forEach: { itemIn: '=has(parent.spec.${field}) ? parent.spec.${field} : []', inputKey: item }`;
  const flow = inVersion("v1alpha1", "flow", step("p", each("parts")));
  const next = inVersion("v1", "next", step("n", each("pieces")));
  const functions = destroyed("p", "=inputs.item") + destroyed("n", '="new-" + inputs.item');

  const start = async () => {
    bench = await WorkerBench.start(flow + functions + request("one", "{ parts: [x, y] }"), { kinds: [OLD] });
    await ask("flow");
    const conversion = new Conversion(bench);
    await bench.run("one");
    await bench.run("one");
    expect(await objects()).toEqual(["x", "y"]);
    conversion.versions.length = 0;
    return conversion;
  };
  const objects = () => names(bench, ["x", "y", "new-x", "new-y"]);

  it("is run in the version of its own: nothing of it is pruned when another one comes", async () => {
    const { versions } = await start();
    await bench.apply(next); // for others, which say so
    await bench.run("one");
    expect(await objects()).toEqual(["x", "y"]);
    expect(versions).toEqual(["v1", "v1alpha1"]);
  });

  it("is run in the version of the other one once it names that", async () => {
    await start();
    await bench.apply(next);
    await ask("next");
    await bench.run("one");
    await bench.run("one");
    expect(await objects()).toEqual(["new-x", "new-y"]);
  });

  it("is run by the Workflow that it names when it is read for the last time", async () => {
    const conversion = await start();
    await bench.apply(next);
    conversion.afterRead = () => ask("next");
    await bench.run("one");
    expect(conversion.versions.slice(0, 3)).toEqual(["v1", "v1alpha1", "v1"]);
    expect(await objects()).toContain("new-x");
  });

  it("is not run while it names another one each time it is read", async () => {
    const conversion = await start();
    await bench.apply(next);
    let asked = "flow";
    conversion.afterRead = () => ask((asked = asked === "flow" ? "next" : "flow"));
    expect(await bench.run("one")).toMatchObject({ kind: "done", workClass: 2 });
    expect(conversion.versions).toHaveLength(3);
    expect(await objects()).toEqual(["x", "y"]);
  });

  it("is read once where its own is in the version that is tried first", async () => {
    const { versions } = await start();
    await bench.run("one");
    expect(versions).toEqual(["v1alpha1"]);
  });
});

it("an object keeps going with its trigger when the Workflow moves to another version: its reference follows", async () => {
  bench = await WorkerBench.start(inVersion("v1alpha1", "flow", step("k")) + keeper("k") + request("one"), {
    kinds: [OLD],
  });
  const versions = async () => {
    const references = memberAt(await bench.get(CONFIG_MAP, "k"), ["metadata", "ownerReferences"]);
    return listOf(references).map((each) => textMember(each, "apiVersion"));
  };
  await bench.run("one");
  expect(await versions()).toEqual(["t.koreo.test/v1alpha1"]);
  await bench.apply(inVersion("v1", "flow", step("k")));
  expect(await bench.writesOf("one")).toContain("patch ConfigMap/k");
  expect(await versions()).toEqual(["t.koreo.test/v1"]);
  expect(await bench.condition("one")).toMatchObject({ reason: "Ready" });
  expect(await bench.writesOf("one"), "it is written once").toEqual([]);
});

describe("a trigger whose Workflow names a version that is not served", () => {
  const SAID =
    "Workflow `flow` is for Request.t.koreo.test in version v0, which the API server does not serve: set its " +
    "spec.crdRef.version to one that is served, such as v1";
  const start = async () => {
    bench = await WorkerBench.start(workflow(step("b")) + destroyed("b") + request("one"));
    await bench.run("one");
    await bench.run("one");
    await bench.apply(inVersion("v0", "flow", step("b")));
  };
  /** As the queue runs a key until a run has not failed. */
  const runUntilDone = async () => {
    for (let failures = 0; failures < 10; failures += 1) {
      const report = await bench.run("one", [], failures);
      if (report.kind !== "failed") return { report, failures };
    }
    throw new Error("it fails for ever");
  };

  it("says so and what to do, and is looked at again; nothing of it goes", async () => {
    await start();
    const { report } = await runUntilDone();
    expect(await bench.condition("one")).toEqual({
      reason: "VersionNotServed",
      message: SAID,
    });
    expect(report).toMatchObject({
      kind: "done",
      nextLookMs: expect.any(Number) as unknown,
    });
    expect(await names(bench, ["b"])).toEqual(["b"]);
    expect(inventoryOf(await bench.get(REQUEST, "one"))).toEqual(["b"]);
    expect(await bench.index.objectsOf(keyOf(REQUEST, "one"))).toHaveLength(1);
  });

  it("says so only when the version is still missing after half a minute, and then at once", async () => {
    await start();
    for (let failures = 0; failures < 5; failures += 1)
      expect(await bench.run("one", [], failures)).toMatchObject({
        kind: "failed",
      });
    expect(await bench.condition("one")).toMatchObject({ reason: "Ready" });
    expect((await runUntilDone()).failures).toBe(5);
    expect((await runUntilDone()).failures).toBe(0);
    expect(await bench.writesOf("one"), "it is said once").toEqual([]);
  });

  it("can be deleted", async () => {
    await start();
    expect(await finalizers(bench, "one")).toEqual(OURS);
    await bench.delete(REQUEST, "one");
    await bench.run("one");
    await bench.run("one");
    expect(await bench.get(REQUEST, "one")).toBeUndefined();
    expect(await names(bench, ["b"])).toEqual([]);
  });

  it.each([
    {
      name: "the Workflow names another",
      mend: () => bench.apply(workflow(step("b"))),
    },
    {
      name: "the version is served again",
      mend: () => {
        bench.cluster.register({ ...REQUEST, version: "v0" });
        return Promise.resolve();
      },
    },
  ])("goes on once $name", async ({ mend }) => {
    await start();
    await runUntilDone();
    await mend();
    await bench.run("one");
    expect(await bench.condition("one")).toMatchObject({ reason: "Ready" });
  });
});

it("a trigger is run although another Workflow of its kind names a version that is not served", async () => {
  bench = await WorkerBench.start(workflow(step("b")) + destroyed("b") + request("one"));
  await ask("flow");
  await bench.run("one");
  await bench.apply(inVersion("v0", "other", step("b")));
  await bench.delete(CONFIG_MAP, "b");
  await bench.run("one");
  expect(await names(bench, ["b"])).toEqual(["b"]);
  expect(await bench.index.objectsOf(keyOf(REQUEST, "one"))).toHaveLength(1);
});
