import { describe, expect, it } from "vitest";
import type { Value, ValueMap } from "../../../../src/core/cel/value.ts";
import { compileValueFunction } from "../../../../src/core/plan/compile-value-function.ts";
import { evaluateValueFunction } from "../../../../src/core/plan/value-function.ts";

/** What a function with these preconditions comes to for `inputs.n`. */
function run(preconditions: Value, { n = 1, base = {} }: { n?: number; base?: ValueMap } = {}) {
  const spec = { preconditions, return: { from: "return" } } as Value;
  const source = { kind: "ValueFunction", namespace: "ns", name: "f", uid: "", generation: 0, spec } as const;
  const { prepared, faults } = compileValueFunction(source, "");
  if (prepared.kind === "notReady") return { faults };
  return evaluateValueFunction(prepared.plan, { n }, "here", base);
}

describe("defaultReturn of a precondition", () => {
  const small = [{ assert: "=inputs.n > 9", defaultReturn: { from: "default", n: "=inputs.n" } }];

  it("is the value of the function when the precondition does not hold, and nothing when it does", () => {
    expect(run(small)).toEqual({ kind: "ok", value: { from: "default", n: 1 } });
    expect(run(small, { n: 10 })).toEqual({ kind: "ok", value: { from: "return" } });
  });

  it("is laid over the object, as an overlay of a ResourceFunction", () => {
    const preconditions = [{ assert: "=false", defaultReturn: { spec: { a: 1 } } }];
    expect(run(preconditions, { base: { spec: { b: 2 } } })).toEqual({ kind: "ok", value: { spec: { a: 1, b: 2 } } });
  });

  it("gives way to the predicates before it, and beside a verdict counts for nothing", () => {
    const skip = { assert: "=inputs.n > 5", skip: { message: "too small" } };
    expect(run([skip, ...small])).toMatchObject({ kind: "skip", message: "too small" });
    expect(run([...small, skip])).toMatchObject({ kind: "ok", value: { from: "default" } });
    expect(run([{ assert: "=false", ok: {}, defaultReturn: { from: "default" } }])).toMatchObject({
      value: { from: "return" },
    });
  });

  it("may be empty", () => {
    expect(run([{ assert: "=false", defaultReturn: {} }])).toEqual({ kind: "ok", value: {} });
    expect(run([{ assert: "=false", defaultReturn: {} }], { base: { a: 1 } })).toEqual({ kind: "ok", value: { a: 1 } });
  });

  it("counts among the inputs that the function uses", () => {
    const spec = { preconditions: [{ assert: "=inputs.a", defaultReturn: { b: "=inputs.b" } }] } as Value;
    const source = { kind: "ValueFunction", namespace: "ns", name: "f", uid: "", generation: 0, spec } as const;
    const { prepared } = compileValueFunction(source, "");
    expect(prepared).toMatchObject({ kind: "ready", plan: { inputNames: ["a", "b"] } });
  });

  it("says where it fails, when compiled and when evaluated", () => {
    expect(run([{ assert: "=false", defaultReturn: { a: "=1 +" } }])).toMatchObject({
      faults: [{ path: "spec.preconditions[0].defaultReturn.a" }],
    });
    expect(run([{ assert: "=false", defaultReturn: { a: "=inputs.missing" } }])).toMatchObject({
      kind: "permFail",
      message: expect.stringContaining("here:spec.preconditions") as string,
    });
  });
});
