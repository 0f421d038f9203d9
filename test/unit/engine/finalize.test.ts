/** A trigger on its way out: what only we would delete goes before it, in reverse waves, by inventory and marks alone. */
import { deflateRawSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { memberAt } from "../../../src/core/json.ts";
import { ANNOTATION, LABEL } from "../../../src/core/names.ts";
import { finalizers, keeper, names, OURS } from "./lifecycle-bench.ts";
import { CONFIG_MAP, keyOf, request, REQUEST, step, WorkerBench, workflow, type BenchOptions } from "./worker-bench.ts";

let bench: WorkerBench;
afterEach(() => bench.stop());

const destroyed = (name: string, more: Parameters<typeof keeper>[1] = {}) =>
  keeper(name, { api: "owned: false", spec: "delete: { destroy: {} }", ...more });
/** `b` is built on `a`. */
const onA = `
    - label: b
      ref: { kind: ResourceFunction, name: b }
      inputs: { name: =steps.a.metadata.name }`;
const chain =
  workflow(step("a"), onA) +
  destroyed("a", { spec: "delete: { destroy: {} }\n  return: =resource" }) +
  destroyed("b") +
  request("one");

const start = async (yaml: string, options: BenchOptions = {}) => {
  bench = await WorkerBench.start(yaml, options);
  await bench.run("one");
  await bench.run("one");
};

/** What `base` makes in three steps, and `top`, built on the whole of it. */
const nested =
  workflow(
    `
    - label: base
      ref: { kind: Workflow, name: base }`,
    `
    - label: top
      ref: { kind: ResourceFunction, name: top }
      inputs: { name: =steps.base.upper }`,
  ) +
  `
---
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: base, namespace: defs }
spec:
  steps:
    - label: lower
      ref: { kind: ResourceFunction, name: lower }
    - label: middle
      ref: { kind: ResourceFunction, name: middle }
      inputs: { name: =steps.lower.metadata.name }
    - label: upper
      ref: { kind: ResourceFunction, name: upper }
      inputs: { name: =steps.middle.metadata.name }
      state: { upper: =value.metadata.name }
` +
  ["lower", "middle", "upper", "top"]
    .map((name) => destroyed(name, { spec: "delete: { destroy: {} }\n  return: =resource" }))
    .join("") +
  request("one");

describe("our finalizer", () => {
  it("is on the trigger before the first object that only we would delete, in one patch", async () => {
    bench = await WorkerBench.start(chain);
    expect((await bench.writesOf("one")).slice(0, 2)).toEqual(["patch Request/one", "create ConfigMap/a"]);
    expect(await finalizers(bench, "one")).toEqual(OURS);
    const kinds = memberAt(await bench.get(REQUEST, "one"), ["metadata", "annotations", ANNOTATION.cleanupKinds]);
    expect(kinds).toBe("/v1/ConfigMap");
    await bench.run("one");
    expect(await bench.writesOf("one")).toEqual([]);
  });

  it("leaves the finalizers of others, and is not there where nothing needs it", async () => {
    await start(workflow(step("a")) + keeper("a") + request("one"));
    expect(await finalizers(bench, "one")).toEqual([]);
    await bench.patch(REQUEST, "one", { metadata: { finalizers: ["example.com/other"] } });
    await bench.apply(keeper("a", { spec: "delete: { destroy: {} }" }));
    await bench.run("one");
    expect(await finalizers(bench, "one")).toEqual(["example.com/other", ...OURS]);
    await bench.apply(keeper("a", { spec: "delete: null" }));
    await bench.run("one");
    expect(await finalizers(bench, "one")).toEqual(["example.com/other"]);
  });

  it("nothing is created where it cannot be put", async () => {
    const fault = { kind: "forbidden", detail: "no rights", status: 403 } as const;
    await start(chain, { before: (verb, { kind }) => (verb === "patch" && kind === "Request" ? fault : undefined) });
    expect(await names(bench, ["a", "b"])).toEqual([]);
  });

  it("follows `delete` when its author changes it: the object is marked anew", async () => {
    await start(workflow(step("a")) + keeper("a") + request("one"));
    await bench.apply(keeper("a", { spec: "delete: { destroy: {} }" }));
    await bench.run("one");
    const mark = memberAt(await bench.get(CONFIG_MAP, "a"), ["metadata", "annotations", ANNOTATION.mark]);
    expect(mark).toContain('"policy":"destroy"');
    await bench.run("one");
    expect(await bench.writesOf("one")).toEqual([]);
  });
});

describe("deletion (invariant 7)", () => {
  it("goes in reverse waves and lets the trigger go, with no definition left", async () => {
    await start(chain);
    expect(await names(bench, ["a", "b"])).toEqual(["a", "b"]);
    for (const kind of ["Workflow", "ResourceFunction"]) await bench.forget(kind);
    await bench.delete(REQUEST, "one");
    expect(await bench.writesOf("one")).toEqual(["delete ConfigMap/b", "delete ConfigMap/a", "patch Request/one"]);
    expect(await bench.get(REQUEST, "one")).toBeUndefined();
    expect(await bench.index.objectsOf(keyOf(REQUEST, "one"))).toEqual([]);
  });

  it("waits for what is held, one line each with the reason and since when", async () => {
    await start(chain);
    await bench.patch(CONFIG_MAP, "b", { metadata: { finalizers: ["example.com/hold"] } });
    await bench.delete(REQUEST, "one");
    expect(await bench.run("one")).toMatchObject({ kind: "done", workClass: 2 });
    const { message } = await bench.condition("one", "Deleted");
    const [first, second] = message.split("\n");
    expect(first).toMatch(/^ConfigMap apps\/b: deleting since \S+Z, held by example.com\/hold$/);
    expect(second).toMatch(/^ConfigMap apps\/a: waits until ConfigMap apps\/b is gone \(since \S+Z\)$/);
    const ready = await bench.condition("one");
    expect(ready.reason).toBe("Deleting");
    expect(ready.message).toContain("by ConfigMap apps/b (step b): deleting since");
    expect(await bench.writesOf("one")).toEqual([]);
    await bench.clock.advance(60_000);
    await bench.run("one");
    expect((await bench.condition("one", "Deleted")).message).toBe(message);
    await bench.patch(CONFIG_MAP, "b", { metadata: { finalizers: [] } });
    await bench.run("one");
    expect(await bench.get(REQUEST, "one")).toBeUndefined();
    expect(await names(bench, ["a", "b"])).toEqual([]);
  });

  it("what is built on a sub-workflow goes before all that the sub-workflow made", async () => {
    await start(nested);
    expect((await bench.condition("one")).reason).toBe("Ready");
    await bench.delete(REQUEST, "one");
    const deletes = (await bench.writesOf("one")).filter((write) => write.startsWith("delete"));
    expect(deletes).toEqual(["top", "upper", "middle", "lower"].map((name) => `delete ConfigMap/${name}`));
  });

  it("finds by label what inventory and index lost", async () => {
    await start(chain);
    await bench.patch(REQUEST, "one", { metadata: { annotations: { [ANNOTATION.inventory]: "{broken" } } });
    await bench.index.drop(keyOf(REQUEST, "one"), "all", 2);
    await bench.delete(REQUEST, "one");
    await bench.run("one");
    expect(await names(bench, ["a", "b"])).toEqual([]);
    expect(await bench.get(REQUEST, "one")).toBeUndefined();
  });

  it("goes by the marks' order where the first run had not yet written its inventory", async () => {
    await start(chain);
    await bench.patch(REQUEST, "one", { metadata: { annotations: { [ANNOTATION.inventory]: "" } } });
    await bench.delete(REQUEST, "one");
    const deletes = (await bench.writesOf("one")).filter((write) => write.startsWith("delete"));
    expect(deletes).toEqual(["delete ConfigMap/b", "delete ConfigMap/a"]);
  });

  it("waits where that order cannot be read yet", async () => {
    let isDown = true;
    const fault = { kind: "unavailable", detail: "no answer" } as const;
    await start(chain, { before: (verb) => (verb === "list" && isDown ? fault : undefined) });
    await bench.patch(REQUEST, "one", { metadata: { annotations: { [ANNOTATION.inventory]: "" } } });
    await bench.delete(REQUEST, "one");
    expect((await bench.writesOf("one")).filter((write) => write.startsWith("delete"))).toEqual([]);
    expect((await bench.condition("one", "Deleted")).message).toContain("in which order it goes is not known yet");
    isDown = false;
    const deletes = (await bench.writesOf("one")).filter((write) => write.startsWith("delete"));
    expect(deletes).toEqual(["delete ConfigMap/b", "delete ConfigMap/a"]);
  });

  it("keeps the trigger while a kind cannot be listed, and says so", async () => {
    const fault = { kind: "forbidden", detail: "no rights", status: 403 } as const;
    await start(chain, { before: (verb) => (verb === "list" ? fault : undefined) });
    await bench.delete(REQUEST, "one");
    await bench.run("one");
    expect((await bench.condition("one", "Deleted")).message).toContain("ConfigMap objects: Error listing ConfigMap");
    expect(await finalizers(bench, "one")).toEqual(OURS);
  });

  it("by --cascade=orphan keeps what the trigger owns, also after the garbage collector let it go", async () => {
    await start(workflow(step("a")) + keeper("a", { spec: "delete: { destroy: {} }" }) + request("one"));
    await bench.patch(REQUEST, "one", { metadata: { finalizers: [...OURS, "orphan"] } });
    await bench.delete(REQUEST, "one");
    await bench.patch(CONFIG_MAP, "a", { metadata: { ownerReferences: [] } });
    await bench.patch(REQUEST, "one", { metadata: { finalizers: OURS } });
    await bench.run("one");
    expect(await names(bench, ["a"])).toEqual(["a"]);
    expect(await bench.get(REQUEST, "one")).toBeUndefined();
  });

  it("waits while the trigger is paused", async () => {
    await start(chain);
    await bench.patch(REQUEST, "one", { metadata: { annotations: { [ANNOTATION.paused]: "true" } } });
    await bench.delete(REQUEST, "one");
    await bench.run("one");
    expect(await names(bench, ["a", "b"])).toEqual(["a", "b"]);
    expect((await bench.condition("one", "Deleted")).message).toContain("ConfigMap apps/b: paused");
  });

  it("sends no delete with less than half of the lease left", async () => {
    await start(chain);
    await bench.delete(REQUEST, "one");
    bench.leaseLeftMs = 4000;
    await bench.run("one");
    expect(await names(bench, ["a", "b"])).toEqual(["a", "b"]);
  });
});

describe("a hostile inventory", () => {
  /** Theirs: one bare, one with our label, one with the mark of another object copied onto it. */
  const theirs = (name: string, metadata: string) => `
---
apiVersion: v1
kind: ConfigMap
metadata: { name: ${name}, ${metadata} }
data: { text: theirs }
`;
  it("deletes and patches nothing that the trigger did not create", async () => {
    await start(chain);
    const trigger = await bench.get(REQUEST, "one");
    const uid = memberAt(trigger, ["metadata", "uid"]) as string;
    const mark = memberAt(await bench.get(CONFIG_MAP, "a"), ["metadata", "annotations", ANNOTATION.mark]) as string;
    const label = `labels: { ${LABEL.triggerUid}: ${uid} }`;
    await bench.apply(theirs("bare", "labels: {}") + theirs("labelled", label));
    await bench.apply(theirs("copied", `${label}, annotations: { ${ANNOTATION.mark}: ${JSON.stringify(mark)} }`));
    const victims = ["bare", "labelled", "copied"];
    const objects = victims.map((name) => ({
      group: "",
      version: "v1",
      kind: "ConfigMap",
      namespace: "apps",
      name,
      uid: "u",
      step: "b",
      wave: 9,
      policy: "destroy",
    }));
    const managed = { workflow: "flow", resources: { a: { apiVersion: "v1", kind: "ConfigMap", name: "bare" } } };
    const hostile = {
      [ANNOTATION.inventory]: JSON.stringify({ trigger: uid, objects }),
      [ANNOTATION.managedResources]: JSON.stringify(managed),
      [ANNOTATION.cleanupKinds]: "/v1/ConfigMap,/v1/Nothing,broken",
    };
    await bench.patch(REQUEST, "one", { metadata: { annotations: hostile } });
    await bench.index.add(victims.map((name) => ({ object: keyOf(CONFIG_MAP, name), trigger: keyOf(REQUEST, "one") })));
    const pruned = await bench.writesOf("one");
    expect(pruned.filter((write) => victims.some((name) => write.endsWith(`/${name}`)))).toEqual([]);
    await bench.patch(REQUEST, "one", { metadata: { annotations: hostile } });
    await bench.delete(REQUEST, "one");
    const writes = await bench.writesOf("one");
    expect(writes.filter((write) => victims.some((name) => write.endsWith(`/${name}`)))).toEqual([]);
    expect(await names(bench, victims)).toEqual(victims);
    // For some minutes nobody can say that there is no such kind as Nothing.
    for (let minutes = 0; minutes < 4; minutes += 1) {
      await bench.clock.advance(60_000);
      await bench.run("one");
    }
    expect(await bench.get(REQUEST, "one")).toBeUndefined();
    expect(await names(bench, ["a", "b"])).toEqual([]);
  });

  it.each(["prune", "finalize"])("is no leave to delete what its author wants left (%s)", async (purpose) => {
    const both =
      destroyed("kept", { spec: "delete: { abandon: {} }" }) + destroyed("bare", { spec: "" }) + destroyed("c");
    await start(workflow(step("kept"), step("bare"), step("c")) + both + request("one"));
    const uid = memberAt(await bench.get(REQUEST, "one"), ["metadata", "uid"]) as string;
    const place = { group: "", version: "v1", kind: "ConfigMap", namespace: "apps", uid: "u", wave: 0 };
    const objects = ["kept", "bare", "c"].map((name) => ({ ...place, name, step: name, policy: "destroy" }));
    const forged = { [ANNOTATION.inventory]: JSON.stringify({ trigger: uid, objects }) };
    if (purpose === "prune") await bench.apply(workflow(step("c")));
    await bench.patch(REQUEST, "one", { metadata: { annotations: forged } });
    if (purpose === "finalize") await bench.delete(REQUEST, "one");
    await bench.run("one");
    expect(await names(bench, ["kept", "bare", "c"])).toEqual(
      purpose === "prune" ? ["kept", "bare", "c"] : ["kept", "bare"],
    );
  });

  it.each(["plain", "packed"])(
    "of another trigger (%s) does not keep an object from being deleted with its own",
    async (form) => {
      const ofEach = destroyed("g", { object: "=inputs.name" });
      await start(workflow(step("g")) + ofEach + request("one") + request("evil"));
      await bench.run("evil");
      const uid = memberAt(await bench.get(REQUEST, "evil"), ["metadata", "uid"]) as string;
      const entry = { group: "", version: "v1", kind: "ConfigMap", namespace: "apps", name: "one", step: "g", wave: 0 };
      const plain = JSON.stringify({ trigger: uid, objects: [entry] });
      const text = form === "plain" ? plain : `deflate:${deflateRawSync(plain).toString("base64")}`;
      await bench.patch(REQUEST, "evil", { metadata: { annotations: { [ANNOTATION.inventory]: text } } });
      // What watchers do with it.
      await bench.index.add([{ object: keyOf(CONFIG_MAP, "one"), trigger: keyOf(REQUEST, "evil") }]);
      await bench.delete(REQUEST, "one");
      await bench.run("one");
      expect(await names(bench, ["one"])).toEqual(["one"]);
      expect((await bench.condition("one", "Deleted")).message).toContain("Request/apps/evil is asked");
      expect(bench.enqueued).toContain(keyOf(REQUEST, "evil"));
      await bench.run("evil");
      await bench.run("one");
      await bench.run("one");
      expect(await names(bench, ["one", "evil"])).toEqual(["evil"]);
      expect(await bench.get(REQUEST, "one")).toBeUndefined();
    },
  );

  it("an inventory that is more careful than the mark holds", async () => {
    await start(chain);
    const uid = memberAt(await bench.get(REQUEST, "one"), ["metadata", "uid"]) as string;
    const entry = { group: "", version: "v1", kind: "ConfigMap", namespace: "apps", name: "a", uid: "u", step: "a" };
    const objects = [{ ...entry, wave: 0, policy: "abandon" }];
    const careful = { [ANNOTATION.inventory]: JSON.stringify({ trigger: uid, objects }) };
    await bench.patch(REQUEST, "one", { metadata: { annotations: careful } });
    await bench.delete(REQUEST, "one");
    await bench.run("one");
    expect(await names(bench, ["a", "b"])).toEqual(["a"]);
  });
});
