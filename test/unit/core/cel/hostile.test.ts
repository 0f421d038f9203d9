/** What tenants may write must neither hang a worker nor reach what JavaScript keeps behind names. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileExpression } from "../../../../src/core/cel/compile.ts";
import { toJson } from "../../../../src/core/cel/text.ts";
import { Fault, type Value } from "../../../../src/core/cel/value.ts";
import { program, run } from "./run.ts";

const evil = JSON.parse(
  '{"constructor": 1, "__proto__": {"x": 2}, "toString": 4, "length": 5, "toJSON": 7, "a": {"b": 1}}',
) as Value;

describe("names of JavaScript are ordinary names", () => {
  it.each([
    ["inputs.constructor", 1],
    ["inputs.__proto__.x", 2],
    ['inputs["__proto__"].x', 2],
    ["inputs.toString", 4],
    ["inputs.length", 5],
    ["inputs.valueOf", "fault: no_such_member"],
    ["inputs.a.constructor", "fault: no_such_member"],
    ["inputs.a.__proto__", "fault: no_such_member"],
    ['inputs.a["constructor"]', "fault: no_such_key"],
    ["'constructor' in inputs.a", false],
    ["'x'.length", "fault: no_field_selection"],
    ["[1].length", "fault: no_field_selection"],
    ["duration('1s').ms", "fault: no_field_selection"],
    ["duration('1s').constructor", "fault: no_field_selection"],
    ["constructor", "fault: undeclared"],
    ["toString", "fault: undeclared"],
    ["constructor()", "fault: undeclared"],
    ["inputs.hasOwnProperty('a')", "fault: undeclared"],
    ["size({'__proto__': 1})", 1],
    ["{'__proto__': {'x': 1}}.x", "fault: no_such_member"],
    ["{}.overlay(inputs).__proto__.x", 2],
  ])("%s", (text, want) => {
    expect(run(text, { inputs: evil })).toEqual(want);
  });

  it("a result may hold __proto__ without having one", () => {
    const result = program("{'__proto__': {'polluted': true}}").evaluate({}) as Record<string, unknown>;
    expect(Object.keys(result)).toEqual(["__proto__"]);
    expect(result["polluted"]).toBeUndefined();
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

const sixty = Array.from({ length: 60 }, (_, index) => index);
const scope = {
  r: sixty,
  l: Array<string>(20_000).fill("q"),
  s: "ab".repeat(20_000),
  zeros: Array<number>(100).fill(0),
};

describe("the budget stops", () => {
  it.each([
    [
      "a list doubled sixty times, compared",
      "[r.reduce(acc, x, [1], [acc, acc])].all(d, d == r.reduce(acc, x, [1], [acc, acc]))",
    ],
    ["a list doubled sixty times, as JSON text", "to_json(r.reduce(acc, x, [1], [acc, acc]))"],
    ["a list doubled sixty times, as text", "string(r.reduce(acc, x, [1], [acc, acc]))"],
    [
      "a map doubled sixty times, laid over itself",
      "[r.reduce(a, x, {'a': 1}, {'a': a, 'b': a})].map(m, m.overlay(m))",
    ],
    ["the search for a fault behind a doubled list", "[r.reduce(acc, x, [1], [acc, acc]), nowhere]"],
    ["a text doubled sixty times", "size(r.reduce(acc, x, 'x', acc + acc))"],
    ["a concatenated list", "size(r.reduce(acc, x, [1], acc + acc))"],
    ["replacements that multiply", "size(r.reduce(acc, x, 'aa', acc.replace('a', 'aaaa')))"],
    ["insertions that multiply", "size(r.reduce(acc, x, 'aa', acc.replace('', 'aaaa')))"],
    ["loops in loops", "zeros.map(a, zeros.map(b, zeros.map(c, zeros.map(d, 1))))"],
    ["a search in loops", "l.map(x, 'z' in l)"],
    ["patterns in loops", "l.map(x, s.matches('(a|b|ab)+c'))"],
    ["splits in loops", "l.map(x, s.split('a').size())"],
    [
      "flattening that multiplies",
      "r.reduce(acc, x, [[1, 2]], [flatten([acc, acc])]).size() > 0 && r.reduce(a, x, [1], flatten([a, a, a])).size() > 0",
    ],
  ])("%s", (_name, text) => {
    const value = program(text).evaluate(scope);
    expect(value instanceof Fault && Fault.code(value)).toBe("budget");
  });

  it("the way out as well", () => {
    const doubled = program("r.reduce(acc, x, [1], [acc, acc])").evaluate(scope);
    expect(doubled).not.toBeInstanceOf(Fault);
    expect(toJson(doubled)).toBeInstanceOf(Fault);
  });

  it("one evaluation, and leaves the next alone", () => {
    const { evaluate } = program("l.map(x, x).size()");
    expect(evaluate(scope, { steps: 100 })).toBeInstanceOf(Fault);
    expect(evaluate(scope)).toBe(20_000);
  });

  it("a pattern that would hang a backtracking engine", () => {
    expect(run("s.matches('^(([a-z])+.)+[A-Z]([a-z])+$')", { s: "a".repeat(5000) })).toBe(false);
  });

  it("a tree deeper than the stack", () => {
    let deep: Value = 1;
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    expect(run("to_json(d)", { d: deep })).toBe("fault: budget");
    expect(toJson(deep)).toBeInstanceOf(Fault);
  });
});

describe("laws", () => {
  const leaf = fc.constantFrom(
    "1",
    "2.5",
    "'x'",
    "null",
    "true",
    "[]",
    "{}",
    "inputs",
    "inputs.a",
    "inputs.nope",
    "nowhere",
    "v",
  );
  const { expression } = fc.letrec<{ expression: string }>((tie) => {
    const part = tie("expression");
    return {
      expression: fc.oneof(
        { maxDepth: 5, depthIdentifier: "cel" },
        leaf,
        fc
          .tuple(part, fc.constantFrom("+", "-", "*", "/", "%", "==", "<", "in", "&&", "||"), part)
          .map(([a, op, b]) => `(${a} ${op} ${b})`),
        fc.tuple(part, part, part).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
        fc.tuple(part, part).map(([a, b]) => `[${a}, ${b}]`),
        fc.tuple(part, part).map(([a, b]) => `{'k': ${a}, 'l': ${b}}`),
        fc.tuple(part, part).map(([a, b]) => `${a}.map(v, ${b})`),
        fc.tuple(part, part).map(([a, b]) => `${a}.filter(v, ${b})`),
        fc.tuple(part, part).map(([a, b]) => `${a}[${b}]`),
        part.map((a) => `has(${a})`),
        part.map((a) => `string(${a})`),
        part.map((a) => `${a}.k`),
      ),
    };
  });
  const inputs = { inputs: { a: [1, "x", { k: 2 }], b: { k: null } } };

  it("whatever is read evaluates to the same value each time, throws nothing and changes nothing", () => {
    fc.assert(
      fc.property(expression, (text) => {
        const compiled = compileExpression(text, "x");
        if (compiled.kind === "fault") return;
        const before = JSON.stringify(inputs);
        const { evaluate } = compiled.program;
        const [first, second] = [run(text, inputs), run(text, inputs)];
        expect(second).toEqual(first);
        expect(evaluate(inputs, { steps: 3 }) instanceof Fault || true).toBe(true);
        expect(JSON.stringify(inputs)).toBe(before);
      }),
      { numRuns: 500 },
    );
  });

  it("any text at all is a program or a fault with a range inside the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (text) => {
        const compiled = compileExpression(text, "x");
        if (compiled.kind === "program") return;
        const [fault] = compiled.faults;
        expect(fault?.start).toBeGreaterThanOrEqual(0);
        expect(fault?.end).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 500 },
    );
  });
});
