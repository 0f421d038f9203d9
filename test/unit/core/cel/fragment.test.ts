import { describe, expect, it } from "vitest";
import { compileFragment, compileOverlay } from "../../../../src/core/cel/compile.ts";
import { doubleValue } from "../../../../src/core/cel/scalars.ts";
import { kindOf, type Value } from "../../../../src/core/cel/value.ts";
import { shown } from "./run.ts";

const scope = { inputs: { a: 1, m: { x: 1 } }, resource: { spec: { n: 1 } } };

function built(fragment: Value) {
  const compiled = compileFragment(fragment, "spec.return");
  return compiled.kind === "program" ? shown(compiled.program.evaluate(scope)) : compiled.kind;
}

describe("compileFragment", () => {
  it.each([null, "", 0, false, [], {}])("takes %j for absent", (fragment) => {
    expect(compileFragment(fragment, "x")).toEqual({ kind: "absent" });
  });

  it.each([
    ["a plain text", "abc", "abc"],
    ["an expression", "=inputs.a + 1", 2],
    ["all leading equals signs go", "==inputs.a == 1", true],
    ["a blank before the sign makes it text", " =1", " =1"],
    ["digits are an int", "007", 7],
    ["digits with blanks are an int", " 12 ", 12],
    ["a negative number", "-5", -5],
    ["hexadecimal stays text", "0x1F", "0x1F"],
    ["a version stays text", "1.2.3", "1.2.3"],
    ["true stays text", "true", "true"],
    ["nan is an undeclared name", "nan", "fault: undeclared"],
    ["an infinity too", "-Infinity", "fault: undeclared"],
    ["escapes are read on one line", "a\\nb\\x41", "a\nbA"],
    ["unknown escapes stay", "\\d\\.", "\\d\\."],
    ["quotes stay", 'say "x"', 'say "x"'],
    ["several lines are raw", "a\\n\nb", "a\\n\nb"],
    ["several lines of expression", "=inputs.a // one\n + 1\n", 2],
    ["a structure", { k: ["=inputs.a", { "x.y": "" }], n: null, t: true }, { k: [1, { "x.y": "" }], n: null, t: true }],
    ["keys are never code", { '"': 1, "=a": 2, __proto__x: 3 }, { '"': 1, "=a": 2, __proto__x: 3 }],
    ["nothing is spliced", { a: '"}, "b": {' }, { a: '"}, "b": {' }],
  ])("%s", (_name, fragment, want) => {
    expect(built(fragment)).toEqual(want);
  });

  it("keeps 2.0 apart from 2", () => {
    const compiled = compileFragment([doubleValue(2), 2, "2.0"], "x");
    const value = compiled.kind === "program" ? compiled.program.evaluate({}) : null;
    expect((value as readonly Value[]).map(kindOf)).toEqual(["double", "int", "double"]);
  });

  it("reports every fault with its path and range", () => {
    const compiled = compileFragment({ a: "=1 +", b: [1, "1_000"], "c-d": { "e f": "==" }, ok: "=1" }, "spec.locals");
    expect(compiled).toMatchObject({
      kind: "fault",
      faults: [
        { code: "syntax", path: "spec.locals.a", text: "1 +", start: 3 },
        { code: "syntax", path: "spec.locals.b[1]", text: "1_000", start: 1 },
        { code: "syntax", path: 'spec.locals.c-d["e f"]', text: "", start: 0 },
      ],
    });
  });

  it("injects nothing through a comma", () => {
    expect(built({ a: '=1, "x": 2' })).toBe("fault");
  });

  it("refuses what is nested deeper than the stack", () => {
    let deep: Value = "leaf";
    for (let depth = 0; depth < 200_000; depth += 1) deep = [deep];
    expect(compileFragment(deep, "x")).toMatchObject({ kind: "fault", faults: [{ message: "nested too deeply" }] });
  });
});

describe("compileOverlay", () => {
  const laid = (fragment: Value, base: Value) => {
    const compiled = compileOverlay(fragment, "spec.overlay");
    return compiled.kind === "program" ? shown(compiled.program.apply(base, scope)) : compiled.kind;
  };

  it.each<[string, Value, Value, unknown]>([
    ["a map merges", { a: { b: 2 } }, { a: { b: 1, c: 1 }, d: 1 }, { a: { b: 2, c: 1 }, d: 1 }],
    ["a map starts anew where the base has none", { a: { b: 2 } }, { a: [1] }, { a: { b: 2 } }],
    ["an empty map replaces", { a: {} }, { a: { b: 1 } }, { a: {} }],
    ["a list replaces", { a: [2] }, { a: [1, 1] }, { a: [2] }],
    ["null replaces", { a: null }, { a: { b: 1 } }, { a: null }],
    ["an expression replaces, even with a map", { a: "=inputs.m" }, { a: { b: 1 } }, { a: { x: 1 } }],
    ["dots in keys mean nothing", { "a.b": 1 }, { a: { b: 2 } }, { "a.b": 1, a: { b: 2 } }],
    [
      "leaves see the unmodified base",
      { spec: { n: "=resource.spec.n + 1", m: "=resource.spec.n" } },
      { spec: { n: 1 } },
      { spec: { n: 2, m: 1 } },
    ],
    ["one fault fails it all", { a: 1, b: { c: ["=inputs.nope"] } }, {}, "fault: no_such_member"],
    ["a base that is no map counts as empty", { a: 1 }, null, { a: 1 }],
  ])("%s", (_name, fragment, base, want) => {
    const before = JSON.stringify(base);
    expect(laid(fragment, base)).toEqual(want);
    expect(JSON.stringify(base)).toBe(before);
  });

  it("knows absent, malformed and faulty ones", () => {
    expect(compileOverlay({}, "x")).toEqual({ kind: "absent" });
    expect(compileOverlay([1], "x")).toMatchObject({ kind: "fault", faults: [{ code: "malformed" }] });
    expect(compileOverlay({ a: { b: "=(" } }, "x")).toMatchObject({ kind: "fault", faults: [{ path: "x.a.b" }] });
  });

  it("gathers the references of all leaves", () => {
    const compiled = compileOverlay({ a: { b: "=inputs.x" }, c: ["=resource.y"] }, "x");
    expect(compiled.kind === "program" && compiled.program.references).toEqual([
      ["inputs", "x"],
      ["resource", "y"],
    ]);
  });
});
