/** Locations in what a run came to: Koreo's own, whichever workflow they are in. */
import { expect, it } from "vitest";
import { memberAt } from "../../../../src/core/json.ts";
import { readYaml } from "../../../../src/core/manifest/read-yaml.ts";
import { definitionOf } from "../../../../src/core/manifest/definition.ts";
import { compileCatalog } from "../../../../src/core/plan/catalog.ts";
import { hasStep } from "../../../../src/core/plan/step-paths.ts";
import type { WorkflowPlan } from "../../../../src/core/plan/plan.ts";
import { summarizeWorkflow } from "../../../../src/core/status/summary.ts";

function planOf(name: string, yaml: string): WorkflowPlan {
  const sources = readYaml(yaml).documents.flatMap(({ value }) => definitionOf(value, "defs") ?? []);
  const entries = compileCatalog(sources, { namespaces: ["defs"] }).entries;
  const compiled = entries.find(({ source }) => source.name === name)?.compiled;
  if (compiled?.kind !== "Workflow" || compiled.prepared.kind !== "ready") throw new Error("does not compile");
  return compiled.prepared.plan;
}

const FLOWS = `
apiVersion: koreo.dev/v1beta1
kind: ValueFunction
metadata: { name: say, namespace: defs }
spec: { return: { text: hello } }
---
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: inner, namespace: defs }
spec:
  steps:
    - label: say
      ref: { kind: ValueFunction, name: say }
      state: { text: =value.nothing }
---
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: broken, namespace: defs }
spec:
  steps:
    - label: say
      ref: { kind: ValueFunction, name: missing }
---
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: outer, namespace: defs }
spec:
  steps:
    - label: plain
      ref: { kind: Workflow, name: inner }
    - label: chosen
      refSwitch:
        switchOn: ="a"
        cases: [{ case: a, kind: Workflow, name: inner }]
`;

it("a state that cannot be evaluated is located at its step", () => {
  const outcome = { kind: "ok", value: { text: "hello" } } as const;
  const { stateErrors } = summarizeWorkflow(planOf("inner", FLOWS), new Map([["say", { outcome, managed: null }]]));
  expect(memberAt(stateErrors, ["say"])).toMatch(/^Error evaluating `say:state` .* at value\.nothing$/);
});

it("a workflow that is not ready says so under the name of the one that called it", () => {
  const locationFor = (name?: string) => summarizeWorkflow(planOf("broken", FLOWS), new Map(), name).outcome;
  expect(locationFor()).toMatchObject({ location: "broken:spec.steps['say'].ValueFunction:missing" });
  expect(locationFor("outer")).toMatchObject({ location: "outer:spec.steps['say'].ValueFunction:missing" });
});

it.each([
  ["plain", true],
  ["plain/say", true],
  ["chosen/say", true],
  ["say", false],
  ["plain/other", false],
  ["plain/say/say", false],
])("the step %s exists: %s", (path, exists) => expect(hasStep(planOf("outer", FLOWS), path)).toBe(exists));
