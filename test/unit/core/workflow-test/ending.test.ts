/** What counts as another end of a cluster, and what does not. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../src/core/json.ts";
import { ANNOTATION } from "../../../../src/core/names.ts";
import { compareEndings, compareLives, endingOf } from "../../../../src/core/workflow-test/ending.ts";

const uidOf = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
const object = (number: number, { metadata = {}, ...content }: JsonObject = {}): JsonObject => ({
  apiVersion: "v1",
  kind: "Service",
  spec: { port: 80 },
  ...content,
  metadata: { name: "web", namespace: "shop", uid: uidOf(number), ...(metadata as JsonObject) },
});
const MARKED = { annotations: { [ANNOTATION.mark]: "{}" } };
const DELETING = { deletionTimestamp: "2026-01-01T00:00:00Z" };

const different = (wanted: readonly JsonObject[], found: readonly JsonObject[], triggerUid = "") => {
  const isTrigger = (each: JsonObject) => (each["metadata"] as JsonObject)["uid"] === triggerUid;
  const unmet = compareEndings(endingOf(wanted, isTrigger), endingOf(found, isTrigger));
  return unmet.map(({ path }) => path);
};

describe("another end", () => {
  it.each<{ name: string; wanted: JsonObject; found: JsonObject | undefined }>([
    { name: "a field", wanted: object(1), found: object(1, { spec: { port: 81 } }) },
    { name: "an object that is missing", wanted: object(1), found: undefined },
    { name: "one that is stuck in its deletion", wanted: object(1), found: object(1, { metadata: DELETING }) },
    { name: "one that lost its mark", wanted: object(1, { metadata: MARKED }), found: object(1) },
    { name: "a label of its author", wanted: object(1, { metadata: { labels: { a: "b" } } }), found: object(1) },
  ])("is $name", ({ wanted, found }) => {
    expect(different([wanted], found === undefined ? [] : [found])).toEqual(["Service shop/web"]);
  });

  it("is one more object; those of two groups are two", () => {
    const knative = object(2, { apiVersion: "serving.knative.dev/v1" });
    expect(different([object(1)], [object(1), knative])).toEqual(["Service.serving.knative.dev shop/web"]);
    expect(different([object(1), knative], [knative])).toEqual(["Service shop/web"]);
  });

  it("is not what a server makes up, nor a uid wherever it is written", () => {
    const pair = (number: number, resourceVersion: string) => {
      const [labels, owner] = [{ of: `web-${uidOf(number)}` }, { uid: uidOf(number) }];
      return [
        object(number, { metadata: { resourceVersion, generation: number } }),
        object(number + 1, { metadata: { name: "other", labels, ownerReferences: [owner] } }),
      ];
    };
    expect(different(pair(1, "1"), pair(7, "9"))).toEqual([]);
  });

  it("is, of the trigger, what its status says", () => {
    const trigger = (reason: string, message: string) => {
      const conditions = [{ type: "Ready", status: "True", reason, message }];
      return object(1, { status: { conditions, state: { a: 1 } }, spec: {} });
    };
    expect(different([trigger("Ready", "one")], [trigger("Ready", "two")], uidOf(1))).toEqual([]);
    expect(different([trigger("Ready", "one")], [trigger("Wait", "one")], uidOf(1))).toEqual(["Service shop/web"]);
  });
});

describe("the lives of objects", () => {
  const did = (action: "create" | "patch" | "delete") => ({ action, kind: "Service", namespace: "shop", name: "web" });

  it("are as often begun and ended; how often they are patched is nobody's business", () => {
    expect(compareLives([did("create")], [did("create"), did("patch")])).toEqual([]);
    expect(compareLives([did("create")], [did("create"), did("delete"), did("create")])).toEqual([
      { path: "create Service shop/web", differences: "done 2 times, and 1 times without the fault" },
      { path: "delete Service shop/web", differences: "done 1 times, and 0 times without the fault" },
    ]);
  });
});
