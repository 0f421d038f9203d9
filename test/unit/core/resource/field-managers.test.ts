import { describe, expect, it } from "vitest";
import { otherManager } from "../../../../src/core/resource/field-managers.ts";

const at = (manager: string, time: string, subresource?: string) => ({
  manager,
  time,
  operation: "Update",
  ...(subresource !== undefined && { subresource }),
});

describe("who else writes an object", () => {
  it.each([
    { name: "nobody without a record", managedFields: undefined, want: undefined },
    { name: "nobody but us", managedFields: [at("koreo-cluster", "2026-01-02T00:00:00Z")], want: undefined },
    {
      name: "who wrote last",
      managedFields: [
        at("helm", "2026-01-03T00:00:00Z"),
        at("kubectl", "2026-01-01T00:00:00Z"),
        at("koreo-cluster", "2026-01-04T00:00:00Z"),
      ],
      want: "helm",
    },
    {
      name: "not who writes its status",
      managedFields: [at("kubectl", "2026-01-01T00:00:00Z"), at("deployer", "2026-01-03T00:00:00Z", "status")],
      want: "kubectl",
    },
  ])("is $name", ({ managedFields, want }) => {
    const metadata = managedFields === undefined ? {} : { managedFields };
    expect(otherManager({ metadata })).toBe(want);
  });
});
