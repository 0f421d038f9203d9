/** Triggers and objects as Koreo 0.1.17 leaves them are taken over: nothing is made anew, nothing is taken off. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isJsonObject, memberAt, textMember, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { ANNOTATION } from "../../src/core/names.ts";
import { APPS, at, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import {
  conditionType,
  FUNCTIONS,
  type Label,
  LABELS,
  LAST_APPLIED,
  ORDER,
  type Original,
  originalCondition,
  originalObject,
  SHARED,
  workflow,
} from "../support/original-leftovers.ts";

const WRITES = new Set(["create", "update", "patch", "delete"]);

/** Every leaf that `before` has and `after` has not, or has otherwise. */
function lost(before: JsonValue, after: JsonValue | undefined, path = ""): readonly string[] {
  if (Array.isArray(before))
    return (before as readonly JsonValue[]).flatMap((each, index) =>
      lost(each, Array.isArray(after) ? (after as readonly JsonValue[])[index] : undefined, `${path}[${index}]`),
    );
  if (!isJsonObject(before)) return before === after ? [] : [path];
  const there = isJsonObject(after ?? null) ? (after as JsonObject) : {};
  return Object.entries(before).flatMap(([name, inner]) => lost(inner, there[name], `${path}/${name}`));
}

const SERVER_MADE = ["resourceVersion", "generation", "managedFields"];
function content(object: JsonObject | undefined): JsonObject {
  const metadata = Object.entries((object?.["metadata"] ?? {}) as JsonObject).filter(
    ([name]) => !SERVER_MADE.includes(name),
  );
  return { ...object, metadata: Object.fromEntries(metadata) };
}

