/** `koreo.dev/managed-resources`: what a run could not tell keeps its last known entry. */
import { describe, expect, it } from "vitest";
import { knownManaged, type ManagedEntry } from "../../../../src/core/status/managed.ts";

const object = (name: string) => ({ kind: "ConfigMap", name, namespace: "apps" });
const workflow = (resources: Readonly<Record<string, ManagedEntry>>) => ({ workflow: "flow.v1", resources });

describe("the record of managed objects", () => {
  const a = object("a");
  const b = object("b");
  it.each([
    {
      name: "a step that could not tell keeps its entry",
      now: { net: undefined },
      before: { net: a },
      want: { net: a },
    },
    { name: "one that manages nothing loses it", now: { net: null }, before: { net: a }, want: { net: null } },
    { name: "one that was never known is null", now: { net: undefined }, before: {}, want: { net: null } },
    { name: "a step that is no more goes", now: { net: a }, before: { net: b, old: b }, want: { net: a } },
    { name: "an item keeps its own", now: { each: [undefined, b] }, before: { each: [a, b] }, want: { each: [a, b] } },
    {
      name: "an item whose object another item names now does not keep it",
      now: { each: [undefined, a] },
      before: { each: [a, b] },
      want: { each: [null, a] },
    },
    {
      name: "the steps of a sub-workflow keep theirs",
      now: { sub: workflow({ net: undefined, zone: b }) },
      before: { sub: workflow({ net: a, zone: a }) },
      want: { sub: workflow({ net: a, zone: b }) },
    },
    {
      name: "a sub-workflow that is not ready keeps all",
      now: { sub: {} },
      before: { sub: workflow({ net: a }) },
      want: { sub: workflow({ net: a }) },
    },
    { name: "one that never was is empty", now: { sub: {} }, before: {}, want: { sub: {} } },
  ])("$name", ({ now, before, want }) => {
    expect(knownManaged(workflow(now), JSON.parse(JSON.stringify(workflow(before))))).toEqual(workflow(want));
  });

  it("keeps what stands when the plan is not ready", () => {
    const before = { workflow: "flow.v1", resources: { net: a } };
    expect(knownManaged({}, before)).toEqual(before);
    expect(knownManaged({}, undefined)).toEqual({});
  });

  it("keeps a step's entry when the workflow has got another name", () => {
    const before = { workflow: "flow.v0", resources: { net: a } };
    expect(knownManaged(workflow({ net: undefined }), before)).toEqual(workflow({ net: a }));
  });

  it("starts anew from a damaged record", () => {
    expect(knownManaged(workflow({ net: undefined }), ["damaged"])).toEqual(workflow({ net: null }));
  });
});
