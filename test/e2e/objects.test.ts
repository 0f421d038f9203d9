/** What happens to managed objects on a real cluster: by update policy, ownership and delete policy, and when others want them. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import { at, startE2e, WIDGET, type E2eCluster } from "../support/e2e-cluster.ts";
import { readinessOf } from "../support/object-board.ts";
import { step, workflow } from "../support/widget-manifests.ts";

const REGION = { ...WIDGET, kind: "Region", plural: "regions", namespaced: false, hasStatus: false };

/** A ResourceFunction about a ConfigMap of a fixed name. `api` and `more` are YAML. */
function keeps(name: string, { object = `=inputs.name + "-${name}"`, api = "", more = "" } = {}): string {
  return `
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: ${name} }
spec:
  apiConfig:
    apiVersion: v1
    kind: ConfigMap
    plural: configmaps
    name: ${object}
    namespace: =inputs.namespace
    ${api}
  resource: { data: { text: =inputs.spec.text } }
  create: { delay: 1 }
  ${more}
---`;
}

/** A trigger that names its workflow: here a kind has many. */
function trigger(name: string, flow: string, text = "hello"): string {
  return `
apiVersion: e2e.koreo.test/v1
kind: Widget
metadata: { name: ${name}, annotations: { koreo.dev/workflow: ${flow} } }
spec: { text: ${text} }
---`;
}

const configMap = (name: string, text: string) => `
apiVersion: v1
kind: ConfigMap
metadata: { name: ${name} }
data: { text: ${text} }
---`;

const text = (object: JsonObject | undefined) => at(object, "data", "text");
const uid = (object: JsonObject | undefined) => at(object, "metadata", "uid");
const owners = (object: JsonObject | undefined) => at(object, "metadata", "ownerReferences");
const mark = (object: JsonObject | undefined) =>
  textMember(memberAt(object, ["metadata", "annotations"]), "koreo.dev/mark");

