/** Where an object is: the server knows better than the manifest whether a kind has namespaces. */
import { describe, expect, it } from "vitest";
import { member } from "../../../../src/core/json.ts";
import { decideAction } from "../../../../src/core/resource/decide.ts";
import { inScope, locateResource } from "../../../../src/core/resource/locate.ts";
import { withMark } from "../../../../src/core/resource/mark.ts";
import { bodyOf, MARK, metadataOf, OWNER, planOf } from "./decide-on.ts";

function located(api = "", isNamespaced = true) {
  const found = locateResource(planOf({ api }), {}, "flow.spec.steps.keep");
  if (found.kind === "outcome") throw new Error("not located");
  return inScope(found.target, isNamespaced);
}

describe("a kind that the server serves without namespaces, described with one", () => {
  const scoped = located("", false);
  if (scoped.kind === "outcome") throw new Error("not located");
  const plan = planOf();
  const request = { plan, inputs: {}, owner: OWNER, mode: "cluster", templates: () => undefined } as const;
  const mark = { ...MARK, namespace: "" };

  it("is created without namespace and without our reference", () => {
    const action = decideAction({ ...request, target: scoped.target, observed: null, mark });
    expect(metadataOf(action, "namespace")).toBeUndefined();
    expect(metadataOf(action, "ownerReferences")).toBeUndefined();
  });

  it("does not drift for the want of a namespace", () => {
    const created = bodyOf(decideAction({ ...request, target: scoped.target, observed: null, mark }));
    const observed = withMark({ ...created, metadata: member(created, "metadata") ?? {} }, mark);
    expect(decideAction({ ...request, target: scoped.target, observed, mark })).toEqual({ kind: "none" });
  });

  it("keeps the name messages use", () => expect(scoped.target.fullName).toBe("ConfigMap:apps:kept"));
});

it("refuses a namespaced kind described without namespace", () => {
  const plan = planOf({ api: "namespaced: false" });
  const noPlace = { ...plan, api: { ...plan.api, place: { references: [], evaluate: () => ({ name: "kept" }) } } };
  const found = locateResource(noPlace, {}, "flow.spec.steps.keep");
  if (found.kind === "outcome") throw new Error("not located");
  expect(inScope(found.target, true)).toMatchObject({
    outcome: { kind: "permFail", location: "spec.apiConfig.namespace" },
  });
  expect(inScope(found.target, false)).toEqual(found);
});
