import { describe, expect, it } from "vitest";
import { definitionOf } from "../../../../src/core/manifest/definition.ts";
import { readYaml } from "../../../../src/core/manifest/read-yaml.ts";
import { unusedDefinitions, type UnusedRequest } from "../../../../src/core/prune/unused-definitions.ts";

const FIRST = "defs";

/** One definition. @param spec - YAML flow; `namespace/name` puts it elsewhere than in the first namespace */
function definition(kind: string, id: string, spec: string): string {
  const [name = "", namespace = FIRST] = id.split("/").reverse();
  return `---\napiVersion: koreo.dev/v1beta1\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n`;
}

const KIND = "crdRef: { apiGroup: test, version: v1, kind: Shop }";
const calls = (...refs: readonly string[]) =>
  `steps: [${refs.map((ref, at) => `{ label: s${at}, ref: { kind: ${ref.split("/")[0] ?? ""}, name: ${ref.split("/")[1] ?? ""} } }`).join(", ")}]`;
const value = (id: string) => definition("ValueFunction", id, "{ return: { a: 1 } }");
const template = (id: string) => definition("ResourceTemplate", id, "{ template: {} }");
const test = (id: string, kind: string, name: string) =>
  definition("FunctionTest", id, `{ functionRef: { kind: ${kind}, name: ${name} } }`);

const CASES: readonly {
  readonly name: string;
  readonly given: string;
  readonly asked?: UnusedRequest<never>["asked"];
  readonly namespaces?: readonly string[];
  readonly want: readonly string[];
}[] = [
  {
    name: "a function that no Workflow calls goes, and one that a step calls stays",
    given:
      definition("Workflow", "shop", `{ ${KIND}, ${calls("ValueFunction/called")} }`) + value("called") + value("idle"),
    want: ["ValueFunction/defs/idle"],
  },
  {
    name: "a case of a switch is a use",
    given:
      definition(
        "Workflow",
        "shop",
        `{ ${KIND}, steps: [{ label: s, refSwitch: { switchOn: =inputs.a, cases: [{ case: x, kind: ValueFunction, name: chosen }] } }] }`,
      ) + value("chosen"),
    want: [],
  },
  {
    name: "templates and overlays of a function that is called stay",
    given:
      definition("Workflow", "shop", `{ ${KIND}, ${calls("ResourceFunction/keep")} }`) +
      definition(
        "ResourceFunction",
        "keep",
        "{ resourceTemplateRef: { name: base }, overlays: [{ overlayRef: { kind: ValueFunction, name: over } }] }",
      ) +
      template("base") +
      template("other") +
      value("over"),
    want: ["ResourceTemplate/defs/other"],
  },
  {
    name: "where an expression names the template every template is in use",
    given:
      definition("Workflow", "shop", `{ ${KIND}, ${calls("ResourceFunction/keep")} }`) +
      definition("ResourceFunction", "keep", "{ resourceTemplateRef: { name: =inputs.size } }") +
      template("small") +
      template("large"),
    want: [],
  },
  {
    name: "but not where a function names it so that nothing calls",
    given:
      definition("ResourceFunction", "keep", "{ resourceTemplateRef: { name: =inputs.size } }") + template("small"),
    want: ["ResourceFunction/defs/keep", "ResourceTemplate/defs/small"],
  },
  {
    name: "a sub-workflow that one in use calls stays, another goes with all that only it uses",
    given:
      definition("Workflow", "shop", `{ ${KIND}, ${calls("Workflow/part")} }`) +
      definition("Workflow", "part", `{ ${calls("ValueFunction/deep")} }`) +
      definition("Workflow", "idle", `{ ${calls("ValueFunction/shallow")} }`) +
      value("deep") +
      value("shallow"),
    want: ["Workflow/defs/idle", "ValueFunction/defs/shallow"],
  },
  {
    name: "Workflows that only call each other go",
    given:
      definition("Workflow", "a", `{ ${calls("Workflow/b")} }`) +
      definition("Workflow", "b", `{ ${calls("Workflow/a")} }`),
    want: ["Workflow/defs/a", "Workflow/defs/b"],
  },
  {
    name: "a Workflow that a trigger asks for by name stays",
    given: definition("Workflow", "asked", `{ ${calls("ValueFunction/one")} }`) + value("one"),
    asked: new Set(["asked"]),
    want: [],
  },
  {
    name: "where nobody can tell what triggers ask for every Workflow stays",
    given: definition("Workflow", "maybe", `{ ${calls("ValueFunction/one")} }`) + value("one"),
    asked: "unknown",
    want: [],
  },
  {
    name: "a test is no use: it goes with its function, and before it; one of a function in use stays",
    given:
      definition("Workflow", "shop", `{ ${KIND}, ${calls("ValueFunction/called")} }`) +
      value("called") +
      value("idle") +
      test("of-called", "ValueFunction", "called") +
      test("of-idle", "ValueFunction", "idle"),
    want: ["FunctionTest/defs/of-idle", "ValueFunction/defs/idle"],
  },
  {
    name: "a test whose function is not there is left",
    given: test("early", "ValueFunction", "late"),
    want: [],
  },
  {
    name: "a WorkflowTest goes with its Workflow",
    given:
      definition("Workflow", "idle", `{ ${calls()} }`) +
      definition("WorkflowTest", "of-idle", "{ workflowRef: { name: idle } }"),
    want: ["WorkflowTest/defs/of-idle", "Workflow/defs/idle"],
  },
  {
    name: "of two definitions of one name that is used which the caller sees first",
    given:
      definition("Workflow", "shop", `{ ${KIND}, ${calls("ValueFunction/twice")} }`) +
      value("twice") +
      value("more/twice"),
    namespaces: [FIRST, "more"],
    want: ["ValueFunction/more/twice"],
  },
  {
    name: "what another namespace refers to is in use whatever order it looks in, and what is there is left",
    given:
      definition("Workflow", "others/theirs", `{ ${calls("ValueFunction/shared")} }`) +
      value("shared") +
      value("more/shared") +
      value("others/idle"),
    namespaces: [FIRST, "more"],
    want: [],
  },
];

describe("unusedDefinitions", () => {
  it.each(CASES)("$name", ({ given, asked = new Set<string>(), namespaces = [FIRST], want }) => {
    const sources = readYaml(given).documents.flatMap(({ value }) => definitionOf(value, "") ?? []);
    const found = unusedDefinitions({ sources, namespaces, asked });
    expect(found.map(({ source }) => `${source.kind}/${source.namespace}/${source.name}`)).toEqual(want);
  });
});
