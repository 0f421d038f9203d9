/** What people are shown of a Workflow. */
import { describe, expect, it } from "vitest";
import { workflowGraph, type WorkflowGraph } from "../../../../src/core/plan/graph-view.ts";
import { catalogOf } from "../../../support/definitions.ts";

const PLATFORM = `
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: outer }
spec:
  crdRef: { apiGroup: a.b, version: v1, kind: App }
  steps:
    - label: plan
      ref: { kind: ValueFunction, name: names }
    - label: zones
      forEach: { itemIn: =steps.plan.zones, inputKey: zone }
      skipIf: =steps.plan.none
      ref: { kind: Workflow, name: inner }
    - label: store
      refSwitch:
        switchOn: =steps.plan.kind
        cases:
          - { case: map, kind: ResourceFunction, name: map }
          - { case: any, kind: ResourceFunction, name: any, default: true }
    - label: again
      ref: { kind: Workflow, name: inner }
---
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: inner }
spec: { steps: [{ label: read, ref: { kind: ResourceFunction, name: read } }, { label: lost, ref: { kind: ValueFunction, name: lost } }] }
---
apiVersion: koreo.dev/v1beta1
kind: ValueFunction
metadata: { name: names }
spec: { return: { zones: [a], none: false, kind: map } }
---
apiVersion: koreo.dev/v1beta1
kind: ResourceTemplate
metadata: { name: base }
spec: { template: { apiVersion: v1, kind: ConfigMap } }
---
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: map }
spec:
  apiConfig: { apiVersion: v1, kind: ConfigMap, name: a, namespace: b }
  resourceTemplateRef: { name: base }
  overlays: [{ overlayRef: { kind: ValueFunction, name: names } }]
---
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: any }
spec:
  apiConfig: { apiVersion: apps/v1, kind: Deployment, name: a, namespace: b }
  resourceTemplateRef: { name: =inputs.template }
---
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: read }
spec: { apiConfig: { apiVersion: v1, kind: Secret, name: a, namespace: b, readonly: true }, resource: {} }
`;
const catalog = catalogOf(PLATFORM);
const draw = (options: Partial<Parameters<typeof workflowGraph>[2]> = {}): WorkflowGraph => {
  const entry = catalog.entry("Workflow", "defs", "outer");
  if (entry === undefined) throw new Error("no such Workflow");
  return workflowGraph(catalog, entry, { maxNodes: 1000, isOpen: () => true, ...options });
};
const lines = ({ edges }: WorkflowGraph) =>
  edges.map(
    ({ from, relation, to, switchCase }) =>
      `${from} ${relation} ${to}${switchCase === undefined ? "" : ` (${switchCase})`}`,
  );
const id = (name: string) => `step:Workflow/defs/${name}`;

describe("the graph of a Workflow", () => {
  it("joins steps by what they use, and each with what it calls", () => {
    expect(lines(draw())).toEqual(
      expect.arrayContaining([
        `Workflow/defs/outer step ${id("outer/plan")}`,
        `${id("outer/plan")} before ${id("outer/zones")}`,
        `${id("outer/plan")} calls ValueFunction/defs/names`,
        `${id("outer/store")} calls ResourceFunction/defs/map (map)`,
        `${id("outer/store")} calls ResourceFunction/defs/any (default)`,
        "ResourceFunction/defs/map manages kind:v1/ConfigMap",
        "ResourceFunction/defs/map template ResourceTemplate/defs/base",
        "ResourceFunction/defs/map overlay ValueFunction/defs/names",
        "ResourceFunction/defs/any anyTemplate ResourceTemplate/defs/base",
        "ResourceFunction/defs/read reads kind:v1/Secret",
      ]),
    );
  });

  it("tells of each step what it is", () => {
    const zones = draw().nodes.find((node) => node.id === id("outer/zones"));
    expect(zones).toMatchObject({ label: "zones", wave: 1, isForEach: true, isConditional: true, health: "ready" });
  });

  it("draws what is called twice once, and every edge has its ends", () => {
    const { nodes, edges, isCut } = draw();
    expect(isCut).toBe(false);
    expect(new Set(nodes.map((node) => node.id)).size).toBe(nodes.length);
    const ids = new Set(nodes.map((node) => node.id));
    expect(edges.filter(({ from, to }) => !ids.has(from) || !ids.has(to))).toEqual([]);
    expect(new Set(lines(draw())).size).toBe(edges.length);
  });

  it("shows what is broken: the step, and what is not there", () => {
    const graph = draw();
    const health = new Map(graph.nodes.map((node) => [node.id, "health" in node ? node.health : ""]));
    expect(health.get("Workflow/defs/inner")).toBe("faulty");
    expect(health.get(id("inner/lost"))).toBe("faulty");
    expect(health.get(id("inner/read"))).toBe("ready");
    expect(health.get("ValueFunction/defs/lost")).toBe("missing");
    expect(lines(graph)).toContain("Workflow/defs/inner uses ValueFunction/defs/lost");
  });

  it("is cut where it is too large, and says so", () => {
    const { nodes, isCut } = draw({ maxNodes: 5 });
    expect([nodes.length, isCut]).toEqual([5, true]);
  });

  it("shows nothing inside of what is closed", () => {
    const { nodes } = draw({ isOpen: ({ kind }) => kind === "Workflow" });
    expect(nodes.filter(({ type }) => type === "kind")).toEqual([]);
    expect(nodes.map((node) => node.id)).toContain("ResourceFunction/defs/map");
  });

  it("holds no expression and no value", () => {
    expect(JSON.stringify(draw())).not.toMatch(/inputs\.|steps\.|zones:/);
  });
});
