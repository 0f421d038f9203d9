/** Judges a topic of the functions corpus: what is as in the original, what a rule explains, and what is left. */
import { isJsonObject, type JsonValue } from "../../src/core/json.ts";
import { compareTest, type Mismatch } from "./functions-compare.ts";
import { actualOf, expectedOf } from "./functions-corpus.ts";
import { DEVIATIONS } from "./functions-deviations.ts";

export interface TopicVerdict {
  readonly topic: string;
  readonly cases: number;
  /** Cases with a difference, explained or not. */
  readonly deviating: number;
  /** Cases with a difference that no rule explains. */
  readonly failing: number;
  /** Names of the rules that explain something. */
  readonly rules: ReadonlySet<string>;
  readonly open: readonly Mismatch[];
}

/**
 * @param corpus - the folder that holds `functions`; default: this repository's
 */
export function judgeTopic(topic: string, corpus?: string): TopicVerdict {
  const actual = actualOf(topic, corpus);
  const rules = new Set<string>();
  const open: Mismatch[] = [];
  const totals = { cases: 0, deviating: 0, failing: 0 };
  for (const [test, entry] of Object.entries(expectedOf(topic, corpus))) {
    if (!isJsonObject(entry)) continue;
    const { mismatches } = compareTest(topic, test, entry, actual.get(test));
    const left = mismatches.filter((mismatch) => {
      const rule = DEVIATIONS.find((each) => each.explains(mismatch));
      if (rule !== undefined) rules.add(rule.name);
      return rule === undefined;
    });
    open.push(...left);
    const count = Math.max(1, Array.isArray(entry["cases"]) ? entry["cases"].length : 0);
    totals.cases += count;
    totals.deviating += Math.min(count, labelsOf(mismatches));
    totals.failing += Math.min(count, labelsOf(left));
  }
  return { topic, ...totals, rules, open };
}

function labelsOf(mismatches: readonly Mismatch[]): number {
  return new Set(mismatches.map(({ label }) => label)).size;
}

/** A mismatch as one reads it. */
export function mismatchText({ test, label, field, expected, actual, defect }: Mismatch): string {
  const plain = (_name: string, item: unknown) => (typeof item === "bigint" ? String(item) : item);
  const text = (value: JsonValue | undefined) => JSON.stringify(value ?? null, plain).slice(0, 240);
  return `${test} / ${label} / ${field}: expected ${text(expected)}, got ${text(actual)}${defect === "" ? "" : ` [defect: ${defect}]`}`;
}
