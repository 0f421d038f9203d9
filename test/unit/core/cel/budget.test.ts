/** Hostile expressions end in a fault after a bounded number of steps and bytes. Nothing here looks at a clock. */
import { describe, expect, it } from "vitest";
import type { Budget } from "../../../../src/core/cel/budget.ts";
import { compileExpression } from "../../../../src/core/cel/compile.ts";
import type { Scope } from "../../../../src/core/cel/program.ts";
import { toJson } from "../../../../src/core/cel/text.ts";
import { Fault, type Value } from "../../../../src/core/cel/value.ts";
import { program } from "./run.ts";

/** `cel.bind(x, start, cel.bind(x, double, ... x))`, so that `double` is worked out `times` times. */
function nestedBinds(start: string, double: string, times: number): string {
  let text = "x";
  for (let left = times; left > 0; left -= 1) text = `cel.bind(x, ${double}, ${text})`;
  return `cel.bind(x, ${start}, ${text})`;
}

function deepList(levels: number): Value {
  let deep: Value = 1;
  for (let level = 0; level < levels; level += 1) deep = [deep];
  return deep;
}

const scope: Scope = {
  text: "ab".repeat(20_000),
  large: "x".repeat(1_000_000),
  list: Array.from({ length: 5000 }, (_, index) => index),
  short: Array<number>(60).fill(0),
  deep: deepList(600),
};

/** What an expression comes to on its way out of the engine. */
function outcomeOf(text: string, budget?: Partial<Budget>) {
  const value = program(text).evaluate(scope, budget);
  return { fault: value instanceof Fault ? `${Fault.code(value)}: ${Fault.text(value)}` : undefined, value };
}

const STEPS = "budget: evaluation budget exceeded: too many steps";
const BYTES = "budget: evaluation budget exceeded: too much text";
const DEPTH = "budget: evaluation budget exceeded: nested too deeply";

describe("hostile expressions end in a budget fault", () => {
  it.each([
    ["nested binds that double a text", nestedBinds("'xxxxxxxx'", "x + x", 30), BYTES],
    ["nested binds that double a list", nestedBinds("[1]", "x + x", 30), STEPS],
    [
      "nested binds of a list of itself, compared",
      `${nestedBinds("[1]", "[x, x]", 30)} == 1 || ${nestedBinds("[1]", "[x, x]", 30)} == ${nestedBinds("[1]", "[x, x]", 30)}`,
      STEPS,
    ],
    ["nested binds of a list of itself, as text", `string(${nestedBinds("['x']", "[x, x]", 40)})`, STEPS],
    ["a quadratic comprehension", "list.map(x, list.map(y, x + y))", STEPS],
    ["a quadratic comprehension that keeps nothing", "list.all(x, list.all(y, true))", STEPS],
    ["a quadratic comprehension of two variables", "list.transformList(i, v, list.transformList(j, w, i * j))", STEPS],
    ["loops in loops", "short.all(a, short.all(b, short.all(c, short.all(d, true))))", STEPS],
    ["a quadratic fold of text", "list.reduce(all, x, '', all + string(x))", BYTES],
    ["a chain of 900 terms of large text", Array(900).fill("large").join(" + "), BYTES],
    ["a large text in every item", "list.map(x, large + 'x')", BYTES],
    ["a pattern with thousands of states", "text.matches('(a?){1000}(b?){1000}c')", STEPS],
    ["a catastrophic pattern in a loop", "list.map(x, text.matches('^(([a-z])+.)+[A-Z]([a-z])+$'))", STEPS],
    ["every match of a pattern, in a loop", "list.map(x, text.findAll('a*'))", STEPS],
    ["a format that multiplies", "list.reduce(t, x, 'ab', '%s%s%s'.format([t, t, t]))", BYTES],
    ["a join that multiplies", "list.reduce(t, x, 'ab', [t, t, t].join('-'))", BYTES],
    ["a range", "lists.range(100000000)", STEPS],
    ["sets in loops", "list.all(x, sets.contains(list, list))", STEPS],
    ["sorting in loops", "list.map(x, list.sortBy(y, -y))", STEPS],
    ["a value nested deeply, compared", "deep == deep", DEPTH],
    ["a value nested deeply, as JSON", "to_json(deep)", DEPTH],
    ["a value nested deeply, as text", "'%s'.format([deep])", DEPTH],
  ])("%s", (_name, text, want) => {
    expect(outcomeOf(text).fault).toBe(want);
  });

  it.each([
    ["a list that is small and writes out to 2^40 items", nestedBinds("[1]", "[x, x]", 40), STEPS],
    ["a list of one text a thousand times", "list.map(x, large)", BYTES],
    ["a map with one large key, often", "list.map(x, {large: 1})", BYTES],
    ["what is nested deeply", "deep", DEPTH],
  ])("on the way out: %s", (_name, text, want) => {
    const { fault, value } = outcomeOf(text);
    expect(fault).toBeUndefined();
    const json = toJson(value);
    expect(json instanceof Fault ? `${Fault.code(json)}: ${Fault.text(json)}` : json).toBe(want);
  });

  it("a chain of ten thousand terms is refused before anything is evaluated", () => {
    const compiled = compileExpression(Array(10_000).fill("large").join(" + "), "spec.return");
    expect(compiled).toMatchObject({ kind: "fault", faults: [{ code: "budget" }] });
  });
});

it("an expression of 150,000 characters is read, a longer one is refused unread", () => {
  const text = (length: number) => `"${"a".repeat(length - 2)}"`;
  expect(compileExpression(text(150_000), "here")).toMatchObject({ kind: "program" });
  expect(compileExpression(text(150_001), "here")).toMatchObject({ kind: "fault", faults: [{ code: "budget" }] });
});

describe("what is no attack is far from the budget", () => {
  it.each([
    ["a classic of backtracking engines", "text.matches('(a+)+$')", 25_000, 0],
    ["a loop over five thousand items", "list.map(x, x + 1).size()", 25_000, 0],
    ["a sum of 900 terms", Array(900).fill("1").join(" + "), 0, 0],
    ["a name", "'orders' + '-' + 'api'", 0, 40],
  ])("%s", (_name, text, steps, bytes) => {
    expect(outcomeOf(text, { steps, bytes }).fault).toBeUndefined();
  });
});

describe("a budget", () => {
  it("can be given in parts", () => {
    expect(outcomeOf("list.map(x, x)", { steps: 100 }).fault).toBe(STEPS);
    expect(outcomeOf("text + text", { bytes: 100 }).fault).toBe(BYTES);
    expect(outcomeOf("[[1]] == [[1]]", { depth: 1 }).fault).toBe(DEPTH);
    expect(outcomeOf("[[1]] == [[1]]", { depth: 3 }).fault).toBeUndefined();
  });

  it("costs the same the second time", () => {
    let steps = 1;
    const isEnough = () => outcomeOf("text.matches('(ab)+')", { steps }).fault === undefined;
    while (!isEnough()) steps *= 2;
    expect(steps).toBeGreaterThan(1);
    expect(isEnough()).toBe(true);
    steps = Math.floor(steps / 2);
    expect(isEnough()).toBe(false);
  });

  it("belongs to one evaluation", () => {
    expect(outcomeOf("list.map(x, x)", { steps: 100 }).fault).toBe(STEPS);
    expect(outcomeOf("list.map(x, x).size()").value).toBe(5000);
  });
});
