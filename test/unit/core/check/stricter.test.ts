/** The list of rules by which we are stricter than the API server, and the document that users read it in. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RULES } from "../../../../src/core/check/finding.ts";
import { STRICTER } from "../../../../src/core/check/stricter.ts";

const DOCUMENT = readFileSync(new URL("../../../../docs/command-line.md", import.meta.url), "utf8");
const section = (title: string) => DOCUMENT.split(`${title}\n`)[1]?.split(/^#+ /m)[0] ?? "";

describe("docs/command-line.md", () => {
  it("has a row for every rule that is stricter, in its words", () => {
    const rows = [...section("### Stricter than the API server").matchAll(/^\| `([a-z-]+)` +\| (.*?) +\|$/gm)];
    expect(Object.fromEntries(rows.map(([, rule, because]) => [rule, because]))).toEqual(STRICTER);
  });

  it("names every rule", () => {
    const table = DOCUMENT.split("## Check\n")[1]?.split("## Eval")[0] ?? "";
    const named = [...table.matchAll(/^\|(.*?)\|/gm)].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`([a-z-]+)`/g)].map(([, rule]) => rule),
    );
    expect([...new Set(named)].sort()).toEqual(Object.keys(RULES).sort());
  });
});
