/** What the engine's own check of a spec, built from our CRDs, refuses and lets pass; limits and rules are Koreo's. */
import { describe, expect, it } from "vitest";
import type { Value } from "../../../src/core/cel/value.ts";
import { specChecksOf } from "../../../src/core/manifest/schema.ts";
import type { DefinitionKind } from "../../../src/core/plan/plan.ts";
import { CRD_FILES, objectsIn } from "../../support/manifest-files.ts";

const checks = specChecksOf(objectsIn(CRD_FILES));

interface Row {
  readonly name: string;
  readonly kind: DefinitionKind;
  readonly spec: Value;
  /** What is refused, as text that the message holds; undefined when it passes. */
  readonly fault?: string;
}

const api = { apiVersion: "v1", kind: "ConfigMap", name: "a", namespace: "b" };
const step = { label: "one", ref: { kind: "ValueFunction", name: "f" } };
const steps = (change: Record<string, Value>) => ({ steps: [{ ...step, ...change }] });
const resourceFunction = (change: Record<string, Value>) => ({ apiConfig: api, resource: {}, ...change });
const many = (count: number, item: Value) => Array.from({ length: count }, () => item);
const holds = { assert: "=true", skip: { message: "" } };

const ROWS: readonly Row[] = [
  { name: "a step", kind: "Workflow", spec: steps({}) },
  { name: "no steps at all, which the engine reports itself", kind: "Workflow", spec: { steps: [] } },
  { name: "20 steps", kind: "Workflow", spec: { steps: many(20, step) } },
  { name: "21 steps", kind: "Workflow", spec: { steps: many(21, step) }, fault: "spec.steps" },
  { name: "the word steps missing", kind: "Workflow", spec: {}, fault: "steps" },
  { name: "a label of 2 characters", kind: "Workflow", spec: steps({ label: "ab" }), fault: "spec.steps[0].label" },
  { name: "a label of 45 characters", kind: "Workflow", spec: steps({ label: "a".repeat(45) }) },
  { name: "a label of 46 characters", kind: "Workflow", spec: steps({ label: "a".repeat(46) }), fault: "45" },
  { name: "a label with a dash", kind: "Workflow", spec: steps({ label: "a-b-c" }), fault: "spec.steps[0].label" },
  {
    name: "ref and refSwitch",
    kind: "Workflow",
    spec: steps({ refSwitch: {} }),
    fault: "exactly one of",
  },
  {
    name: "a step of an unknown kind",
    kind: "Workflow",
    spec: steps({ ref: { kind: "Test", name: "f" } }),
    fault: "ref.kind",
  },
  {
    name: "a forEach without its key",
    kind: "Workflow",
    spec: steps({ forEach: { itemIn: "=[]" } }),
    fault: "inputKey",
  },
  { name: "a condition", kind: "Workflow", spec: steps({ condition: { type: "AppReady", name: "The app" } }) },
  {
    name: "a condition in lower case",
    kind: "Workflow",
    spec: steps({ condition: { type: "ready", name: "n" } }),
    fault: "type",
  },
  {
    name: "a state of 11 members",
    kind: "Workflow",
    spec: steps({ state: Object.fromEntries(many(11, "").map((_, index) => [`m${index}`, "=value"])) }),
    fault: "spec.steps[0].state",
  },
  { name: "half a crdRef", kind: "Workflow", spec: { crdRef: { kind: "App" }, steps: [step] }, fault: "apiGroup" },
  {
    name: "a text that is no expression, which only the API server refuses",
    kind: "Workflow",
    spec: steps({ skipIf: "true" }),
  },

  { name: "an empty return", kind: "ValueFunction", spec: { return: {} } },
  {
    name: "locals alone",
    kind: "ValueFunction",
    spec: { locals: {} },
    fault: "at least one of",
  },
  { name: "20 predicates", kind: "ValueFunction", spec: { preconditions: many(20, holds) } },
  {
    name: "21 predicates",
    kind: "ValueFunction",
    spec: { preconditions: many(21, holds) },
    fault: "spec.preconditions",
  },
  { name: "ok as a verdict", kind: "ValueFunction", spec: { preconditions: [{ assert: "=true", ok: {} }] } },
  {
    name: "no verdict",
    kind: "ValueFunction",
    spec: { preconditions: [{ assert: "=true" }] },
    fault: "exactly one of",
  },
  {
    name: "a retry without a delay",
    kind: "ValueFunction",
    spec: { preconditions: [{ assert: "=true", retry: { message: "" } }] },
    fault: "delay",
  },
  {
    name: "a defaultReturn beside a verdict",
    kind: "ValueFunction",
    spec: { preconditions: [{ ...holds, defaultReturn: { a: 1 } }] },
  },

  { name: "a resource", kind: "ResourceFunction", spec: resourceFunction({}) },
  { name: "no resource", kind: "ResourceFunction", spec: { apiConfig: api }, fault: "exactly one of" },
  {
    name: "a resource and a template",
    kind: "ResourceFunction",
    spec: resourceFunction({ resourceTemplateRef: { name: "t" } }),
    fault: "exactly one of",
  },
  {
    name: "no way to update",
    kind: "ResourceFunction",
    spec: resourceFunction({ update: {} }),
    fault: "exactly one of",
  },
  {
    name: "never with a delay",
    kind: "ResourceFunction",
    spec: resourceFunction({ update: { never: { delay: 1 } } }),
    fault: "never",
  },
  {
    name: "both ways to delete",
    kind: "ResourceFunction",
    spec: resourceFunction({ delete: { abandon: {}, destroy: {} } }),
    fault: "delete",
  },
  {
    name: "a delay of 64 bits",
    kind: "ResourceFunction",
    spec: resourceFunction({ create: { delay: 9223372036854775807n } }),
  },
  ...[9223372036854775808n, -9223372036854775809n, 1e20].map((delay): Row => ({
    name: `a delay of ${delay}, which has more bits`,
    kind: "ResourceFunction",
    spec: resourceFunction({ create: { delay } }),
    fault: "spec.create.delay must be integer of 64 bits",
  })),
  {
    name: "a delay of text",
    kind: "ResourceFunction",
    spec: resourceFunction({ create: { delay: "5" } }),
    fault: "spec.create.delay",
  },
  {
    name: "30 overlays",
    kind: "ResourceFunction",
    spec: resourceFunction({ overlays: many(30, { overlay: { a: 1 } }) }),
  },
  {
    name: "an overlay by a ResourceFunction",
    kind: "ResourceFunction",
    spec: resourceFunction({ overlays: [{ overlayRef: { kind: "ResourceFunction", name: "f" } }] }),
    fault: "spec.overlays[0].overlayRef.kind",
  },
  { name: "fields nobody knows", kind: "ResourceFunction", spec: resourceFunction({ later: 1 }) },

  {
    name: "a template without a kind, which the engine reports itself",
    kind: "ResourceTemplate",
    spec: { template: {} },
  },
  { name: "no template", kind: "ResourceTemplate", spec: {}, fault: "template" },

  { name: "a test without cases", kind: "FunctionTest", spec: { functionRef: { kind: "ValueFunction", name: "f" } } },
  {
    name: "a test of a Workflow",
    kind: "FunctionTest",
    spec: { functionRef: { kind: "Workflow", name: "f" } },
    fault: "kind",
  },
  {
    name: "21 cases",
    kind: "FunctionTest",
    spec: { functionRef: { kind: "ValueFunction", name: "f" }, testCases: many(21, {}) },
    fault: "spec.testCases",
  },
];

describe("the spec check of our CRDs", () => {
  it("covers every kind", () => {
    expect([...checks.keys()].sort()).toEqual([
      "FunctionTest",
      "ResourceFunction",
      "ResourceTemplate",
      "ValueFunction",
      "Workflow",
      "WorkflowTest",
    ]);
  });

  it.each(ROWS)("$kind: $name", ({ kind, spec, fault }) => {
    const faults = checks.get(kind)?.(spec) ?? [];
    const said = faults.map(({ path, message }) => `${path}: ${message}`).join("\n");
    if (fault === undefined) expect(said).toBe("");
    else expect(said).toContain(fault);
  });
});
