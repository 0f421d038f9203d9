/** What a tenant may store: no definition keeps others from being compiled, or makes more than a page of faults. */
import { describe, expect, it } from "vitest";
import type { Value } from "../../../../src/core/cel/value.ts";
import type { DefinitionSource } from "../../../../src/core/manifest/definition.ts";
import { specChecksOf } from "../../../../src/core/manifest/schema.ts";
import { compileCatalog } from "../../../../src/core/plan/catalog.ts";
import type { DefinitionKind } from "../../../../src/core/plan/plan.ts";
import { reportDefinition } from "../../../../src/core/status/report.ts";
import { CRD_FILES, objectsIn } from "../../../support/manifest-files.ts";

const checks = specChecksOf(objectsIn(CRD_FILES));
const source = (kind: DefinitionKind, name: string, spec: Value): DefinitionSource => ({
  kind,
  namespace: "default",
  name,
  uid: "",
  generation: 1,
  spec,
});
const NEIGHBOUR = source("ValueFunction", "neighbour", { return: { a: 1 } });

let deep: Value = 1;
for (let level = 0; level < 9000; level += 1) deep = { a: deep };
/** More than a call takes arguments. */
const many: Value = Array.from({ length: 150_000 }, () => "=");
const api = { apiVersion: "v1", kind: "ConfigMap", name: "a", namespace: "b" };
const step = { label: "one", ref: { kind: "ValueFunction", name: "neighbour" } };

const ROWS: readonly { readonly name: string; readonly kind: DefinitionKind; readonly spec: Value }[] = [
  { name: "a return of 9,000 levels", kind: "ValueFunction", spec: { return: { deep } } },
  { name: "a template of 9,000 levels", kind: "ResourceTemplate", spec: { template: { ...api, deep } } },
  { name: "a resource of 9,000 levels", kind: "ResourceFunction", spec: { apiConfig: api, resource: { deep } } },
  { name: "inputs of 9,000 levels", kind: "Workflow", spec: { steps: [{ ...step, inputs: { deep } }] } },
  {
    name: "a test of 9,000 levels",
    kind: "FunctionTest",
    spec: { functionRef: step.ref, testCases: [{ expectReturn: { deep } }] },
  },
  { name: "150,000 wrong expressions in a return", kind: "ValueFunction", spec: { return: { many } } },
  {
    name: "150,000 wrong expressions in locals",
    kind: "ValueFunction",
    spec: { locals: { a: 1, b: "=locals.a", many }, return: { a: 1 } },
  },
  { name: "150,000 wrong expressions in a step", kind: "Workflow", spec: { steps: [{ ...step, inputs: { many } }] } },
  {
    name: "150,000 wrong expressions in an overlay",
    kind: "ResourceFunction",
    spec: { apiConfig: api, resource: {}, overlays: [{ overlay: { many } }] },
  },
  { name: "150,000 wrong steps", kind: "Workflow", spec: { steps: Array.from({ length: 150_000 }, () => 1) } },
];

describe("a definition with", () => {
  it.each(ROWS)("$name", { timeout: 60_000 }, ({ kind, spec }) => {
    const catalog = compileCatalog([source(kind, "hostile", spec), NEIGHBOUR], { namespaces: ["default"], checks });
    const hostile = catalog.entry(kind, "default", "hostile");
    expect(hostile?.faults.length).toBeGreaterThan(0);
    expect(hostile?.faults.length).toBeLessThanOrEqual(101);
    expect(hostile?.readiness).toMatchObject({ kind: "permFail" });
    expect(catalog.entry("ValueFunction", "default", "neighbour")).toMatchObject({ faults: [], readiness: undefined });
    if (hostile === undefined) return;
    const status = reportDefinition({ entry: hostile, previous: null, observedGeneration: 1, nowMs: 0 });
    expect(JSON.stringify(status).length).toBeLessThan(20_000);
  });
});
