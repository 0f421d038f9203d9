/** `koreo eval` and `koreo render`: values and requests without a cluster, faults with the place they are at. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { koreo } from "./koreo.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
let folder: string;
const file = (name: string) => path.join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "koreo-eval-"));
  await writeFile(file("inputs.yaml"), "{ name: Ada, zero: 0, whole: 2.0, big: 9007199254740993 }");
  await writeFile(file("scope.yaml"), "{ parent: { spec: { size: 3 } }, inputs: { name: scope } }");
  await writeFile(
    file("service.yaml"),
    "{ app: { name: hello, namespace: web, labels: { a: b } }, selector: { a: b } }",
  );
});

describe("koreo eval", () => {
  it.each([
    { name: "an expression", args: ['"Hello " + inputs.name'], prints: "Hello Ada\n" },
    { name: "one as it stands in a manifest", args: ["=size(inputs.name)"], prints: "3\n" },
    { name: "a structure, as YAML", args: ['{"a": [1, inputs.name]}'], prints: "a:\n  - 1\n  - Ada\n" },
    { name: "the same as JSON", args: ['{"a": [1]}', "-o", "json"], prints: '{\n  "a": [\n    1\n  ]\n}\n' },
    { name: "an integer beyond JavaScript's", args: ["inputs.big", "-o", "json"], prints: "9007199254740993\n" },
  ])("prints $name", async ({ args, prints }) => {
    const { code, stdout } = await koreo(["eval", ...args, "--inputs", file("inputs.yaml")]);
    expect(stdout).toBe(prints);
    expect(code).toBe(0);
  });

  it("sees every variable of a scope, the inputs over them", async () => {
    const args = ["eval", "string(parent.spec.size) + inputs.name", "--scope", file("scope.yaml")];
    expect((await koreo(args)).stdout).toBe("3scope\n");
    expect((await koreo([...args, "--inputs", file("inputs.yaml")])).stdout).toBe("3Ada\n");
  });

  it.each([
    {
      name: "a fault, with its place",
      args: ["[1, 1 / inputs.zero]"],
      says: "divide by zero\n  [1, 1 / inputs.zero]\n      ^^^^^^^^^^^^^^^",
    },
    { name: "text that is no expression", args: ["1 +"], says: "ends too early\n  1 +\n     ^" },
    { name: "a missing file", args: ["1", "--scope", "/nowhere"], says: "/nowhere: no such file" },
  ])("ends with 1 for $name", async ({ args, says }) => {
    const { code, stderr } = await koreo(["eval", ...args, "--inputs", file("inputs.yaml")]);
    expect(stderr).toContain(says);
    expect(code).toBe(1);
  });
});

describe("koreo render", () => {
  const render = (...args: readonly string[]) => koreo(["render", "examples/platform", ...args], { cwd: ROOT });

  it("shows the object a ResourceFunction would create", async () => {
    const { code, stdout, stderr } = await render("--name", "web-app-service", "--inputs", file("service.yaml"));
    expect(stderr).toContain("# POST: Retry(delay=30, message=Creating Service:web:hello.)");
    expect(stdout).toContain("kind: Service");
    expect(stdout).not.toContain("last-applied");
    expect(code).toBe(0);
  });

  it("shows the patch for an object that differs, and the return value for one that does not", async () => {
    const made = await render("--name", "web-app-service", "--inputs", file("service.yaml"));
    const observed = (text: string) => text.replace("spec:\n", "spec:\n  clusterIP: 10.0.0.1\n");
    await writeFile(file("differs.yaml"), observed(made.stdout.replace("targetPort: http", "targetPort: wrong")));
    await writeFile(file("same.yaml"), observed(made.stdout));
    const args = ["--name", "web-app-service", "--inputs", file("service.yaml"), "--resource"];
    expect((await render(...args, file("differs.yaml"))).stderr).toMatch(/^# PATCH: .*targetPort/);
    const same = await render(...args, file("same.yaml"));
    expect(same.stderr).toContain("# nothing to send");
    expect(same.stdout).toBe("address: hello.web.svc\n");
  });

  it("says which inputs the function uses and nobody gave", async () => {
    const { stderr } = await render("--name", "web-app-service");
    expect(stderr).toContain("# not given by --inputs: app, selector\n");
    expect((await render("--name", "web-app-size-small")).stderr).toBe("");
  });

  it("shows what a ValueFunction returns", async () => {
    const { stdout } = await render("--name", "web-app-size-small");
    expect(stdout).toContain("memory: 64Mi");
  });

  it.each([
    {
      name: "several functions and no choice",
      args: [],
      ends: 2,
      says: /choose one with --name \(.*ValueFunction web-app-config/,
    },
    { name: "a name nobody has", args: ["--name", "nope"], says: /no single function "nope"/ },
    { name: "inputs that do not fit", args: ["--name", "web-app-service"], says: /web-app-service: Permanent Failure/ },
  ])("ends with 1 or 2 for $name", async ({ args, ends = 1, says }) => {
    const { code, stderr } = await render(...args);
    expect(stderr).toMatch(says);
    expect(code).toBe(ends);
  });
});
