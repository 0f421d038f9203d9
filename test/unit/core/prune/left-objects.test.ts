import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../src/core/json.ts";
import type { KeyText } from "../../../../src/core/object-key.ts";
import { judgeLeft, recordsOf, type LeftVerdict } from "../../../../src/core/prune/left-objects.ts";
import { formatInventory } from "../../../../src/core/resource/inventory.ts";
import { markHolder, withMark } from "../../../../src/core/resource/mark.ts";

const NOW_MS = Date.parse("2026-11-26T12:00:00Z");
const MIN_AGE_MS = 600_000;
const IDENTITY = { group: "", kind: "ConfigMap", namespace: "apps", name: "settings" };
const TRIGGER = "local/test/Shop/apps/one" as KeyText;

const marked = (metadata: JsonObject = {}): JsonObject =>
  withMark(
    { metadata: { name: "settings", namespace: "apps", creationTimestamp: "2026-11-26T10:00:00Z", ...metadata } },
    { ...IDENTITY, trigger: TRIGGER, uid: "u1", step: "s", wave: 0, policy: "abandon", owned: false },
  );

interface Living {
  readonly uid?: string;
  readonly annotations?: JsonObject;
  readonly metadata?: JsonObject;
  readonly ready?: JsonObject;
}

const READY = { type: "Ready", status: "True", observedGeneration: 3 };
const living = ({ uid = "u1", annotations = {}, metadata = {}, ready = READY }: Living = {}): JsonObject => ({
  metadata: { uid, generation: 3, annotations, ...metadata },
  status: { conditions: [ready] },
});

const entry = {
  ...IDENTITY,
  version: "v1",
  uid: "o1",
  step: "s",
  wave: 0,
  policy: "abandon",
  function: "defs/f",
} as const;
const inventory = (uid: string, readonly = false) => ({
  "koreo.dev/inventory": formatInventory([{ ...entry, readonly }], uid),
});
const original = {
  "koreo.dev/managed-resources": JSON.stringify({
    steps: [{ apiVersion: "v1", kind: "ConfigMap", namespace: "apps", name: "settings" }],
  }),
};

const GONE: LeftVerdict = { kind: "left", why: "trigger gone" };
const UNNAMED: LeftVerdict = { kind: "left", why: "not named any more" };
const KEPT: LeftVerdict = { kind: "kept" };
const UNSURE: LeftVerdict = { kind: "kept", reason: "the last run of its trigger was not complete" };
const YOUNG: LeftVerdict = { kind: "kept", reason: "younger than --older-than" };
const young = { creationTimestamp: "2026-11-26T11:59:00Z" };

const CASES: readonly {
  readonly name: string;
  readonly object?: JsonObject;
  readonly trigger: JsonObject | null;
  readonly isManaged?: boolean;
  readonly want: LeftVerdict;
}[] = [
  { name: "of a trigger that is gone is left", trigger: null, want: GONE },
  { name: "however young it is", object: marked(young), trigger: null, want: GONE },
  { name: "that another living trigger manages is kept", trigger: null, isManaged: true, want: KEPT },
  {
    name: "on its way out is kept",
    object: marked({ deletionTimestamp: "2026-11-26T11:00:00Z" }),
    trigger: null,
    want: KEPT,
  },
  { name: "of a namesake with another uid that does not name it is left", trigger: living({ uid: "u2" }), want: GONE },
  {
    name: "of a namesake that has not run yet is kept: it may take it over",
    trigger: living({ uid: "u2", ready: {} }),
    want: UNSURE,
  },
  {
    name: "that the namesake names is kept",
    trigger: living({ uid: "u2", annotations: inventory("u2") }),
    want: KEPT,
  },
  { name: "of a trigger that lives and does not name it is left", trigger: living(), want: UNNAMED },
  { name: "that its trigger names is kept", trigger: living({ annotations: inventory("u1") }), want: KEPT },
  { name: "that its trigger reads is kept", trigger: living({ annotations: inventory("u1", true) }), want: KEPT },
  { name: "that only the original's record names is kept", trigger: living({ annotations: original }), want: KEPT },
  {
    name: "that only an inventory of another uid names is left",
    trigger: living({ annotations: inventory("u9") }),
    want: UNNAMED,
  },
  {
    name: "of a trigger that is being deleted is kept: it deletes by itself",
    trigger: living({ metadata: { deletionTimestamp: "2026-11-26T11:00:00Z" } }),
    want: KEPT,
  },
  { name: "that a run may just have created is kept", object: marked(young), trigger: living(), want: YOUNG },
  {
    name: "without a time of creation is kept",
    object: marked({ creationTimestamp: "" }),
    trigger: living(),
    want: YOUNG,
  },
  {
    name: "of a trigger whose last run failed is kept",
    trigger: living({ ready: { ...READY, status: "False" } }),
    want: UNSURE,
  },
  {
    name: "of a trigger that has been edited since its last run is kept",
    trigger: living({ ready: { ...READY, observedGeneration: 2 } }),
    want: UNSURE,
  },
  {
    name: "of a trigger of a built-in kind is judged by its outcome, not by foreign conditions",
    trigger: living({ annotations: { "koreo.dev/outcome": "retry: waiting" } }),
    want: UNSURE,
  },
  {
    name: "of a trigger of a built-in kind that is well is left",
    trigger: living({ annotations: { "koreo.dev/outcome": "ok" }, ready: { ...READY, status: "False" } }),
    want: UNNAMED,
  },
];

describe("an object with a mark that fits", () => {
  it.each(CASES)("$name", ({ object = marked(), trigger, isManaged = false, want }) => {
    const holder = markHolder(object, IDENTITY);
    if (holder === undefined) throw new Error("the mark must fit");
    const request = { identity: IDENTITY, object, holder, trigger, isManaged, nowMs: NOW_MS, minAgeMs: MIN_AGE_MS };
    expect(judgeLeft(request)).toEqual(want);
  });
});

describe("records of a trigger", () => {
  it("name what it only reads, and do not manage it", () => {
    const { named, managed } = recordsOf(living({ annotations: inventory("u1", true) }));
    expect([[...named], [...managed]]).toEqual([["/ConfigMap/apps/settings"], []]);
  });
});
