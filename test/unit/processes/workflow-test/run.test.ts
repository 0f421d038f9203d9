/** A WorkflowTest on its own cluster: what its cases do, what they find wrong, and what they leave to each other. */
import { describe, expect, it } from "vitest";
import { definitionOf } from "../../../../src/core/manifest/definition.ts";
import { readYaml } from "../../../../src/core/manifest/read-yaml.ts";
import type { JsonObject } from "../../../../src/core/json.ts";
import { specChecksOf } from "../../../../src/core/manifest/schema.ts";
import { compileCatalog } from "../../../../src/core/plan/catalog.ts";
import { runWorkflowTest, type WorkflowTestResult } from "../../../../src/processes/workflow-test/run.ts";
import { CRD_FILES, objectsIn } from "../../../support/manifest-files.ts";

const DEFINITIONS = `
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: note }
spec:
  crdRef: { apiGroup: t.koreo.test, version: v1, kind: Note }
  steps:
    - label: text
      ref: { kind: ValueFunction, name: text }
      inputs: { text: =parent.spec.text }
    - label: keep
      ref: { kind: ResourceFunction, name: keep }
      inputs: { name: =parent.metadata.name, text: =steps.text.text }
      condition: { type: Kept, name: The copy }
      state: { kept: =value.text }
---
apiVersion: koreo.dev/v1beta1
kind: Workflow # another one for the same kind: on a cluster neither would run
metadata: { name: other }
spec:
  crdRef: { apiGroup: t.koreo.test, version: v1, kind: Note }
  steps: [{ label: text, ref: { kind: ValueFunction, name: text }, inputs: { text: x } }]
---
apiVersion: koreo.dev/v1beta1
kind: ValueFunction
metadata: { name: text }
spec:
  preconditions: [{ assert: '=inputs.text != ""', permFail: { message: no text } }]
  return: { text: =inputs.text }
---
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: keep }
spec:
  apiConfig: { apiVersion: v1, kind: ConfigMap, name: =inputs.name, namespace: apps }
  resource: { data: { text: =inputs.text } }
  postconditions:
    - assert: =!has(resource.metadata.annotations.hold)
      retry: { message: held back, delay: 7 }
  return: { text: =resource.data.text }
`;

const CHECKS = specChecksOf(objectsIn(CRD_FILES));

/** @param spec - YAML below `spec`, less workflow and trigger */
async function run(
  spec: string,
  { workflow = "note", more = "", trigger = "{ metadata: { name: a, namespace: apps }, spec: { text: hi } }" } = {},
): Promise<WorkflowTestResult & { readonly faults: readonly string[] }> {
  const test = `
---
apiVersion: koreo.dev/v1beta1
kind: WorkflowTest
metadata: { name: test }
spec:
  workflowRef: { name: ${workflow} }
  trigger: ${trigger}
${spec}`;
  const { documents, faults } = readYaml(`${DEFINITIONS}${more}${test}`);
  expect(faults).toEqual([]);
  const sources = documents.flatMap(({ value }) => definitionOf(value, "defs") ?? []);
  const catalog = compileCatalog(sources, { namespaces: ["defs"], checks: CHECKS });
  const entry = catalog.entry("WorkflowTest", "defs", "test");
  const said = (entry?.faults ?? []).map(({ message }) => message);
  if (entry?.compiled.kind !== "WorkflowTest" || entry.compiled.prepared.kind !== "ready") {
    return { success: false, workflowOutcome: undefined, cases: [], casesNotReached: 0, faults: said };
  }
  return { ...(await runWorkflowTest(entry.compiled.prepared.plan, { catalog, crds: [] })), faults: said };
}

/** What is wrong, case by case, in one line each. */
function complaints({ cases }: WorkflowTestResult): readonly string[] {
  return cases.flatMap(({ problem, unmet }) => [
    ...(problem === "" ? [] : [problem]),
    ...unmet.map(({ path, differences }) => `${path}: ${JSON.stringify(differences)}`),
  ]);
}

const CREATED = `
  testCases:
    - label: created
      expectActions: [{ action: create, kind: ConfigMap, name: a, namespace: apps }]
      expectConditions: [{ type: Ready, status: "True" }, { type: Kept, status: "True" }]
      expectState: { kept: hi }
      expectOutcome: { ok: {} }
      expectObjects: [{ apiVersion: v1, kind: ConfigMap, metadata: { name: a }, data: { text: hi } }]
      expectAbsent: [{ apiVersion: v1, kind: ConfigMap, name: b }]`;

