/**
 * The end of objects on a real cluster: a deleted trigger takes along what its functions say, in reverse waves, whatever becomes
 * of its definitions and its workers meanwhile; what no step names any more goes after a complete run; nothing foreign goes.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { member, memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import { at, APPS, DEFINITIONS, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { CRD_FILES, objectsIn } from "../support/manifest-files.ts";
import { readinessOf } from "../support/object-board.ts";
import { chooseSeed, seededRandom } from "../support/seeded-random.ts";
import { configMap, step, workflow } from "../support/widget-manifests.ts";

const HELD_BY = "example.com/backup";
const DESTROY = "  delete: { destroy: {} }";
const RETURN = "  return: { text: =resource.data.text }";
const TEXT = "{ text: =inputs.spec.text }";
const FOLLOWING = "{ text: =inputs.before.text }";
const after = (label: string) => ({ more: `, before: =steps.${label}` });
const unowned = (manifest: string) => manifest.replace("  resource:", "    owned: false\n  resource:");

/** Three waves that we delete, owned and not; one that goes with its owner, and one that is left. */
const WAVES =
  workflow(
    "waves",
    step("base") + step("middle", after("base")) + step("top", after("middle")) + step("plain") + step("left"),
  ) +
  unowned(configMap("base", TEXT, `${RETURN}\n${DESTROY}`)) +
  configMap("middle", FOLLOWING, `${RETURN}\n${DESTROY}`) +
  unowned(configMap("top", FOLLOWING, DESTROY)) +
  configMap("plain", TEXT) +
  configMap("left", TEXT, "  delete: { abandon: {} }");
const DESTROYED = ["top", "middle", "base"] as const;

const FOR_EACH_ITEM = "      forEach: { itemIn: =parent.spec.items, inputKey: item }\n      inputs: {";
/** Objects for the items of a list, beside a step that fails when it is told to. */
const ITEMS =
  workflow("items", step("item").replace("      inputs: {", FOR_EACH_ITEM) + step("checked") + step("extra")) +
  configMap("item", TEXT).replace('=inputs.name + "-item"', '=inputs.name + "-item-" + inputs.item') +
  configMap("checked", TEXT, "  preconditions: [{ assert: =!inputs.spec.fails, permFail: { message: as told } }]") +
  configMap("extra", TEXT);

function trigger(name: string, flow: string, spec = "{ text: hello }"): string {
  return `
apiVersion: e2e.koreo.test/v1
kind: Widget
metadata: { name: ${name}, annotations: { koreo.dev/workflow: ${flow} } }
spec: ${spec}
---`;
}

const isGone = (object: JsonObject | undefined) => object === undefined;