describe("what the original left", () => {
  let cluster: E2eCluster;
  const before = new Map<Label, JsonObject>();
  let trigger: JsonObject;

  const kindOf = (label: Label) => (label === "secret" ? "Secret" : "ConfigMap");
  const read = (label: Label) =>
    cluster.get(kindOf(label), `old-${label}`, label === "elsewhere" ? SHARED : APPS) as Promise<JsonObject>;
  const versionOf = (object: JsonObject | undefined) => at(object, "metadata", "resourceVersion");
  const uidOf = (object: JsonObject | undefined) => at(object, "metadata", "uid");
  const writesSince = async (wallMs: number) =>
    (await cluster.requestsSince(wallMs))
      .filter(({ verb, objectRef }) => WRITES.has(verb) && !["events", "leases"].includes(objectRef?.resource ?? ""))
      .map(({ verb, requestURI }) => `${verb} ${requestURI}`)
      .filter((line) => /orders|old-/.test(line));

  beforeAll(async () => {
    cluster = await startE2e({ kinds: [ORDER], watchers: 0, workers: 0 });
    const namespace = {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: SHARED },
    };
    const otherOwner = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "other-owner", namespace: APPS },
    };
    await cluster.applyObjects([namespace, otherOwner]);
    await cluster.apply(FUNCTIONS + workflow(LABELS));
    await cluster.applyObjects([originalTrigger()]);
    const uid = textMember((await cluster.get("Order", "old"))?.["metadata"], "uid");
    const reference = { blockOwnerDeletion: true, controller: false };
    const owner = {
      apiVersion: "e2e.koreo.test/v1",
      kind: "Order",
      name: "old",
      uid,
      ...reference,
    };
    const otherUid = textMember((await cluster.get("ConfigMap", "other-owner"))?.["metadata"], "uid");
    const other = {
      apiVersion: "v1",
      kind: "ConfigMap",
      name: "other-owner",
      uid: otherUid,
    };
    const owners = [owner];
    const plain = { sent: { text: "hello" }, data: { text: "hello" } };
    const objects: Readonly<Record<Label, Original | undefined>> = {
      settings: {
        // `former` was in the target once: the original takes nothing off.
        sent: { text: "hello", seed: "grown", former: "kept" },
        owners: [owner, other],
        data: {
          text: "hello",
          seed: "grown",
          former: "kept",
          added: "by another controller",
        },
      },
      rotated: {
        sent: { text: "hello", token: "first" },
        data: { text: "hello", token: "second" },
        owners,
      },
      secret: {
        kind: "Secret",
        sent: { password: "b2xk", text: "b2xk" },
        owners,
        data: { password: "b2xk", text: "b2xk", added: "b2xk" },
      },
      never: { sent: { text: "once" }, data: { text: "once" }, owners },
      anew: {
        sent: { text: "fixed" },
        data: { text: "fixed", added: "by a person" },
        owners,
      },
      destroyed: plain,
      elsewhere: { ...plain, namespace: SHARED },
      given: undefined,
    };
    const made = Object.entries(objects).flatMap(([label, each]) =>
      each === undefined ? [] : [originalObject(label as Label, each)],
    );
    const given = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "old-given", namespace: APPS },
      data: {},
    };
    await cluster.applyObjects([...made, { ...given, data: { text: "theirs" } }]);
    for (const label of LABELS) before.set(label, await read(label));
    trigger = (await cluster.get("Order", "old")) as JsonObject;
    await Promise.all([cluster.stack.add("watcher"), cluster.stack.add("worker")]);
    await cluster.until(
      "Order",
      "old",
      "being looked at",
      (object) => memberAt(object, ["metadata", "annotations", ANNOTATION.inventory]) !== undefined,
    );
  });
  afterAll(() => cluster.stop());

  function originalTrigger(): JsonObject {
    const record = (label: Label) => ({
      apiVersion: "v1",
      kind: kindOf(label),
      plural: `${kindOf(label).toLowerCase()}s`,
      name: `old-${label}`,
      readonly: label === "given",
      namespace: label === "elsewhere" ? SHARED : APPS,
      resourceFunction: label,
    });
    const resources = Object.fromEntries(LABELS.map((label) => [label, record(label)]));
    const foreign = {
      type: "TheirOwn",
      status: "True",
      reason: "Fine",
      message: "theirs",
    };
    return {
      apiVersion: "e2e.koreo.test/v1",
      kind: "Order",
      metadata: {
        name: "old",
        namespace: APPS,
        labels: { team: "blue" },
        annotations: {
          [ANNOTATION.managedResources]: JSON.stringify({
            workflow: "taken-over",
            resources,
          }),
          [ANNOTATION.manualReconcile]: "2026-01-02T03:04:05",
          "their.own/note": "kept",
        },
      },
      spec: { text: "hello" },
      status: {
        conditions: [
          foreign,
          ...LABELS.map((label) => originalCondition(conditionType(label), `The ${label}`)),
          originalCondition("Ready", "Workflow taken-over"),
        ],
        state: {},
        koreo: {},
        theirs: { phase: "Running" },
      },
    };
  }

  it("stays as it is, object by object, and its trigger becomes Ready", async () => {
    await cluster.untilReason("old", "Ready", "Order");
    // The original's own Ready says when it was last updated; ours does not.
    expect(JSON.stringify(at(await cluster.get("Order", "old"), "status"))).not.toContain("lastUpdateTime");
    for (const label of LABELS) {
      const [was, is] = [before.get(label), await read(label)];
      expect([label, uidOf(is)]).toEqual([label, uidOf(was)]);
      // Of a Secret the record alone is written: it showed the values.
      const gone = lost(content(was), content(is));
      expect([label, gone]).toEqual([label, label === "secret" ? [`/metadata/annotations/${LAST_APPLIED}`] : []]);
      expect([label, versionOf(is) === versionOf(was)]).toEqual([label, label !== "secret"]);
      expect(at(is, "metadata", "annotations", ANNOTATION.mark)).toBeUndefined();
    }
    expect(String(at(await read("secret"), "metadata", "annotations", LAST_APPLIED))).not.toContain("b2xk");
  });

  it("leaves the trigger all that others, or people, have written on it", async () => {
    const now = (await cluster.get("Order", "old")) as JsonObject;
    const { status: was, ...rest } = content(trigger);
    expect(lost(rest, content(now))).toEqual([]);
    expect(uidOf(now)).toBe(uidOf(trigger));
    expect(at(now, "metadata", "finalizers")).toBeUndefined();
    expect(at(now, "status", "theirs")).toEqual({ phase: "Running" });
    const conditions = (status: JsonValue | undefined) =>
      (memberAt(status, ["conditions"]) as readonly JsonObject[]).map(({ type }) => type).sort();
    expect(conditions(now["status"])).toEqual(conditions(was));
    const [theirs] = memberAt(was, ["conditions"]) as readonly JsonValue[];
    expect(at(now, "status", "conditions")).toContainEqual(theirs);
  });

  it("is settled then: nothing is written any more", async () => {
    await sleep(1000); // the audit log is written a moment later
    const sinceMs = Date.now();
    await sleep(6000);
    expect(await writesSince(sinceMs)).toEqual([]);
  });

  it("keeps what the target lacks when it is patched, once and again", async () => {
    for (const text of ["edited", "edited again"]) {
      await cluster.patch("Order", "old", { spec: { text } });
      const isEdited = (object: JsonObject | undefined) => at(object, "data", "text") === text;
      for (const label of ["settings", "rotated", "destroyed"])
        await cluster.until("ConfigMap", `old-${label}`, `saying ${text}`, isEdited);
      await cluster.until("ConfigMap", "old-elsewhere", `saying ${text}`, isEdited, { namespace: SHARED });
      await cluster.untilReason("old", "Ready", "Order");
      for (const label of LABELS) {
        const gone = lost(content(before.get(label)), content(await read(label)));
        const own = ["/data/text", `/metadata/annotations/${LAST_APPLIED}`];
        expect([label, gone.filter((each) => !own.includes(each))]).toEqual([label, []]);
      }
      expect(at(await read("never"), "data", "text")).toBe("once");
    }
  });

  it("is not deleted when its step goes, for we have not made it", async () => {
    await cluster.apply(workflow(LABELS.filter((label) => label !== "anew" && label !== "destroyed")));
    const isDone = (object: JsonObject | undefined) =>
      !String(at(object, "metadata", "annotations", ANNOTATION.inventory)).includes("old-anew");
    await cluster.until("Order", "old", "naming it no more", isDone);
    for (const label of ["anew", "destroyed"] as const) expect(uidOf(await read(label))).toBe(uidOf(before.get(label)));
    await cluster.apply(workflow(LABELS));
    await cluster.until("Order", "old", "naming it again", (object) => !isDone(object));
  });

  it("goes with its trigger where that owns it alone; the rest stays, whatever its function says", async () => {
    await cluster.delete("Order", "old");
    const isGone = (object: JsonObject | undefined) => object === undefined;
    for (const label of ["rotated", "never", "anew"] as const)
      await cluster.until("ConfigMap", `old-${label}`, "being collected", isGone);
    await cluster.until("Secret", "old-secret", "being collected", isGone);
    await cluster.until("Order", "old", "going", isGone);
    await sleep(2000); // whatever the collector takes it takes in one sweep
    for (const label of ["settings", "destroyed", "elsewhere", "given"] as const)
      expect(uidOf(await read(label))).toBe(uidOf(before.get(label)));
  });
});