describe("managed objects", () => {
  let cluster: E2eCluster;
  beforeAll(async () => {
    cluster = await startE2e({ kinds: [WIDGET, REGION], watchers: 1, workers: 2 });
  });
  afterAll(() => cluster.stop());

  it("change by their update policy: patched in place, left as they are, or made anew", async () => {
    await cluster.apply(
      workflow("policies", step("patched") + step("left") + step("anew")) +
        keeps("patched", { more: "update: { patch: { delay: 1 } }" }) +
        keeps("left", { more: "update: { never: {} }" }) +
        keeps("anew", { more: "update: { recreate: { delay: 1 } }" }) +
        trigger("pol", "policies"),
    );
    await cluster.untilReady("pol");
    const before = await Promise.all(
      ["patched", "left", "anew"].map((name) => cluster.get("ConfigMap", `pol-${name}`)),
    );
    await cluster.patch("Widget", "pol", { spec: { text: "edited" } });
    await cluster.until("ConfigMap", "pol-anew", "being made anew", (object) => text(object) === "edited");
    await cluster.untilReady("pol");
    const after = await Promise.all(["patched", "left", "anew"].map((name) => cluster.get("ConfigMap", `pol-${name}`)));
    expect(after.map(text)).toEqual(["edited", "hello", "edited"]);
    expect(after.map((object, index) => uid(object) === uid(before[index]))).toEqual([true, true, false]);
  });

  it("that others make are waited for, and read as soon as they are there", async () => {
    await cluster.apply(
      workflow("reading", step("given")) +
        keeps("given", { api: "readonly: true", more: "return: { text: =resource.data.text }" }) +
        trigger("rd", "reading"),
    );
    expect((await cluster.untilReason("rd", "Wait")).message).toContain("rd-given not found. Waiting...");
    await cluster.apply(configMap("rd-given", "theirs"));
    await cluster.untilReady("rd", { withinMs: 5000 });
    const given = await cluster.get("ConfigMap", "rd-given");
    expect({ owners: owners(given), mark: mark(given), text: text(given) }).toEqual({
      owners: undefined,
      mark: "",
      text: "theirs",
    });
  });

  it("that are not owned, or abandoned, outlive their trigger; owned ones go with it", async () => {
    await cluster.apply(
      workflow("leaving", step("owned") + step("unowned") + step("abandoned")) +
        keeps("owned") +
        keeps("unowned", { api: "owned: false" }) +
        keeps("abandoned", { more: "delete: { abandon: {} }" }) +
        trigger("lv", "leaving"),
    );
    await cluster.untilReady("lv");
    for (const name of ["lv-unowned", "lv-abandoned"]) {
      const object = await cluster.get("ConfigMap", name);
      expect(owners(object)).toBeUndefined();
      expect(mark(object)).toContain("Widget/apps/lv");
    }
    await cluster.delete("Widget", "lv");
    await cluster.until("ConfigMap", "lv-owned", "being collected", (object) => object === undefined);
    await sleep(2000); // whatever the collector takes it takes in one sweep
    for (const name of ["lv-unowned", "lv-abandoned"]) expect(await cluster.get("ConfigMap", name)).toBeDefined();
  });

  it("lose reference and mark once their function says they are not owned", async () => {
    await cluster.apply(workflow("turning", step("turned")) + keeps("turned") + trigger("tn", "turning"));
    await cluster.untilReady("tn");
    expect(owners(await cluster.get("ConfigMap", "tn-turned"))).toHaveLength(1);
    await cluster.apply(keeps("turned", { more: "delete: { abandon: {} }" }));
    const isReleased = (object: JsonObject | undefined) => owners(object) === undefined && mark(object) === "";
    await cluster.until("ConfigMap", "tn-turned", "being released", isReleased);
    await cluster.delete("Widget", "tn");
    await cluster.until("Widget", "tn", "going", (object) => object === undefined);
    await sleep(2000);
    expect(text(await cluster.get("ConfigMap", "tn-turned"))).toBe("hello");
  });

  it("that must not be are deleted, and the run goes on", async () => {
    await cluster.apply(configMap("dl-outdated", "old"));
    await cluster.apply(
      workflow("deleting", step("outdated")) +
        keeps("outdated", { api: "deleteIfExists: true" }) +
        trigger("dl", "deleting"),
    );
    await cluster.until("ConfigMap", "dl-outdated", "being deleted", (object) => object === undefined);
    await cluster.untilReady("dl");
  });

  it("of one trigger are refused to another, which gets them once the first is gone", async () => {
    await cluster.apply(workflow("contest", step("contested")) + keeps("contested", { object: "contested" }));
    await cluster.apply(trigger("first", "contest", "from-first"));
    await cluster.untilReady("first");
    await cluster.apply(trigger("second", "contest", "from-second"));
    const refused = await cluster.untilReason("second", "Failure");
    expect(refused.message).toContain("belongs to the trigger local/e2e.koreo.test/Widget/apps/first");
    expect(text(await cluster.get("ConfigMap", "contested"))).toBe("from-first");
    await cluster.delete("Widget", "first");
    await cluster.untilReady("second");
    const taken = await cluster.get("ConfigMap", "contested");
    expect(text(taken)).toBe("from-second");
    expect(mark(taken)).toContain("Widget/apps/second");
  });

  it("without a namespace are kept, whatever the function says of one", async () => {
    const region = (name: string, api: string) => `
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: ${name} }
spec:
  apiConfig: { apiVersion: e2e.koreo.test/v1, kind: Region, name: =inputs.name + "-${name}", ${api} }
  resource: { spec: { text: =inputs.spec.text } }
---`;
    await cluster.apply(
      workflow("wide", step("plainly") + step("wrongly")) +
        region("plainly", "namespaced: false") +
        region("wrongly", "namespace: =inputs.namespace") +
        trigger("wd", "wide"),
    );
    await cluster.untilReady("wd");
    await cluster.patch("Widget", "wd", { spec: { text: "edited" } });
    for (const name of ["wd-plainly", "wd-wrongly"]) {
      await cluster.until("Region", name, "changing", (object) => at(object, "spec", "text") === "edited");
      const object = await cluster.get("Region", name);
      expect(owners(object)).toBeUndefined();
      expect(mark(object)).toContain("Widget/apps/wd");
    }
    await cluster.untilReady("wd");
  });

  it("that two triggers want otherwise are not written in a hot loop, and the conditions say who fights", async () => {
    await cluster.apply(configMap("fought", "neither"));
    await cluster.apply(workflow("fight", step("fought")) + keeps("fought", { object: "fought" }));
    const since = Date.now();
    await cluster.apply(trigger("red", "fight", "red") + trigger("blue", "fight", "blue"));
    await sleep(10_000);
    const asked = await cluster.requestsSince(since);
    const patches = asked.filter(({ verb, objectRef }) => verb === "patch" && objectRef?.name === "fought");
    expect(patches.length).toBeGreaterThan(2);
    expect(patches.length).toBeLessThan(30); // each of the two once in 1.5 s
    const isTold = (other: string) => (object: JsonObject | undefined) => {
      const { message = "" } = readinessOf(object) ?? {};
      return message.includes("'data' -> 'text'") && message.includes(`Widget/apps/${other} wants it otherwise`);
    };
    await Promise.any([
      cluster.until("Widget", "blue", "naming the other trigger", isTold("red")),
      cluster.until("Widget", "red", "naming the other trigger", isTold("blue")),
    ]);
  });

  it("edited by hand are repaired at once", async () => {
    await cluster.apply(workflow("mend", step("mended")) + keeps("mended") + trigger("mn", "mend"));
    await cluster.untilReady("mn");
    for (const other of ["once", "twice"]) {
      await cluster.patch("ConfigMap", "mn-mended", { data: { text: other } });
      const isMended = (object: JsonObject | undefined) => text(object) === "hello";
      await cluster.until("ConfigMap", "mn-mended", "being repaired", isMended, { withinMs: 2000 });
    }
  });
});
