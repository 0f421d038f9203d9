/** Runs the public conformance suite of CEL. What we do not pass stands in `cel-spec-gaps.ts`, by name and with a reason. */
import { afterAll, describe, expect, it } from "vitest";
import { compileExpression } from "../../src/core/cel/compile.ts";
import { Fault, type Value } from "../../src/core/cel/value.ts";
import { EXCLUSIONS, EXTENSIONS, specCases, STANDARD, type SpecCase } from "./cel-spec-cases.ts";
import { GAPS, KOREO } from "./cel-spec-gaps.ts";
import { isSame, shown, valueOf } from "./cel-spec-values.ts";

interface Count {
  run: number;
  passed: number;
  gaps: number;
  koreo: number;
  excluded: number;
}

const cases = specCases();
const counts = new Map<string, Count>();

describe("public CEL suite", () => {
  it("has cases", () => expect(cases.length).toBeGreaterThan(2000));

  it("has every listed gap", () => {
    const ids = new Set(cases.filter((each) => each.exclusion === undefined).map(({ id }) => id));
    expect([...GAPS.keys()].filter((id) => !ids.has(id))).toEqual([]);
  });

  it.each([...new Set(cases.map(({ file }) => file))])("%s", (file) => {
    const count: Count = { run: 0, passed: 0, gaps: 0, koreo: 0, excluded: 0 };
    counts.set(file, count);
    const failing: string[] = [];
    const passing: string[] = [];
    for (const each of cases.filter((one) => one.file === file)) {
      if (each.exclusion !== undefined) {
        count.excluded += 1;
        continue;
      }
      const problem = problemOf(each);
      const gap = GAPS.get(each.id);
      count.run += 1;
      if (problem === undefined) count.passed += 1;
      else if (gap === KOREO) count.koreo += 1;
      else count.gaps += 1;
      if (problem !== undefined && gap === undefined) failing.push(`${each.id}: ${each.expr} ${problem}`);
      if (problem === undefined && gap !== undefined) passing.push(each.id);
    }
    expect({ failing, "listed as gaps, and passing": passing }).toEqual({
      failing: [],
      "listed as gaps, and passing": [],
    });
  });

  it("passes 98 % of the standard language and 90 % of the extensions", () => {
    expect(share(STANDARD)).toBeGreaterThanOrEqual(0.98);
    expect(share(EXTENSIONS)).toBeGreaterThanOrEqual(0.9);
  });

  afterAll(() => console.log(table()));
});

/** What is wrong with our answer, or undefined. */
function problemOf({ expr, bindings, value, error }: SpecCase): string | undefined {
  const scope = Object.fromEntries(Object.entries(bindings).map(([name, bound]) => [name, valueOf(bound)]));
  const got = answerOf(expr, scope);
  if (error !== undefined)
    return got instanceof Fault ? refusalProblem(got, error) : `gives ${shown(got)}, not an error`;
  if (got instanceof Fault) return `fails: ${Fault.text(got)}`;
  const want = value === undefined ? true : valueOf(value);
  return isSame(want, got) ? undefined : `gives ${shown(got)}, not ${shown(want)}`;
}

function answerOf(expr: string, scope: Readonly<Record<string, Value>>): Value {
  const compiled = compileExpression(expr, "suite");
  if (compiled.kind === "program") return compiled.program.evaluate(scope);
  const [fault] = compiled.faults;
  return new Fault(fault?.code ?? "syntax", fault?.message ?? "");
}

/** Any error will do where one is expected, except not knowing the function or the notation. */
function refusalProblem(fault: Fault, expected: string): string | undefined {
  const isIgnorance = Fault.code(fault) === "undeclared" || Fault.code(fault) === "syntax";
  const isExpected = /undeclared|unknown|unbound|syntax|not found|container/i.test(expected);
  return isIgnorance && !isExpected ? `is not understood: ${Fault.text(fault)} (expected: ${expected})` : undefined;
}

/** Passed among those that are run and where Koreo does not say otherwise. */
function share(files: readonly string[]): number {
  const chosen = files.flatMap((file) => counts.get(file) ?? []);
  const sum = (pick: (count: Count) => number) => chosen.reduce((total, count) => total + pick(count), 0);
  return sum(({ passed }) => passed) / sum(({ run, koreo }) => run - koreo);
}

function table(): string {
  const rows = [...counts].map(([file, { run, passed, gaps, koreo, excluded }]) =>
    [file.padEnd(18), ...[run, passed, gaps, koreo, excluded].map((number) => String(number).padStart(9))].join(""),
  );
  const reasons = Object.entries(EXCLUSIONS).map(([name, why]) => {
    return `excluded as "${name}" (${why}): ${cases.filter(({ exclusion }) => exclusion === name).length}`;
  });
  const byReason = Map.groupBy(GAPS.values(), (reason) => reason);
  const gaps = [...byReason].map(([reason, each]) => `known gaps, "${reason}": ${each.length}`);
  const percent = (files: readonly string[]) => `${(share(files) * 100).toFixed(1)} %`;
  return [
    `${"file".padEnd(18)}${["run", "passed", "gaps", "koreo", "excluded"].map((name) => name.padStart(9)).join("")}`,
    ...rows,
    `standard language ${percent(STANDARD)}, extensions ${percent(EXTENSIONS)} of what is neither excluded nor Koreo's to decide`,
    ...gaps,
    ...reasons,
  ].join("\n");
}
