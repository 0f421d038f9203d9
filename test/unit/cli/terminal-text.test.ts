/** What somebody wrote into an object never steers the terminal of who reads it. */
import { expect, it } from "vitest";
import { visible } from "../../../src/cli/terminal-text.ts";
import { koreo } from "../../support/koreo-command.ts";

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
  const { stderr } = await koreo(["check", "no\u001b[2Kwhere"]);
  expect(stderr).toContain("no^[[2Kwhere: no such file or folder");
});
