/** `koreo check`: each kind of finding, with its place; examples without any; output for machines. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { koreo } from "./koreo.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");

interface JsonFinding {
  readonly severity: string;
  readonly rule: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
}

async function findings(yaml: string): Promise<readonly JsonFinding[]> {
  const folder = await mkdtemp(path.join(tmpdir(), "koreo-check-"));
  await writeFile(path.join(folder, "all.yaml"), yaml);
  const { stdout } = await koreo(["check", folder, "-o", "json"]);
  return (JSON.parse(stdout) as { readonly findings: readonly JsonFinding[] }).findings;
}

const definition = (kind: string, name: string, spec: string) =>
  `---\napiVersion: koreo.dev/v1beta1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec:\n${spec}\n`;

describe("koreo check", () => {
  it.each([
    {
      name: "an expression that is none",
      yaml: definition("ValueFunction", "f", "  return:\n    a: =1 +"),
      want: { severity: "error", rule: "expression", line: 7, column: 8, path: "spec.return.a" },
    },
    {
      name: "a spec that its schema refuses",
      yaml: definition("ValueFunction", "f", "  return: text"),
      want: { severity: "error", rule: "schema", line: 6, message: "spec.return must be object" },
    },
    {
      name: "a variable that is not there",
      yaml: definition("ValueFunction", "f", "  return:\n    a: =parent.spec"),
      want: { severity: "error", rule: "unknown-variable", line: 7, column: 8 },
    },
    {
      name: "a local that is not defined",
      yaml: definition("ValueFunction", "f", "  locals: { size: 1 }\n  return:\n    a: =locals.sise"),
      want: {
        severity: "error",
        rule: "unknown-local",
        line: 8,
        message: "spec.return.a: spec.locals defines no `sise`",
      },
    },
    {
      name: "a step that does not give what its function uses",
      yaml:
        definition("ValueFunction", "f", "  return: { a: =inputs.zone }") +
        definition(
          "Workflow",
          "w",
          "  crdRef: { apiGroup: a.b, version: v1, kind: K }\n  steps:\n    - label: s\n      ref: { kind: ValueFunction, name: f }\n      inputs: { size: 1 }",
        ),
      want: { severity: "warning", rule: "missing-input", path: "spec.steps[0]" },
    },
    {
      name: "a step that gives what its function does not use",
      yaml:
        definition("ValueFunction", "f", "  return: { a: 1 }") +
        definition(
          "Workflow",
          "w",
          "  crdRef: { apiGroup: a.b, version: v1, kind: K }\n  steps:\n    - label: s\n      ref: { kind: ValueFunction, name: f }\n      inputs: { size: 1 }",
        ),
      want: { severity: "warning", rule: "unused-input", path: "spec.steps[0].inputs.size", line: 16 },
    },
    {
      name: "a step whose function is missing",
      yaml: definition(
        "Workflow",
        "w",
        "  crdRef: { apiGroup: a.b, version: v1, kind: K }\n  steps:\n    - label: one\n      ref: { kind: ValueFunction, name: nope }",
      ),
      want: { severity: "error", rule: "not-ready", path: "spec.steps[0].ref", line: 9 },
    },
    {
      name: "what only the API server refuses",
      yaml: definition(
        "ValueFunction",
        "f",
        "  preconditions:\n    - { assert: 'true', skip: { message: m } }\n  return: { a: 1 }",
      ),
      want: { severity: "error", rule: "api-server", path: "spec.preconditions[0].assert" },
    },
    {
      name: "a definition that nothing uses",
      yaml: definition("ResourceTemplate", "t", "  template: { apiVersion: v1, kind: ConfigMap }"),
      want: { severity: "warning", rule: "unused" },
    },
    {
      name: "a function without a test",
      yaml: definition("ValueFunction", "f", "  return: { a: 1 }"),
      want: { severity: "warning", rule: "untested" },
    },
    {
      name: "one definition written twice",
      yaml:
        definition("ValueFunction", "f", "  return: { a: 1 }") + definition("ValueFunction", "f", "  return: { a: 2 }"),
      want: { severity: "error", rule: "duplicate", line: 4 },
    },
    { name: "a file that is no YAML", yaml: "a: [1\nb: 2\n", want: { severity: "error", rule: "yaml" } },
  ])("finds $name", async ({ yaml, want }) => {
    expect(await findings(yaml)).toContainEqual(expect.objectContaining(want));
  });

  it("shows the line with a caret and a fix, and ends with 1", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "koreo-check-"));
    await writeFile(path.join(folder, "f.yaml"), definition("ValueFunction", "f", "  return:\n    a: =locals.x"));
    const { code, stdout } = await koreo(["check", folder]);
    expect(stdout).toContain(
      `${folder}/f.yaml:7:8: error: spec.return.a: spec.locals defines no \`x\` [unknown-local]`,
    );
    expect(stdout).toContain("  7 |     a: =locals.x\n             ^\n  fix: define it in spec.locals");
    expect(stdout).toMatch(/1 definition: 1 error, 2 warnings/);
    expect(code).toBe(1);
  });

  it("finds nothing wrong with the examples", async () => {
    const { code, stdout } = await koreo(["check", "examples/platform", "loadtest/manifests", "-o", "json"], {
      cwd: ROOT,
    });
    const { findings: found } = JSON.parse(stdout) as { readonly findings: readonly JsonFinding[] };
    expect(found.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(code).toBe(0);
  });

  it("speaks SARIF", async () => {
    const { stdout } = await koreo(["check", "loadtest/manifests", "-o", "sarif"], { cwd: ROOT });
    expect(JSON.parse(stdout)).toMatchObject({
      version: "2.1.0",
      runs: [
        { tool: { driver: { name: "koreo check" } }, results: expect.arrayContaining([expect.anything()]) as unknown },
      ],
    });
  });

  it("--strict makes warnings count", async () => {
    expect((await koreo(["check", "loadtest/manifests"], { cwd: ROOT })).code).toBe(0);
    expect((await koreo(["check", "loadtest/manifests", "--strict"], { cwd: ROOT })).code).toBe(1);
  });
});
