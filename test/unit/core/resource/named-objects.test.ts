/** Which objects a trigger keeps, as far as its annotations tell. */
import { describe, expect, it } from "vitest";
import { namedObjects } from "../../../../src/core/resource/named-objects.ts";

const trigger = (annotations: Record<string, string>) => ({ metadata: { uid: "u1", annotations } });
const map = { apiVersion: "v1", kind: "ConfigMap", namespace: "apps", name: "one" };

describe("named objects", () => {
  it("are those of the inventory", () => {
    const objects = [
      { group: "apps", version: "v1", kind: "Deployment", namespace: "apps", name: "web", step: "a/b", wave: 0 },
    ];
    const inventory = JSON.stringify({ trigger: "u1", objects });
    expect(namedObjects(trigger({ "koreo.dev/inventory": inventory }))).toEqual([
      { apiVersion: "apps/v1", kind: "Deployment", namespace: "apps", name: "web", step: "a/b", readonly: false },
    ]);
  });

  it("else those of the original's record, however it is nested", () => {
    const resources = { a: { ...map, readonly: true }, b: [{ workflow: "w", resources: { c: map } }, null] };
    const record = JSON.stringify({ workflow: "x", resources });
    const found = namedObjects(trigger({ "koreo.dev/managed-resources": record }));
    expect(found).toEqual([
      { ...map, step: "", readonly: true },
      { ...map, step: "", readonly: false },
    ]);
  });

  it.each([
    { name: "nothing", annotations: {} },
    { name: "no JSON", annotations: { "koreo.dev/managed-resources": "{" } },
    {
      name: "another object's",
      annotations: { "koreo.dev/inventory": JSON.stringify({ trigger: "u2", objects: [map] }) },
    },
    {
      name: "a hundred thousand levels",
      annotations: { "koreo.dev/managed-resources": "[".repeat(1e5) + "]".repeat(1e5) },
    },
  ])("are none for $name", ({ annotations }) => {
    expect(namedObjects(trigger(annotations as Record<string, string>))).toEqual([]);
  });
});
