/** Runs the functions corpus: what the original Koreo did, case by case, against what we do. */
import { afterAll, describe, expect, it } from "vitest";
import { documentedRules } from "./documented-rules.ts";
import { topics } from "./functions-corpus.ts";
import { DEVIATIONS } from "./functions-deviations.ts";
import { judgeTopic, mismatchText } from "./functions-judge.ts";

const used = new Set<string>();
const table: string[] = [];

describe("functions corpus", () => {
  const all = topics();
  it("has cases", () => expect(all.length).toBeGreaterThan(50));

  it.each(all)("%s", (topic) => {
    const { cases, deviating, rules, open } = judgeTopic(topic);
    expect(cases).toBeGreaterThan(0);
    for (const rule of rules) used.add(rule);
    table.push(`${topic.padEnd(28)} ${cases - deviating}/${cases} like the original, ${deviating} deviate`);
    expect(open.map(mismatchText)).toEqual([]);
  });

  it.each(DEVIATIONS)("needs the rule $name", ({ name }) => expect(used).toContain(name));

  it("has a row in the user document for every deviation rule, and no row without one", () => {
    expect(documentedRules("Judged by the recorded cases")).toEqual(DEVIATIONS.map((rule) => rule.name));
  });

  afterAll(() => console.log(table.join("\n")));
});
