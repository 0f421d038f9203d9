/** Reference and mark: when an object gets ours, takes over one, and when ours are taken off. */
import { describe, expect, it } from "vitest";
import type { KeyText } from "../../../../src/core/object-key.ts";
import { ownerReference } from "../../../../src/core/resource/owner.ts";
import { bodyOf, decideOn, MARK, metadataOf, OWNER, planOf, standing } from "./decide-on.ts";

const MARK_OF_EARLIER = { ...MARK, uid: "earlier-uid" };
const MARK_OF_ANOTHER = { ...MARK, trigger: "local/t/Request/apps/another" as KeyText, uid: "another-uid" };
const THEIRS = { apiVersion: "v1", kind: "Other", name: "theirs", uid: "their-uid" };

const PATCH = "";
const RECREATE = "update: { recreate: { delay: 5 } }";
const NEVER = "update: { never: {} }";

describe("an object that an earlier trigger of our key created", () => {
  it.each([
    { name: "under update: patch", more: PATCH },
    { name: "under update: recreate", more: RECREATE },
  ])("gets our mark and nothing else, $name (H9)", ({ more }) => {
    const action = decideOn(standing({ mark: MARK_OF_EARLIER }), planOf({ more }));
    expect(action.kind).toBe("patch");
    expect(bodyOf(action)).toEqual({
      metadata: {
        resourceVersion: "7",
        labels: { "koreo.dev/trigger-uid": OWNER.uid },
        annotations: { "koreo.dev/mark": expect.stringContaining(OWNER.uid) as unknown },
      },
    });
  });

  it("is taken over under recreate without being owned, too", () => {
    const plan = planOf({ api: "owned: false", more: RECREATE });
    expect(decideOn(standing({ mark: MARK_OF_EARLIER, owners: [] }), plan).kind).toBe("patch");
  });

  it("gets the mark with the patch that repairs it", () => {
    const action = decideOn(standing({ mark: MARK_OF_EARLIER, data: { a: "two" } }), planOf());
    expect(bodyOf(action)).toMatchObject({
      data: { a: "one" },
      metadata: { labels: { "koreo.dev/trigger-uid": OWNER.uid } },
    });
  });

  it("is left as it is under update: never", () => {
    expect(decideOn(standing({ mark: MARK_OF_EARLIER }), planOf({ more: NEVER }))).toEqual({ kind: "none" });
  });
});

describe("an equal object without our reference", () => {
  it.each([
    { name: "is recreated under recreate, as Koreo does", more: RECREATE, want: "recreate" },
    { name: "is patched under patch", more: PATCH, want: "patch" },
    { name: "is left alone under never", more: NEVER, want: "none" },
  ])("$name", ({ more, want }) => {
    expect(decideOn(standing({ owners: [], mark: null }), planOf({ more })).kind).toBe(want);
  });
});

describe("delete: abandon (H10)", () => {
  const plan = planOf({ more: "delete: { abandon: {} }" });

  it("creates without our reference, but with our mark", () => {
    const action = decideOn(null, plan, { mark: { ...MARK, policy: "abandon" } });
    expect(metadataOf(action, "ownerReferences")).toBeUndefined();
    expect(metadataOf(action, "annotations")).toHaveProperty("koreo.dev/mark");
  });

  it("does not add our reference to an object that is there", () => {
    expect(decideOn(standing({ owners: [], mark: null }), plan)).toEqual({ kind: "none" });
  });
});

