/** `koreo dev` with everything in memory, and the commands people type: what they print, and what they exit with. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort, GuardedChild, waitFor } from "../control-plane/child.ts";
import { APPS, DEFINITIONS, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { CLI, isReady } from "../support/stack.ts";
import { CHAIN, widget } from "../support/widget-manifests.ts";

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function koreo(...args: readonly string[]): Promise<Finished> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], { timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

describe("koreo", () => {
  let cluster: E2eCluster;
  let dev: GuardedChild;
  let folder: string;
  beforeAll(async () => {
    cluster = await startE2e({ watchers: 0, workers: 0 });
    folder = await mkdtemp(path.join(tmpdir(), "koreo-cli-"));
    const port = await freePort();
    const args = [
      CLI,
      "dev",
      ...cluster.stack.clusterFlags,
      "--definition-namespaces",
      `${DEFINITIONS},guide`,
      "--port",
      String(port),
    ];
    dev = new GuardedChild({
      command: process.execPath,
      args,
      logFile: path.join(folder, "dev.log"),
      stopDeadlineMs: 30_000,
    });
    await dev.start();
    await dev.until((signal) =>
      waitFor("koreo dev being ready", 30_000, () => isReady(`http://127.0.0.1:${port}`), signal),
    );
  });
  afterAll(async () => {
    await dev.stop();
    await cluster.stop();
  });
  const here = (...args: readonly string[]) => koreo(...args, ...cluster.stack.clusterFlags);

  it("apply creates objects and says so, unchanged the second time", async () => {
    const file = path.join(folder, "manifests.yaml");
    await writeFile(
      file,
      `${CHAIN.replaceAll("metadata: { name:", `metadata: { namespace: ${DEFINITIONS}, name:`)}\n${widget("typed")}`,
    );
    const first = await here("apply", "-f", file);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toContain("workflow.koreo.dev/chain created");
    expect((await here("apply", "-f", file)).stdout).toContain("widget.e2e.koreo.test/typed unchanged");
  });

  it("apply names the folders that it leaves out, and how they are read", async () => {
    const outer = path.join(folder, "outer");
    const inner = path.join(outer, "inner");
    await mkdir(inner, { recursive: true });
    await writeFile(path.join(inner, "more.yaml"), widget("typed"));
    expect(await here("apply", "-f", outer)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("folders within it are read with -R") as string,
    });
    await writeFile(path.join(outer, "typed.yaml"), widget("typed"));
    const flat = await here("apply", "-f", outer);
    expect(flat).toMatchObject({ code: 0, stderr: `${inner}: left out; -R reads it, too\n` });
    expect((await here("apply", "-R", "-f", outer)).stderr).toBe("");
  });

  it("the example of the guide to the language becomes Ready as it is, and stays as it is when applied again", async () => {
    const guide = path.resolve(import.meta.dirname, "../../examples/guide");
    expect(await here("apply", "-R", "-f", guide)).toMatchObject({ code: 0, stderr: "" });
    const get = () => here("get", "project", "atlas", "-n", "projects", "-o", "json");
    const isReady = async () =>
      /"type": "Ready",\s+"status": "True"|"status": "True",[^}]*"type": "Ready"/.test((await get()).stdout);
    await waitFor("the project being Ready", 30_000, isReady).catch(async (error: unknown) => {
      throw new Error(`${String(error)}\n${(await get()).stdout}`);
    });
    expect((await get()).stdout).toContain('"name": "project-atlas-bob"');
    expect((await here("apply", "-R", "-f", guide)).stdout).not.toMatch(/created|configured/);
  });

  it("dev reconciles it without Redis", async () => {
    await cluster.untilReady("typed");
    await cluster.delete("ConfigMap", "typed-first");
    await cluster.until("ConfigMap", "typed-first", "coming back", (object) => object !== undefined, {
      withinMs: 5000,
    });
  });

  it("get lists triggers with their verdict, and shows one with conditions and managed objects", async () => {
    const list = await here("get", "widgets", "-n", APPS);
    expect(list.stdout).toMatch(/^NAME +READY +REASON +AGE +MESSAGE\ntyped +True +Ready/);
    const one = await here("get", "widget", "typed", "-n", APPS);
    expect(one.stdout).toMatch(/FirstReady +True/);
    expect(one.stdout).toMatch(/ConfigMap +apps +typed-second +second +present/);
    const json = JSON.parse((await here("get", "widget", "typed", "-n", APPS, "-o", "json")).stdout) as object;
    expect(json).toMatchObject({ managedObjects: [{ name: "typed-first" }, { name: "typed-second" }] });
    expect((await here("get", "workflows", "-n", DEFINITIONS, "-o", "yaml")).stdout).toContain("kind: Workflow");
  });

  it.each([
    {
      name: "a missing object",
      args: ["get", "widget", "nobody", "-n", APPS],
      code: 1,
      says: /Widget nobody in namespace apps: .*not found/,
    },
    { name: "an unknown kind", args: ["get", "gizmos"], code: 1, says: /gizmos/ },
    { name: "a missing file", args: ["apply", "-f", "/nowhere.yaml"], code: 1, says: /nowhere.yaml: no such file/ },
  ])("$name ends with 1 and says what is wrong", async ({ args, code, says }) => {
    const done = await here(...args);
    expect(done.code).toBe(code);
    expect(done.stderr).toMatch(says);
  });

  it.each([
    { name: "an unknown command", args: ["recncile"], says: /unknown command/ },
    { name: "a flag nearly right", args: ["worker", "--concurency", "5"], says: /Did you mean --concurrency/ },
    { name: "a worker without Redis", args: ["worker"], says: /needs Redis: give --redis or KOREO_REDIS_URL/ },
    {
      name: "a number that is none",
      args: ["dev", "--concurrency", "many"],
      says: /--concurrency "many": write a whole number/,
    },
    {
      name: "a time that is none",
      args: ["dev", "--resync-interval", "soon"],
      says: /--resync-interval "soon": write a time such as/,
    },
    { name: "an output format that is none", args: ["get", "widgets", "-o", "xml"], says: /table, json, yaml/ },
  ])("$name ends with 2 and explains itself", async ({ args, says }) => {
    const done = await koreo(...args);
    expect(done.code).toBe(2);
    expect(done.stderr).toMatch(says);
  });

  it("crds prints every kind, and --install is idempotent", async () => {
    expect((await koreo("crds")).stdout.match(/^kind: CustomResourceDefinition/gm)).toHaveLength(6);
    expect((await here("crds", "--install")).stdout.match(/unchanged/g)).toHaveLength(6);
  });

  it("help names every setting with its environment variable; completion is a script that shells accept", async () => {
    const help = (await koreo("worker", "--help")).stdout;
    for (const text of [
      "--redis",
      "$KOREO_REDIS_URL",
      "--concurrency",
      "$KOREO_CONCURRENCY",
      "--kubeconfig",
      "$KUBECONFIG",
    ])
      expect(help).toContain(text);
    const script = (await koreo("completion", "bash")).stdout;
    await writeFile(path.join(folder, "completion.bash"), script);
    const checked = await new Promise<number>((resolve) => {
      execFile("bash", ["-n", path.join(folder, "completion.bash")], (error) => resolve(error === null ? 0 : 1));
    });
    expect(checked).toBe(0);
  });

  it("dev stops on SIGTERM with 0", async () => {
    expect(await dev.stop()).toBe(0);
  });
});
