/** Runs the functions corpus: what the original Koreo did, case by case, against what we do. */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { isJsonObject } from "../../src/core/json.ts";
import { compareTest, type Mismatch } from "./functions-compare.ts";
import { actualOf, expectedOf, topics } from "./functions-corpus.ts";
import { DEVIATIONS } from "./functions-deviations.ts";

const used = new Set<string>();
const table: string[] = [];
const DOCUMENT = new URL("../../docs/differences-from-koreo.md", import.meta.url);

describe("functions corpus", () => {
  const all = topics();
  it("has cases", () => expect(all.length).toBeGreaterThan(50));

  it.each(all)("%s", (topic) => {
    const expected = Object.entries(expectedOf(topic));
    expect(expected.length).toBeGreaterThan(0);
    const actual = actualOf(topic);
    let cases = 0;
    let deviating = 0;
    const unexplained: Mismatch[] = [];
    for (const [test, entry] of expected) {
      if (!isJsonObject(entry)) continue;
      const { mismatches } = compareTest(topic, test, entry, actual.get(test));
      const open = mismatches.filter((mismatch) => !explained(mismatch));
      unexplained.push(...open);
      const count = Math.max(1, Array.isArray(entry["cases"]) ? entry["cases"].length : 0);
      cases += count;
      deviating += Math.min(count, new Set(mismatches.map((mismatch) => mismatch.label)).size);
    }
    table.push(`${topic.padEnd(28)} ${cases - deviating}/${cases} like the original, ${deviating} deviate`);
    expect(unexplained.map(line)).toEqual([]);
  });

  it("needs every deviation rule", () => {
    expect(DEVIATIONS.map((rule) => rule.name).filter((name) => !used.has(name))).toEqual([]);
  });

  it("has a row in the user document for every deviation rule, and no row without one", () => {
    expect(documentedRules()).toEqual(DEVIATIONS.map((rule) => rule.name));
  });

  afterAll(() => console.log(table.join("\n")));
});

function explained(mismatch: Mismatch): boolean {
  const rule = DEVIATIONS.find((each) => each.explains(mismatch));
  if (rule !== undefined) used.add(rule.name);
  return rule !== undefined;
}

/** First cells of the table that the document says is held to the rules, in order. */
function documentedRules(): readonly string[] {
  const [, section = ""] = readFileSync(DOCUMENT, "utf8").split(/^## Judged by the recorded cases$/m);
  const [own = ""] = section.split(/^## /m, 1);
  return [...own.matchAll(/^\| `([a-z-]+)` /gm)].map(([, name = ""]) => name);
}

function line({ test, label, field, expected, actual, defect }: Mismatch): string {
  const plain = (_name: string, item: unknown) => (typeof item === "bigint" ? String(item) : item);
  const text = (value: unknown) => JSON.stringify(value ?? null, plain).slice(0, 240);
  return `${test} / ${label} / ${field}: expected ${text(expected)}, got ${text(actual)}${defect === "" ? "" : ` [defect: ${defect}]`}`;
}
