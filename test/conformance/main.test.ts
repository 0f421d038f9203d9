/** `npm run conformance` as people and CI use it: what it prints last, what it writes, and what it exits with. */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const HERE = import.meta.dirname;
/** Starting a cluster takes its time beside the suites that run at the same time. */
const PLAY_MS = 180_000;

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "koreo-conformance-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly lastLine: string;
}

function conformance(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [path.join(HERE, "main.ts"), ...args], (error, stdout, stderr) => {
      const code = typeof error?.code === "number" ? error.code : error === null ? 0 : 1;
      resolve({ code, output: stdout + stderr, lastLine: stdout.trimEnd().split("\n").at(-1) ?? "" });
    });
  });
}

const copy = (...parts: readonly string[]) =>
  cpSync(path.join(HERE, ...parts), path.join(folder, ...parts), { recursive: true });
const edit = (file: string, from: string, to: string) => {
  const at = path.join(folder, file);
  const text = readFileSync(at, "utf8");
  expect(text).toContain(from);
  writeFileSync(at, text.replace(from, to));
};

describe("npm run conformance", () => {
  it("ends with 0 and one line when all is as recorded", async () => {
    copy("functions", "fn-strip.yaml");
    copy("functions", "fn-strip.expected.json");
    const json = path.join(folder, "report.json");
    const { code, output, lastLine } = await conformance(folder, "--json", json);
    expect(output).toMatch(/^functions\/fn-strip: (\d+)\/\1 as the original, 0 by rule, 0 mismatches$/m);
    expect(lastLine).toMatch(/^conformance: \d+ cases \(\d+ of functions, 0 of workflows\): .* 0 with mismatches;/);
    expect(code).toBe(0);
    expect(JSON.parse(readFileSync(json, "utf8"))).toMatchObject({
      summary: { failing: 0, passed: true },
      topics: [{ kind: "functions", topic: "fn-strip", mismatches: [] }],
    });
  });

  it("ends with 1 on a mismatch, and tells what was expected and what came", async () => {
    copy("functions", "fn-strip.yaml");
    copy("functions", "fn-strip.expected.json");
    edit("functions/fn-strip.expected.json", '"pass": true', '"pass": false');
    const { code, output, lastLine } = await conformance(folder);
    expect(output).toMatch(/expected false, got true/);
    expect(lastLine).toMatch(/ [1-9]\d* with mismatches;/);
    expect(code).toBe(1);
  });

  it("ends with 1 on a case that cannot be read", async () => {
    copy("functions", "fn-strip.yaml");
    const { code, output } = await conformance(folder);
    expect(output).toContain("functions/fn-strip: cannot be run:");
    expect(code).toBe(1);
  });

  it("ends with 1 when it finds no case", async () => {
    const { code, lastLine } = await conformance(folder);
    expect(lastLine).toBe("conformance: no case found");
    expect(code).toBe(1);
  });

  it("ends with 1 when it does not understand what is asked", async () => {
    const { code, output } = await conformance("--nothing");
    expect(output).toContain("usage: npm run conformance");
    expect(code).toBe(1);
  });

  it(
    "plays workflows, those below a folder of that name too, and ends with 1 on a mismatch",
    async () => {
      copy("workflows", "diamond");
      copy("workflows", "skip-if-true");
      edit("workflows/diamond/expected.json", '"reason": "Ready"', '"reason": "Steady"');
      const { code, output, lastLine } = await conformance(path.join(folder, "workflows"));
      expect(output).toMatch(/^\[\d\/2\] workflows\/diamond: 1 mismatches, /m);
      expect(output).toMatch(/conditions \w+ reason: expected "Steady", got "Ready"/);
      expect(output).toMatch(/^\[\d\/2\] workflows\/skip-if-true: (?:as the original|by rule)/m);
      expect(lastLine).toMatch(/^conformance: 2 cases \(0 of functions, 2 of workflows\): .* 1 with mismatches;/);
      expect(code).toBe(1);
    },
    PLAY_MS,
  );
});
