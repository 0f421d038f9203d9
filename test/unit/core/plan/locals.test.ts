/** `spec.locals`, whose entries may use each other; the original knows no `locals` there at all. */
import { describe, expect, it } from "vitest";
import type { Value } from "../../../../src/core/cel/value.ts";
import { compileLocals } from "../../../../src/core/plan/locals.ts";
import { shown } from "../cel/run.ts";

function locals(fragment: Value) {
  const compiled = compileLocals(fragment, "spec.locals");
  return compiled.kind === "program" ? shown(compiled.program.evaluate({ inputs: { a: 1 } })) : compiled.kind;
}

describe("locals", () => {
  it.each([
    ["an entry sees those above it", { a: "=inputs.a", b: "=locals.a + 1", c: "=[locals.a, locals.b]" }],
    ["and those below it, for the API server sorts them", { c: "=[locals.a, locals.b]", b: "=locals.a + 1", a: 1 }],
    ["constants count too", { a: 1, b: "=locals.a + 1", c: "=[1, locals.b]" }],
    ["one that uses a computed name comes last", { b: "=locals.a + 1", c: '=["a", "b"].map(x, locals[x])', a: 1 }],
  ])("%s", (_name, fragment) => expect(locals(fragment)).toEqual({ a: 1, b: 2, c: [1, 2] }));

  it.each([
    ["an entry that is not there is a fault", { b: "=locals.x", a: 1 }, "fault: no_such_member"],
    ["one failing entry fails them all", { a: "=1 / 0", b: "=has(locals.a)" }, "fault: divide_by_zero"],
    ["falsy entries stand", { a: 0, b: null, c: "=locals.a" }, { a: 0, b: null, c: 0 }],
    ["without such a mention all entries stand side by side", { b: "=inputs.a", a: 2 }, { b: 1, a: 2 }],
    ["no entries, no locals", {}, "absent"],
    ["every bad entry is told", { a: "=1 +", b: "=locals.a" }, "fault"],
  ])("%s", (_name, fragment, want) => expect(locals(fragment)).toEqual(want));

  it.each([
    [{ a: "=locals.a" }, "a -> a", "spec.locals.a"],
    [{ x: "=locals.b", a: "=locals.c", b: "=locals.a", c: "=locals.b" }, "b -> a -> c -> b", "spec.locals.b"],
  ])("a circle is told when it is compiled", (fragment, names, path) => {
    expect(compileLocals(fragment, "spec.locals")).toMatchObject({
      kind: "fault",
      faults: [{ path, message: `locals use each other in a circle: ${names}` }],
    });
  });

  it("a chain of thousands is no longer than any other", () => {
    const chain = Object.fromEntries(
      Array.from({ length: 3000 }, (_, index) => [`a${index}`, index === 2999 ? 1 : `=locals.a${index + 1} + 1`]),
    );
    expect(locals(chain)).toMatchObject({ a0: 3000 });
    expect(compileLocals({ ...chain, a2999: "=locals.a0" }, "spec.locals")).toMatchObject({ kind: "fault" });
  });

  it("what an earlier entry saw does not change under it", () => {
    expect(locals({ a: 1, b: "=locals", c: "=locals.b" })).toEqual({ a: 1, b: { a: 1 }, c: { a: 1 } });
    expect(locals({ c: "=locals", a: 1, b: "=locals" })).toEqual({ a: 1, b: { a: 1 }, c: { a: 1, b: { a: 1 } } });
  });
});
