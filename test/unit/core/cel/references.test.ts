import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { program } from "./run.ts";

describe("references", () => {
  it.each([
    ["steps.a.b", [["steps", "a", "b"]]],
    ["steps['a'].b", [["steps", "a", "b"]]],
    ["steps.a[0].b", [["steps", "a", 0, "b"]]],
    [
      "steps[inputs.k].z",
      [
        ["steps", null, "z"],
        ["inputs", "k"],
      ],
    ],
    ["steps['a' + 'b']", [["steps", null]]],
    ["steps", [["steps"]]],
    [".steps.a", [["steps", "a"]]],
    ["has(steps.a.b)", [["steps", "a", "b"]]],
    ["(steps.a).b", [["steps", "a", "b"]]],
    ["steps.a.lower().b", [["steps", "a"]]],
    ["f(steps.a).b", [["steps", "a"]]],
    ["{'k': steps.a}.k", [["steps", "a"]]],
    [
      "[steps.a, steps.a, steps.b]",
      [
        ["steps", "a"],
        ["steps", "b"],
      ],
    ],
    [
      "steps.a.map(x, x.y + inputs.z)",
      [
        ["steps", "a"],
        ["inputs", "z"],
      ],
    ],
    ["l.map(steps, steps.a)", [["l"]]],
    ["l.map(x, true, x)", [["l"]]],
    ["l.reduce(acc, x, acc.y, acc + x)", [["l"], ["acc", "y"]]],
    ["type(inputs.a) == int", [["inputs", "a"]]],
    ["inputs.namespace", [["inputs", "namespace"]]],
    ["1 + 2", []],
  ])("%s", (text, want) => {
    expect(program(text).references).toEqual(want);
  });

  it("do not depend on blanks and parentheses", () => {
    const name = fc.constantFrom("a", "b", "if", "constructor");
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => ["inputs", ...names].join("."));
    fc.assert(
      fc.property(path, path, fc.constantFrom("+", "==", "&&"), (left, right, operator) => {
        const tight = program(`${left}${operator}${right}`).references;
        expect(program(` ( ${left} )\n${operator} (${right}) // end`).references).toEqual(tight);
        expect(program(`has(${left}) ? ${left} : ${right}`).references).toEqual(tight);
      }),
    );
  });
});