describe("a WorkflowTest", () => {
  it("passes when all is as expected, whatever other Workflows there are", async () => {
    const result = await run(CREATED);
    expect(complaints(result)).toEqual([]);
    expect(result).toMatchObject({ success: true, casesNotReached: 0, cases: [{ label: "created", pass: true }] });
  });

  it("says everything that is not as expected", async () => {
    const result = await run(`
  testCases:
    - expectActions: [{ action: patch, kind: ConfigMap, name: a }]
      expectConditions: [{ type: Ready, status: "False", message: broken }, { type: Missing }]
      expectState: { kept: bye, more: 1 }
      expectOutcome: { retry: { message: "", delay: 0 } }
      expectObjects:
        - { apiVersion: v1, kind: ConfigMap, metadata: { name: a }, data: { text: bye, gone: x } }
        - { apiVersion: v1, kind: ConfigMap, metadata: { name: c } }
      expectAbsent: [{ apiVersion: v1, kind: ConfigMap, name: a }]
    - expectState: {}`);
    expect(complaints(result)).toEqual([
      'expectOutcome: "Expected(Retry(delay=0, message=)) Actual(Ok)"',
      expect.stringContaining(
        'expectConditions Ready: {"status":"expected \'False\' but found \'True\'","message"',
      ) as string,
      'expectConditions Missing: "there is no such condition, only Kept, Ready"',
      'expectState: {"kept":"expected \'`bye`\' but found \'`hi`\'","more":"missing"}',
      'expectObjects ConfigMap a: {"data":{"text":"expected \'`bye`\' but found \'`hi`\'","gone":"missing"}}',
      'expectObjects ConfigMap c: "it is not there"',
      'expectAbsent ConfigMap a: "it is there"',
      'expectActions: "expected, and not done: patch ConfigMap a"',
      'expectActions: "done, and not expected: create ConfigMap apps/a"',
    ]);
    expect(result).toMatchObject({ success: false, casesNotReached: 1 });
  });

  it("goes on from what a case left, and forgets a variant", async () => {
    const result = await run(`${CREATED}
    - label: a changed text (variant)
      variant: true
      trigger: { spec: { text: bye } }
      expectActions: [{ action: patch, kind: ConfigMap, name: a }]
      expectState: { kept: bye }
    - label: a failing variant
      variant: true
      expectState: { kept: never }
    - label: left out
      skip: true
      expectState: {}
    - label: as if nothing had been
      expectActions: []
      expectState: { kept: hi }
    - label: deleted by hand
      delete: [{ apiVersion: v1, kind: ConfigMap, name: a }]
      expectActions: [{ action: create, kind: ConfigMap, name: a }]`);
    expect(result.cases.map(({ pass, skipped }) => (skipped ? "skipped" : pass))).toEqual([
      ...[true, true, false, "skipped", true, true],
    ]);
    expect(result).toMatchObject({ success: false, casesNotReached: 0 });
  });

  it("takes what others do to objects, their status too, and the time that goes by", async () => {
    const result = await run(`
  objects: [{ apiVersion: v1, kind: ConfigMap, metadata: { name: a, annotations: { hold: "yes" } }, data: { text: old } }]
  testCases:
    - label: held back
      expectActions: [{ action: patch, kind: ConfigMap, name: a }]
      expectOutcome: { retry: { message: held back, delay: 7 } }
    - label: let go
      advanceSeconds: 7
      apply: [{ apiVersion: v1, kind: ConfigMap, metadata: { name: a, annotations: { hold: null } } }]
      expectActions: []
      expectConditions: [{ type: Ready, status: "True" }]
    - label: nothing runs
      runs: 0
      trigger: { spec: { text: other }, status: { state: { kept: mine } } }
      expectActions: []
      expectState: { kept: mine }
    - label: runs once
      runs: 1
      expectActions: [{ action: patch, kind: ConfigMap, name: a }]
    - label: the trigger is gone, and what it owns
      delete: [{ apiVersion: t.koreo.test/v1, kind: Note, name: a }]
      expectActions: []
      expectAbsent: [{ apiVersion: t.koreo.test/v1, kind: Note, name: a }]`);
    expect(complaints(result)).toEqual([]);
    expect(result.success).toBe(true);
  });

  it("names what never comes to rest", async () => {
    const restless = `
---
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: restless }
spec:
  crdRef: { apiGroup: t.koreo.test, version: v1, kind: Note }
  steps:
    - label: count
      ref: { kind: ValueFunction, name: text }
      inputs: { text: '=has(parent.state.text) ? parent.state.text + "x" : "x"' }
      state: { text: =value.text }
    - label: keep
      ref: { kind: ResourceFunction, name: keep }
      inputs: { name: =steps.count.text, text: more }
`;
    const result = await run("  testCases: [{ expectActions: [] }]", { workflow: "restless", more: restless });
    const said = "the Workflow does not settle: each of 20 runs wrote something, at last create ConfigMap";
    expect(complaints(result).join()).toContain(said);
  });

  it("says what the cluster refuses", async () => {
    const result = await run(`
  testCases:
    - apply: [{ apiVersion: v1, kind: ConfigMap, metadata: { name: "Not A Name" } }]
      expectActions: []`);
    expect(complaints(result).join()).toContain('metadata.name: Invalid value: "Not A Name"');
    const gone = await run(`
  testCases: [{ delete: [{ apiVersion: v1, kind: ConfigMap, name: x }], expectActions: [] }]`);
    expect(complaints(gone).join()).toContain('configmaps "x" not found');
  });

  it.each<[what: string, spec: string, options: { workflow?: string; trigger?: string }, fault: RegExp]>([
    [
      "a case without expectation",
      "  testCases: [{ label: x }]",
      {},
      /testCases\[0\].*at least one of "expectOutcome"/,
    ],
    [
      "a trigger of another kind",
      "",
      { trigger: "{ kind: Other, metadata: { name: a } }" },
      /spec.trigger.kind` is Other, but the Workflow is for Note/,
    ],
    [
      "a trigger without name",
      "",
      { trigger: "{ metadata: {} }" },
      /spec.trigger.metadata must have required property 'name'/,
    ],
    [
      "an object without kind",
      "  objects: [{ apiVersion: v1, metadata: { name: a } }]",
      {},
      /spec.objects\[0\]` must have kind/,
    ],
    ["no outcome", "  testCases: [{ expectOutcome: {} }]", {}, /expectOutcome must have exactly one of "ok"/],
  ])("refuses %s", async (_what, spec, options, fault) => {
    const { faults } = await run(spec, options);
    expect(faults.join("\n")).toMatch(fault);
  });

  it("waits for a Workflow that is missing, or that nothing triggers", async () => {
    const missing = await run("  testCases: [{ expectActions: [] }]", { workflow: "missing" });
    expect(missing.workflowOutcome?.message).toBe("Workflow (missing) not found, WorkflowTest 'test' must wait.");
    const called = `
---
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: called }
spec: { steps: [{ label: text, ref: { kind: ValueFunction, name: text }, inputs: { text: x } }] }
`;
    const untriggered = await run("  testCases: [{ expectActions: [] }]", { workflow: "called", more: called });
    expect(untriggered.workflowOutcome?.message).toContain("has no crdRef");
    expect(untriggered.casesNotReached).toBe(1);
  });

  it.each([
    ["another object", "{ metadata: { name: b } }", /metadata.name` is not that of spec.trigger/],
    ["another kind", "{ kind: Other }", /trigger.kind` is not that of spec.trigger/],
    ["another Workflow", "{ metadata: { annotations: { koreo.dev/workflow: other } } }", /names the Workflow other/],
    ["no object at all", "{ metadata: abc }", /metadata` must be a map/],
  ])("refuses a case whose trigger is %s", async (_what, patch, fault) => {
    const { faults } = await run(`  testCases: [{ trigger: ${patch}, expectActions: [] }]`);
    expect(faults.join("\n")).toMatch(fault);
  });

  it("knows no kind that nobody makes: a slip of the pen is no object that is absent", async () => {
    const result = await run(`
  testCases: [{ expectAbsent: [{ apiVersion: v1, kind: ConfigMpa, name: a }] }]`);
    expect(complaints(result).join()).toContain("nothing here is of kind ConfigMpa (v1)");
  });

  it("takes actions without a namespace for those in the trigger's", async () => {
    const result = await run("  testCases: [{ expectActions: [{ action: create, kind: ConfigMap, name: a }] }]", {
      trigger: "{ metadata: { name: a, namespace: elsewhere }, spec: { text: hi } }",
    });
    expect(complaints(result)).toHaveLength(2);
  });

  it("runs for the version of its own Workflow, whatever others there are", async () => {
    const newer = `
---
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: a-newer }
spec:
  crdRef: { apiGroup: t.koreo.test, version: v2, kind: Note }
  steps: [{ label: text, ref: { kind: ValueFunction, name: text }, inputs: { text: x } }]
`;
    expect(complaints(await run(CREATED, { more: newer }))).toEqual([]);
  });

  it("goes by the CustomResourceDefinitions it is given", async () => {
    const { documents } = readYaml(`${DEFINITIONS}
---
apiVersion: koreo.dev/v1beta1
kind: WorkflowTest
metadata: { name: test }
spec:
  workflowRef: { name: note }
  trigger: { metadata: { name: a }, spec: { text: hi } }
  testCases: [{ expectConditions: [{ type: Ready, status: "True" }], expectState: { kept: hi } }]`);
    const sources = documents.flatMap(({ value }) => definitionOf(value, "defs") ?? []);
    const catalog = compileCatalog(sources, { namespaces: ["defs"] });
    const compiled = catalog.entry("WorkflowTest", "defs", "test")?.compiled;
    if (compiled?.kind !== "WorkflowTest" || compiled.prepared.kind !== "ready") throw new Error("not ready");
    const crd: JsonObject = {
      kind: "CustomResourceDefinition",
      spec: {
        group: "t.koreo.test",
        scope: "Cluster",
        names: { kind: "Note", plural: "notes" },
        versions: [{ name: "v1", subresources: {} }],
      },
    };
    const result = await runWorkflowTest(compiled.prepared.plan, { catalog, crds: [crd] });
    expect(complaints(result)).toEqual([]);
  });
});