describe("our reference in another API version of the trigger", () => {
  const OLD = { ...ownerReference({ ...OWNER, apiVersion: "t/v1beta1" }), controller: true };
  const NEW = { ...OLD, apiVersion: "t/v1" };
  const old = (parts: Parameters<typeof standing>[0] = {}) => standing({ owners: [THEIRS, OLD, THEIRS], ...parts });

  it.each([
    { name: "patch", more: PATCH },
    { name: "recreate", more: RECREATE },
    { name: "never", more: NEVER },
  ])("is brought up to date by a patch of it alone under $name; others' stay, each in its place", ({ more }) => {
    const action = decideOn(old(), planOf({ more }));
    expect(bodyOf(action)).toEqual({ metadata: { resourceVersion: "7", ownerReferences: [THEIRS, NEW, THEIRS] } });
    expect(decideOn(standing({ owners: [THEIRS, NEW, THEIRS] }), planOf({ more }))).toEqual({ kind: "none" });
  });

  it("is brought up to date by the patch that repairs the content", () => {
    expect(bodyOf(decideOn(old({ data: { a: "two" } }), planOf()))).toMatchObject({
      data: { a: "one" },
      metadata: { resourceVersion: "7", ownerReferences: [THEIRS, NEW, THEIRS] },
    });
  });

  it("is brought up to date by the patch that takes over a mark", () => {
    const action = decideOn(old({ mark: MARK_OF_EARLIER }), planOf());
    expect(bodyOf(action)).toMatchObject({
      metadata: { ownerReferences: [THEIRS, NEW, THEIRS], labels: { "koreo.dev/trigger-uid": OWNER.uid } },
    });
  });

  it("goes where the right one stands beside it", () => {
    const action = decideOn(standing({ owners: [OLD, THEIRS, ownerReference(OWNER)] }), planOf());
    expect(metadataOf(action, "ownerReferences")).toEqual([NEW, THEIRS]);
  });

  it("is taken off where none of ours must stay", () => {
    const action = decideOn(standing({ owners: [THEIRS, OLD] }), planOf({ api: "owned: false" }));
    expect(metadataOf(action, "ownerReferences")).toEqual([THEIRS]);
  });

  it("stays where the author writes the references himself, or the object is going", () => {
    const written = '{ apiVersion: t/v1beta1, kind: Request, name: req, uid: "trigger-uid" }';
    const plan = planOf({ more: `overlays: [{ overlay: { metadata: { ownerReferences: [${written}] } } }]` });
    const reference = { apiVersion: "t/v1beta1", kind: "Request", name: "req", uid: OWNER.uid };
    expect(decideOn(standing({ owners: [reference] }), plan)).toEqual({ kind: "none" });
    const going = old({ metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } });
    expect(decideOn(going, planOf()).kind).toBe("outcome");
  });

  it("is left as it is in FunctionTests, which judge as Koreo does", () => {
    expect(decideOn(old(), planOf(), { mode: "functionTest" })).toEqual({ kind: "none" });
  });
});

/** Plans under which a reference of ours must not stay. */
const NOT_OWNED = [
  { name: "owned: false", plan: planOf({ api: "owned: false" }) },
  { name: "owned: false under recreate", plan: planOf({ api: "owned: false", more: RECREATE }) },
  { name: "delete: abandon", plan: planOf({ more: "delete: { abandon: {} }" }) },
  { name: "delete: abandon under never", plan: planOf({ more: `delete: { abandon: {} }\n  ${NEVER}` }) },
  { name: "readonly", plan: planOf({ api: "readonly: true" }) },
];

describe.each(NOT_OWNED)("an object of ours whose function turned to $name", ({ plan }) => {
  it("loses our reference and mark in one patch; others' references stay", () => {
    const action = decideOn(standing({ owners: [THEIRS, ownerReference(OWNER)] }), plan);
    expect(bodyOf(action)).toEqual({
      metadata: {
        resourceVersion: "7",
        ownerReferences: [THEIRS],
        labels: { "koreo.dev/trigger-uid": null },
        annotations: { "koreo.dev/mark": null },
      },
    });
  });

  it("loses them once: then there is nothing to do", () => {
    expect(decideOn(standing({ owners: [THEIRS], mark: null }), plan)).toEqual({ kind: "none" });
  });

  it("that we only adopted loses our reference", () => {
    const action = decideOn(standing({ mark: null }), plan, { recordedStep: "keep" });
    expect(metadataOf(action, "ownerReferences")).toEqual([]);
  });

  it("keeps them while another living trigger's mark is on it", () => {
    expect(decideOn(standing({ mark: MARK_OF_ANOTHER }), plan, { recordedStep: "keep" })).toEqual({ kind: "none" });
  });

  it("keeps them when another step of the trigger manages it", () => {
    expect(decideOn(standing({ mark: { ...MARK, step: "other" } }), plan)).toEqual({ kind: "none" });
    expect(decideOn(standing({ mark: null }), plan, { recordedStep: "other" })).toEqual({ kind: "none" });
  });
});

describe("an object created without a reference", () => {
  it("keeps its mark under owned: false: whoever opts into destroy needs it", () => {
    expect(decideOn(standing({ owners: [] }), planOf({ api: "owned: false" }))).toEqual({ kind: "none" });
  });

  it("loses it once its function turned readonly", () => {
    const action = decideOn(standing({ owners: [] }), planOf({ api: "readonly: true" }));
    expect(metadataOf(action, "annotations")).toEqual({ "koreo.dev/mark": null });
    expect(metadataOf(action, "ownerReferences")).toBeUndefined();
  });
});

it("repairs and releases in one patch", () => {
  const action = decideOn(standing({ data: { a: "two" } }), planOf({ api: "owned: false" }));
  expect(bodyOf(action)).toMatchObject({
    data: { a: "one" },
    metadata: { ownerReferences: [], annotations: { "koreo.dev/mark": null } },
  });
});
