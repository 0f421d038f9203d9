/** What somebody wrote into an object never steers the terminal of who reads it. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, expect, it } from "vitest";
import { visible } from "../../../src/cli/terminal-text.ts";
import { koreo } from "../../support/koreo-command.ts";

let folder = "";
afterEach(() => rm(folder, { recursive: true, force: true }));

it.each([
  { name: "an escape sequence", text: "a\u001b[2Kb\u0007", shown: "a^[[2Kb^G" },
  { name: "one of a single character", text: "\u009b31m", shown: "\\u009b31m" },
  { name: "a return that overwrites its line", text: "all is well\rbroken", shown: "all is well^Mbroken" },
  { name: "a delete", text: "\u007f", shown: "^?" },
  { name: "lines, tabs and other languages", text: "one\n\ttwo für 三", shown: "one\n\ttwo für 三" },
])("$name is shown as $shown", ({ text, shown }) => {
  expect(visible(text)).toBe(shown);
});

it("a command prints what it says as visible text", async () => {
  folder = await mkdtemp(path.join(tmpdir(), "koreo-terminal-"));
  const manifest = { apiVersion: "koreo.dev/v1beta1", kind: "ValueFunction", metadata: { name: "f" }, spec: {} };
  const odd = { ...manifest, spec: { "odd\u001b[2K": 1 } };
  await writeFile(path.join(folder, "f.json"), JSON.stringify(odd));
  const { stdout, stderr } = await koreo(["check", folder]);
  expect(stdout + stderr).toContain("odd^[[2K");
  expect(stdout + stderr).not.toContain("\u001b[2K");
});
