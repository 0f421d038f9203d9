/** `koreo test` as people and build servers use it. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { koreo } from "./koreo.ts";

const FUNCTION = (greeting: string) => `
apiVersion: koreo.dev/v1beta1
kind: ValueFunction
metadata: { name: greet, namespace: defs }
spec:
  preconditions:
    - { assert: =inputs.name != "", permFail: { message: name is empty } }
  return: { text: ="${greeting} " + inputs.name, list: [1, { a: =inputs.name }] }
`;
const TESTS = `
apiVersion: koreo.dev/v1beta1
kind: FunctionTest
metadata: { name: greets, namespace: defs }
spec:
  functionRef: { kind: ValueFunction, name: greet }
  inputs: { name: Ada }
  testCases:
    - label: says hello
      variant: true
      expectReturn: { text: Hello Ada, list: [1, { a: Ada }] }
    - label: needs a <name>
      variant: true
      inputOverrides: { name: "" }
      expectOutcome: { permFail: { message: name is empty } }
    - label: later
      skip: true
      expectReturn: { text: never }
---
apiVersion: koreo.dev/v1beta1
kind: FunctionTest
metadata: { name: about-nothing, namespace: defs }
spec:
  functionRef: { kind: ValueFunction, name: missing }
  testCases: [{ label: any, expectReturn: { a: 1 } }]
`;

const WITH_WORKFLOW = `
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: note, namespace: defs }
spec:
  crdRef: { apiGroup: t.koreo.test, version: v1, kind: Note }
  steps:
    - label: text
      refSwitch:
        switchOn: =inputs.tone
        cases:
          - { case: loud, kind: ValueFunction, name: loud, default: true }
          - { case: quiet, kind: ValueFunction, name: quiet }
      skipIf: =parent.spec.tone == "none"
      inputs: { tone: =parent.spec.tone }
    - label: keep
      ref: { kind: ResourceFunction, name: keep }
      inputs: { text: =steps.text.text }
---
apiVersion: koreo.dev/v1beta1
kind: ValueFunction
metadata: { name: loud, namespace: defs }
spec: { return: { text: HELLO } }
---
apiVersion: koreo.dev/v1beta1
kind: ValueFunction
metadata: { name: quiet, namespace: defs }
spec: { return: { text: hello } }
---
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: keep, namespace: defs }
spec:
  preconditions: [{ assert: '=inputs.text != ""', permFail: { message: no text } }]
  apiConfig: { apiVersion: v1, kind: ConfigMap, name: note, namespace: apps }
  resource: { data: { text: =inputs.text } }
  overlays:
    - skipIf: =inputs.text == "HELLO"
      overlay: { data: { quiet: "yes" } }
    - overlay: { data: { more: "yes" } }
---
apiVersion: koreo.dev/v1beta1
kind: WorkflowTest
metadata: { name: notes, namespace: defs }
spec:
  workflowRef: { name: note }
  trigger: { metadata: { name: a }, spec: { tone: loud } }
  testCases:
    - expectConditions: [{ type: Ready, status: "True" }]
`;

describe("koreo test", () => {
  let folder: string;
  const file = (name: string) => path.join(folder, name);
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "koreo-test-"));
    await writeFile(file("greet.k.yaml"), FUNCTION("Hello"));
    await writeFile(file("tests.koreo"), TESTS);
  });

  it("passes with 0, and says how many", async () => {
    const { code, stdout } = await koreo(["test", folder, "--filter", "greets"]);
    expect(stdout).toContain("PASS  defs/greets  ValueFunction greet, 3 cases");
    expect(stdout).toMatch(/Cases: 2 passed, 0 failed, 1 skipped, 3 in all/);
    expect(code).toBe(0);
  });

  it("fails with 1, naming file, line, case and each place that differs", async () => {
    const broken = await mkdtemp(path.join(tmpdir(), "koreo-test-"));
    await writeFile(path.join(broken, "all.yaml"), `${FUNCTION("Bye")}---${TESTS}`);
    const { code, stdout, stderr } = await koreo(["test", broken]);
    expect(stdout).toContain(`FAIL  defs/greets  ValueFunction greet, 3 cases  (${broken}/all.yaml:10)`);
    expect(stdout).toContain("FAIL  [variant] says hello\n            text: expected 'Hello Ada' but found 'Bye Ada'");
    expect(stdout).toContain("ok    [variant] needs a <name>");
    expect(stdout).toMatch(/FAIL {2}defs\/about-nothing.*\n {6}cannot run: .*missing/);
    expect(stderr).toContain("2 of 2 tests failed");
    expect(code).toBe(1);
  });

  it("speaks JSON, JUnit and TAP", async () => {
    const json = JSON.parse((await koreo(["test", folder, "-o", "json"])).stdout) as object;
    expect(json).toMatchObject({
      tests: [
        { name: "greets", success: true, cases: [{ status: "passed" }, { status: "passed" }, { status: "skipped" }] },
        { name: "about-nothing", success: false },
      ],
      totals: { tests: 2, failedTests: 1, cases: 3 },
    });
    const junit = (await koreo(["test", folder, "-o", "junit"])).stdout;
    expect(junit).toContain('<testsuites name="koreo" tests="4" failures="0" errors="1" skipped="1"');
    expect(junit).toContain('name="[variant] needs a &lt;name&gt;"');
    const tap = (await koreo(["test", folder, "-o", "tap"])).stdout;
    expect(tap).toMatch(/^TAP version 14\n1\.\.4\nok 1 - greets: \[variant\] says hello\n/);
    expect(tap).toMatch(/not ok 4 - about-nothing: /);
    expect(tap).toContain("ok 3 - greets: later # SKIP");
  });

  it("--coverage tells what the tests leave out, in text and JSON, and beside JUnit", async () => {
    const covered = await mkdtemp(path.join(tmpdir(), "koreo-test-"));
    await writeFile(path.join(covered, "all.yaml"), WITH_WORKFLOW);
    const { code, stdout } = await koreo(["test", covered, "--coverage"]);
    expect(code).toBe(0);
    expect(
      stdout
        .split("\n")
        .filter((line) => line.includes("defs/"))
        .map((line) => line.replaceAll(/ +/g, " ")),
    ).toEqual([
      "PASS defs/notes Workflow note, 1 case",
      "ResourceFunction defs/keep 3/6 (50 %) spec.preconditions[0] never fails, spec.overlays[0] never applies, spec.update never updates",
      "ValueFunction defs/loud 1/1 (100 %)",
      "ValueFunction defs/quiet 0/1 (0 %) spec.return never returns",
      'Workflow defs/note 3/6 (50 %) spec.steps.text never is skipped, spec.steps.text.refSwitch never takes case "quiet", spec.steps.text.refSwitch never takes the default',
    ]);
    expect(stdout).toContain("Coverage: 7/14 (50 %)");
    const json = JSON.parse((await koreo(["test", covered, "--coverage", "-o", "json"])).stdout) as object;
    expect(json).toMatchObject({
      coverage: [
        {
          kind: "ResourceFunction",
          name: "keep",
          points: [
            { path: "spec.preconditions[0]", what: "fails", hits: 0 },
            {},
            {},
            { hits: expect.any(Number) as number },
            {},
            {},
          ],
        },
        {},
        {},
        {},
      ],
    });
    const junit = await koreo(["test", covered, "--coverage", "-o", "junit"]);
    expect(junit.stdout).not.toContain("Coverage");
    expect(junit.stderr).toContain("Coverage: 7/14 (50 %)");
  });

  it("a chosen case that was not reached fails, and so does the one before it", async () => {
    const stopped = await mkdtemp(path.join(tmpdir(), "koreo-test-"));
    const cases = "[{ label: one, expectReturn: { a: 2 } }, { label: two, expectReturn: { a: 1 } }]";
    const functionUnderTest = `
apiVersion: koreo.dev/v1beta1
kind: ValueFunction
metadata: { name: f, namespace: defs }
spec: { return: { a: 1 } }`;
    const test = `
apiVersion: koreo.dev/v1beta1
kind: FunctionTest
metadata: { name: "t", namespace: defs }
spec: { functionRef: { kind: ValueFunction, name: f }, testCases: ${cases} }`;
    await writeFile(path.join(stopped, "all.yaml"), `${functionUnderTest}\n---${test}`);
    const { code, stdout } = await koreo(["test", stopped, "--filter", "two"]);
    expect(stdout).toContain("FAIL  one");
    expect(stdout).toContain("not run, for they build on it: 1 more");
    expect(code).toBe(1);
  });

  it("says where a file is no YAML, and still runs the others", async () => {
    const mixed = await mkdtemp(path.join(tmpdir(), "koreo-test-"));
    await writeFile(path.join(mixed, "good.yaml"), `${FUNCTION("Hello")}---${TESTS.split("---")[0] ?? ""}`);
    await writeFile(path.join(mixed, "bad.yaml"), "a: [1\nb: 2\n");
    const { code, stdout, stderr } = await koreo(["test", mixed]);
    expect(stdout).toContain("PASS  defs/greets");
    expect(stderr).toMatch(/bad\.yaml:\d+:\d+: /);
    expect(code).toBe(1);
  });

  it.each([
    { name: "no such folder", args: ["test", "/nowhere"], says: /\/nowhere: no such file or folder/ },
    {
      name: "nothing chosen",
      args: ["test", "examples/platform", "--filter", "zzz"],
      says: /no test or case whose name holds "zzz"/,
    },
  ])("$name is an error", async ({ args, says }) => {
    const root = path.resolve(import.meta.dirname, "../../..");
    const { code, stderr } = await koreo(args, { cwd: root });
    expect(stderr).toMatch(says);
    expect(code).toBe(1);
  });

  it("--watch runs again what a saved file affects", async () => {
    const watched = await mkdtemp(path.join(tmpdir(), "koreo-test-"));
    await writeFile(path.join(watched, "greet.yaml"), FUNCTION("Hello"));
    await writeFile(path.join(watched, "tests.yaml"), TESTS.split("---")[0] ?? "");
    const cli = path.resolve(import.meta.dirname, "../../../src/cli/main.ts");
    const child = spawn(process.execPath, [cli, "test", watched, "--watch"]);
    let output = "";
    const heard = (text: string) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (output.includes(text)) resolve();
        };
        child.stdout.on("data", look);
        child.stderr.on("data", look);
        look();
      });
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await heard("watching for changes");
    await writeFile(path.join(watched, "greet.yaml"), FUNCTION("Bye"));
    await heard("FAIL  [variant] says hello");
    expect(output).toContain("0 tests are not affected");
    child.kill("SIGTERM");
    expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(0);
    expect(await readFile(path.join(watched, "greet.yaml"), "utf8")).toContain("Bye");
  });
});
