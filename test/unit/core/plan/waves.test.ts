/** In which order what steps made has to go: what a step is built on stands below it, with all that sub-workflows make. */
import { describe, expect, it } from "vitest";
import { definitionOf } from "../../../../src/core/manifest/definition.ts";
import { readYaml } from "../../../../src/core/manifest/read-yaml.ts";
import { compileCatalog } from "../../../../src/core/plan/catalog.ts";

const leaf = `
apiVersion: koreo.dev/v1beta1
kind: ValueFunction
metadata: { name: leaf, namespace: defs }
spec: { return: { out: x } }
`;
type Called = string | readonly string[];
/** A Workflow of steps as `label: calls after...`; several called ones are the cases of a switch. */
function workflow(
  name: string,
  steps: readonly { label: string; calls?: Called; after?: readonly string[] }[],
): string {
  const ref = (called: string) => `kind: ${called === "leaf" ? "ValueFunction" : "Workflow"}, name: ${called}`;
  const logicOf = (calls: Called) =>
    typeof calls === "string"
      ? `ref: { ${ref(calls)} }`
      : `refSwitch: { switchOn: =parent.which, cases: [${calls.map((each) => `{ case: ${each}, ${ref(each)} }`).join(", ")}] }`;
  const lines = steps.map(({ label, calls = "leaf", after = [] }) => {
    const inputs = after.map((each) => `${each}: =steps.${each}.out`).join(", ");
    return `
    - label: ${label}
      ${logicOf(calls)}
      inputs: { ${inputs} }
      state: { out: =value.out }`;
  });
  return `
---
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: ${name}, namespace: defs }
spec:
  steps:${lines.join("")}
`;
}

const ROW = workflow("row", [{ label: "x" }, { label: "y", after: ["x"] }, { label: "z", after: ["y"] }]);

function wavesOf(name: string, ...yaml: readonly string[]): Readonly<Record<string, number>> {
  const { documents } = readYaml([leaf, ...yaml].join("\n"));
  const sources = documents.flatMap(({ value }) => definitionOf(value, "defs") ?? []);
  const compiled = compileCatalog(sources, { namespaces: ["defs"] }).entry("Workflow", "defs", name)?.compiled;
  if (compiled?.kind !== "Workflow" || compiled.prepared.kind !== "ready") throw new Error("no plan");
  return Object.fromEntries(compiled.prepared.plan.steps.map(({ label, wave }) => [label, wave]));
}

describe("the wave of a step", () => {
  it("is one more than the deepest of those it is built on, where they call functions", () => {
    expect(wavesOf("row", ROW)).toEqual({ x: 0, y: 1, z: 2 });
  });

  it("is above every step of a sub-workflow that it is built on", () => {
    const main = workflow("main", [
      { label: "base", calls: "row" },
      { label: "dependent", after: ["base"] },
    ]);
    expect(wavesOf("main", ROW, main)).toEqual({ base: 0, dependent: 3 });
  });

  it("counts sub-workflows of sub-workflows", () => {
    const middle = workflow("middle", [{ label: "a" }, { label: "b", calls: "row", after: ["a"] }]);
    const main = workflow("main", [
      { label: "base", calls: "middle" },
      { label: "beside" },
      { label: "dependent", after: ["base", "beside"] },
      { label: "last", after: ["dependent"] },
    ]);
    expect(wavesOf("main", main, middle, ROW)).toEqual({ base: 0, beside: 0, dependent: 4, last: 5 });
  });

  it("is above the deepest case of a switch, whichever is taken", () => {
    const flat = workflow("flat", [{ label: "only" }]);
    const main = workflow("main", [
      { label: "base", calls: ["flat", "row"] },
      { label: "dependent", after: ["base"] },
    ]);
    expect(wavesOf("main", main, flat, ROW)).toEqual({ base: 0, dependent: 3 });
  });

  it("is a number that fits JSON however deep Workflows are nested", () => {
    const levels = Array.from({ length: 120 }, (_, level) =>
      workflow(`level-${level}`, [
        { label: "a", calls: level === 0 ? "row" : `level-${level - 1}` },
        { label: "b", calls: level === 0 ? "row" : `level-${level - 1}`, after: ["a"] },
      ]),
    );
    const wave = wavesOf("level-119", ROW, ...levels)["b"] ?? -1;
    expect([Number.isSafeInteger(wave), wave > 1000]).toEqual([true, true]);
  });
});
