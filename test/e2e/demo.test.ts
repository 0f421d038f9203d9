/** The main job as a user starts it: `npm run demo`, on a cluster of its own and on one that is handed in. */
import { execFile } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { provideControlPlane } from "../control-plane/provide.ts";
import { startControlPlane, type ControlPlane } from "../control-plane/start.ts";
import { CLI, ROOT } from "../support/stack.ts";

interface Finished {
  readonly code: number;
  readonly output: string;
}

function run(...args: readonly string[]): Promise<Finished> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT, timeout: 180_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr });
    });
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("npm run demo", () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane({ binaries: await provideControlPlane(() => undefined) });
  });
  afterAll(() => plane.stop());

  it("shows the main job, exits with 0 and leaves nothing running", async () => {
    const { code, output } = await run("test/demo/main.ts");
    expect(output).toMatch(/shop +Ready=True/);
    expect(output).toContain("shop-settings is back");
    expect(output).toContain("docs-site-guide is as it was");
    expect(output).toMatch(/SECONDS +WHAT/);
    expect(code).toBe(0);
    const pids = [...output.matchAll(/\(pid (\d+)\)/g)].map(([, pid]) => Number(pid));
    expect(pids).toHaveLength(4);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it("does the same on a user's cluster, and takes off what it put there", async () => {
    const { code, output } = await run("test/demo/main.ts", "--kubeconfig", plane.kubeconfig, "--context", "test");
    expect(output).toMatch(/shop +Ready=True/);
    expect(code).toBe(0);
    const left = (kind: string) => run(CLI, "get", kind, "-A", "-o", "json", "--kubeconfig", plane.kubeconfig);
    expect((await left("customresourcedefinitions")).output).not.toContain("koreo.dev");
    expect((await left("namespaces")).output).not.toContain('"platform"');
    expect((await left("clusterroles")).output).not.toContain("web-app-support");
  });

  it("says what is wrong with a kubeconfig or an option, and starts nothing", async () => {
    const wrong = await run("test/demo/main.ts", "--kubeconfig", plane.kubeconfig, "--context", "nope");
    expect(wrong).toMatchObject({
      code: 1,
      output: expect.stringContaining('no context "nope" (it has: test)') as unknown,
    });
    expect(await run("test/demo/main.ts", "--bogus")).toMatchObject({ code: 2 });
  });

  it("ends soon, saying why, when a process does not start", async () => {
    process.env["KOREO_CONCURRENCY"] = "many";
    const since = performance.now();
    const { code, output } = await run("test/demo/main.ts");
    delete process.env["KOREO_CONCURRENCY"];
    expect(output).toContain('$KOREO_CONCURRENCY "many": write a whole number');
    expect(code).toBe(1);
    expect(performance.now() - since).toBeLessThan(40_000);
  });
});