describe("deletion", () => {
  let cluster: E2eCluster;
  beforeAll(async () => {
    cluster = await startE2e({ watchers: 1, workers: 1 });
    await cluster.apply(WAVES + ITEMS);
  });
  afterAll(() => cluster.stop());

  const exists = async (name: string) => (await cluster.get("ConfigMap", name)) !== undefined;
  const allExist = async (names: readonly string[]) => Promise.all(names.map(exists));
  const make = async (name: string) => {
    await cluster.apply(trigger(name, "waves"));
    await cluster.untilReady(name);
  };
  const hold = (name: string) => cluster.patch("ConfigMap", name, { metadata: { finalizers: [HELD_BY] } });
  const letGo = (name: string) => cluster.patch("ConfigMap", name, { metadata: { finalizers: null } });

  it("of a trigger takes what we delete in reverse waves, leaves what is abandoned, and touches nothing foreign", async () => {
    await make("waves");
    const left = await cluster.get("ConfigMap", "waves-left");
    // What looks like ours and is not: a copy of mark and label on another object.
    const { annotations, labels } = memberAt(left, ["metadata"]) as { annotations: JsonObject; labels: JsonObject };
    const metadata = { name: "waves-copy", annotations, labels };
    await cluster.applyObjects([{ apiVersion: "v1", kind: "ConfigMap", metadata }]);
    const sinceMs = Date.now();
    await cluster.delete("Widget", "waves");
    await cluster.until("Widget", "waves", "going", isGone);
    expect(await allExist(DESTROYED.map((part) => `waves-${part}`))).toEqual([false, false, false]);
    await cluster.until("ConfigMap", "waves-plain", "being collected", isGone);
    expect(await allExist(["waves-left", "waves-copy"])).toEqual([true, true]);
    const deletes = (await cluster.requestsSince(sinceMs)).filter(
      ({ verb, objectRef, userAgent }) =>
        verb === "delete" && objectRef?.resource === "configmaps" && userAgent === "koreo-cluster",
    );
    expect(deletes.map(({ objectRef }) => objectRef?.name)).toEqual(DESTROYED.map((part) => `waves-${part}`));
  });

  it("never follows an inventory that somebody wrote, nor a mark that was copied", async () => {
    await make("victim");
    await cluster.apply(trigger("hostile", "items", "{ text: hello, items: [one], fails: false }"));
    await cluster.untilReady("hostile");
    const metadataOf = async (kind: string, name: string) =>
      memberAt(await cluster.get(kind, name), ["metadata"]) as {
        uid: string;
        annotations: JsonObject;
        labels: JsonObject;
      };
    // Theirs: a bare one, one with the mark and label of an object of the hostile trigger, and those of another trigger.
    const ours = await metadataOf("ConfigMap", "hostile-item-one");
    const copied = { annotations: ours.annotations, labels: ours.labels };
    await cluster.applyObjects([
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "bare" }, data: { text: "theirs" } },
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "copied", ...copied }, data: { text: "theirs" } },
    ]);
    const victims = ["bare", "copied", ...DESTROYED.map((part) => `victim-${part}`)];
    const before = await Promise.all(victims.map((name) => cluster.get("ConfigMap", name)));
    const { uid, annotations } = await metadataOf("Widget", "hostile");
    const own = JSON.parse(annotations["koreo.dev/inventory"] as string) as { objects: JsonObject[] };
    const place = {
      group: "",
      version: "v1",
      kind: "ConfigMap",
      namespace: APPS,
      step: "extra",
      wave: 9,
      policy: "destroy",
    };
    const objects = victims.map((name) => ({ ...place, name, uid: "made-up" }));
    const managed = Object.fromEntries(victims.map((name) => [name, { apiVersion: "v1", kind: "ConfigMap", name }]));
    const hostile = {
      "koreo.dev/inventory": JSON.stringify({ trigger: uid, objects: [...own.objects, ...objects] }),
      "koreo.dev/managed-resources": JSON.stringify({ workflow: "items", resources: managed }),
      "koreo.dev/cleanup-kinds": "/v1/ConfigMap,broken",
    };
    const forge = (more: JsonObject) =>
      cluster.patch("Widget", "hostile", { metadata: { annotations: hostile, ...more }, spec: { text: "again" } });

    // A run that prunes, then the end of the trigger.
    await forge({});
    const wrote = (object: JsonObject | undefined) => at(object, "data", "text") === "again";
    await cluster.until("ConfigMap", "hostile-extra", "being written by a run that read the forgery", wrote);
    await cluster.untilReady("hostile");
    await forge({ finalizers: ["koreo.dev/cleanup", HELD_BY] });
    await cluster.delete("Widget", "hostile");
    await cluster.until(
      "Widget",
      "hostile",
      "being held by the test alone",
      (object) => JSON.stringify(memberAt(object, ["metadata", "finalizers"])) === JSON.stringify([HELD_BY]),
      { withinMs: 60_000 },
    );
    await cluster.patch("Widget", "hostile", { metadata: { finalizers: null } });
    await cluster.until("Widget", "hostile", "going", isGone);
    const after = await Promise.all(victims.map((name) => cluster.get("ConfigMap", name)));
    expect(after).toEqual(before);
  });

  it("that somebody holds up keeps the trigger, says by whom and since when, and goes on when it may", async () => {
    await make("held");
    await hold("held-middle");
    await cluster.delete("Widget", "held");
    const line = new RegExp(
      `^ConfigMap ${APPS}/held-middle: deleting since \\d{4}-[-:\\dTZ]+, held by ${HELD_BY}$`,
      "m",
    );
    const isTold = (object: JsonObject | undefined) =>
      line.test(textMember(condition(object, "Deleted"), "message")) && readinessOf(object)?.reason === "Deleting";
    await cluster.until("Widget", "held", "telling what it waits for", isTold);
    await sleep(1500);
    expect(await allExist(DESTROYED.map((part) => `held-${part}`)), "earlier waves wait").toEqual([false, true, true]);
    await letGo("held-middle");
    await cluster.until("Widget", "held", "going", isGone, { withinMs: 10_000 });
    expect(await allExist(DESTROYED.map((part) => `held-${part}`))).toEqual([false, false, false]);
  });

  it("can be given up: the trigger goes when its finalizer is taken off, and what is held stays with its mark", async () => {
    await make("given-up");
    await hold("given-up-middle");
    await cluster.delete("Widget", "given-up");
    await cluster.until("ConfigMap", "given-up-middle", "being deleted", isGoing);
    await cluster.patch("Widget", "given-up", { metadata: { finalizers: null } });
    await cluster.until("Widget", "given-up", "going", isGone, { withinMs: 10_000 });
    await sleep(1500);
    expect(await allExist(["given-up-base", "given-up-middle"])).toEqual([true, true]);
    const mark = textMember(
      memberAt(await cluster.get("ConfigMap", "given-up-base"), ["metadata", "annotations"]),
      "koreo.dev/mark",
    );
    expect(mark).toContain("Widget/apps/given-up");
    await letGo("given-up-middle");
  });

  it("that orphans keeps what the trigger owns", async () => {
    await make("orphaned");
    const { plural, group, version } = { plural: "widgets", group: "e2e.koreo.test", version: "v1" };
    const answer = await cluster.access.client.request(
      {
        method: "DELETE",
        path: `/apis/${group}/${version}/namespaces/${APPS}/${plural}/orphaned`,
        body: { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Orphan" },
        verb: "delete",
        kind: "Widget",
      },
      new AbortController().signal,
    );
    expect(answer.kind).toBe("ok");
    await cluster.until("Widget", "orphaned", "going", isGone, { withinMs: 20_000 });
    await sleep(1500); // whatever the collector takes it takes in one sweep
    expect(await allExist(["orphaned-plain", "orphaned-middle", "orphaned-left"])).toEqual([true, true, true]);
    expect(await allExist(["orphaned-base", "orphaned-top"])).toEqual([false, false]);
  });

  it("of what no step names waits for a complete run: an item that left its list, a step that was removed", async () => {
    await cluster.apply(trigger("few", "items", "{ text: hello, fails: false, items: [a, b, c] }"));
    await cluster.untilReady("few");
    const names = ["few-item-a", "few-item-b", "few-item-c", "few-extra"];
    expect(await allExist(names)).toEqual([true, true, true, true]);
    // A partial run: one step fails. It has to come first: a run of the edited Workflow alone would be complete.
    await cluster.patch("Widget", "few", { spec: { text: "edited", fails: true, items: ["a"] } });
    await cluster.until(
      "ConfigMap",
      "few-item-a",
      "carrying the edit",
      (object) => at(object, "data", "text") === "edited",
    );
    await cluster.untilReason("few", "Failure");
    await cluster.apply(ITEMS.replace(step("extra"), ""));
    await sleep(1500);
    expect(await allExist(names), "after a partial run").toEqual([true, true, true, true]);
    await cluster.patch("Widget", "few", { spec: { fails: false } });
    for (const name of names.slice(1))
      await cluster.until("ConfigMap", name, "being pruned", isGone, { withinMs: 10_000 });
    expect(await exists("few-item-a")).toBe(true);
    await cluster.untilReady("few");
  });

  it("goes on wherever the workers that do it are killed", async () => {
    const seed = chooseSeed();
    const random = seededRandom(seed);
    const names = Array.from({ length: 12 }, (_, index) => `killed-${index}`);
    for (const name of names) await cluster.apply(trigger(name, "waves"));
    for (const name of names) await cluster.untilReady(name);
    const foreign = names.map((name) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: `${name}-foreign` },
    }));
    await cluster.applyObjects(foreign);
    for (let kills = 0; kills < 4; kills += 1) {
      for (const name of names.slice(kills * 3, kills * 3 + 3)) await cluster.delete("Widget", name);
      await sleep(random.below(120));
      const [worker] = cluster.stack.processes.filter(({ role, pid }) => role === "worker" && pid > 0);
      await worker?.kill();
      await cluster.stack.add("worker");
    }
    for (const name of names) await cluster.until("Widget", name, `going (seed ${seed})`, isGone);
    for (const name of names) {
      await cluster.until("ConfigMap", `${name}-plain`, "being collected", isGone);
      expect(await allExist(DESTROYED.map((part) => `${name}-${part}`)), `${name}, seed ${seed}`).toEqual([
        ...[false, false, false],
      ]);
      expect(await allExist([`${name}-left`, `${name}-foreign`]), `${name}, seed ${seed}`).toEqual([true, true]);
    }
  });

  it("needs neither Workflow nor functions nor their kinds", async () => {
    await make("bereft");
    await hold("bereft-top");
    await cluster.delete("Widget", "bereft");
    await cluster.until("ConfigMap", "bereft-top", "being deleted", isGoing);
    await cluster.delete("Workflow", "waves", DEFINITIONS);
    for (const part of ["base", "middle", "top"]) await cluster.delete("ResourceFunction", part, DEFINITIONS);
    const kinds = objectsIn(CRD_FILES).map((crd) => textMember(member(crd, "metadata"), "name"));
    for (const name of kinds) await cluster.delete("CustomResourceDefinition", name);
    await sleep(3000); // until everybody has heard of it
    await letGo("bereft-top");
    await cluster.until("Widget", "bereft", "going", isGone);
    expect(await allExist(DESTROYED.map((part) => `bereft-${part}`))).toEqual([false, false, false]);
    await cluster.until("ConfigMap", "bereft-plain", "being collected", isGone);
    expect(await exists("bereft-left")).toBe(true);
  });
});

function isGoing(object: JsonObject | undefined): boolean {
  return at(object, "metadata", "deletionTimestamp") !== undefined;
}

function condition(object: JsonObject | undefined, type: string): JsonObject | undefined {
  const conditions = (memberAt(object, ["status", "conditions"]) ?? []) as readonly JsonObject[];
  return conditions.find((each) => textMember(each, "type") === type);
}
