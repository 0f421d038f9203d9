/** Evaluation answers with a value or a Fault, whatever is called with whatever: it never throws and never hangs. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileExpression, compileFragment, compileOverlay } from "../../../../src/core/cel/compile.ts";
import { ALL_FUNCTIONS } from "../../../../src/core/cel/functions/registry.ts";
import { toJson } from "../../../../src/core/cel/text.ts";
import {
  Bytes,
  Double,
  Duration,
  Fault,
  KeyedMap,
  Timestamp,
  Uint,
  type Value,
} from "../../../../src/core/cel/value.ts";
import { arbitraryJson } from "../../../support/arbitrary-json.ts";

const BUDGET = { steps: 20_000 };

const boxes: fc.Arbitrary<Value> = fc.oneof(
  fc.double().map((value) => new Double(value)),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => new Uint(value)),
  fc.uint8Array({ maxLength: 8 }).map((bytes) => new Bytes(bytes)),
  fc
    .tuple(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), fc.integer({ min: -840, max: 840 }))
    .map(([ms, offset]) => new Timestamp(ms, offset)),
  fc.integer({ min: -(2 ** 48), max: 2 ** 48 }).map((ms) => new Duration(ms)),
  fc.constantFrom<Value>(
    new KeyedMap(
      new Map<string, readonly [Value, Value]>([
        ["n1", [1, "a"]],
        ["bt", [true, null]],
      ]),
    ),
    NaN,
    Infinity,
    2n ** 63n - 1n,
    -(2n ** 63n),
    "2026-01-31T00:00:00Z",
    "1h30m",
    "YWJj",
    '{"a": [1]}',
    "(a+)+$",
    "[",
    "\ud800",
  ),
);
const anyValue = fc.oneof({ weight: 2, arbitrary: arbitraryJson }, { weight: 1, arbitrary: boxes });
const variables = fc.record({ a: anyValue, b: anyValue, c: anyValue, l: fc.array(anyValue, { maxLength: 4 }) });

const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const part = tie("expression");
  const name = fc.constantFrom(...ALL_FUNCTIONS.map((each) => each.name), "nothing");
  return {
    expression: fc.oneof(
      { maxDepth: 4, depthIdentifier: "call" },
      fc.constantFrom("a", "b", "c", "l", "1", "'x'", "null", "-1.5", "2u", "b'x'", "[]", "{}", "9223372036854775807"),
      fc.tuple(name, fc.array(part, { maxLength: 4 })).map(([call, args]) => `${call}(${args.join(", ")})`),
      fc
        .tuple(part, name, fc.array(part, { maxLength: 3 }))
        .map(([on, call, args]) => `(${on}).${call}(${args.join(", ")})`),
      fc
        .tuple(part, fc.constantFrom("+", "-", "*", "/", "%", "==", "!=", "<", ">=", "in", "&&", "||"), part)
        .map(([x, op, y]) => `((${x}) ${op} (${y}))`),
      fc.tuple(part, part).map(([x, y]) => `(${x})[${y}]`),
      fc
        .tuple(part, fc.constantFrom("map", "filter", "all", "exists", "exists_one"), part)
        .map(([x, macro, y]) => `(${x}).${macro}(a, ${y})`),
      fc.tuple(part, part, part).map(([x, y, z]) => `((${x}) ? (${y}) : (${z}))`),
      fc.tuple(part, part).map(([x, y]) => `{${x}: ${y}}`),
      fc
        .tuple(part, fc.constantFrom("a", "constructor", "__proto__", "metadata"))
        .map(([x, field]) => `(${x}).${field}`),
      part.map((x) => `-(${x})`),
      part.map((x) => `!(${x})`),
    ),
  };
});

describe("evaluation", () => {
  it("answers every call of every function with a value or a fault", () => {
    const seen = { values: 0, faults: 0 };
    fc.assert(
      fc.property(expression, variables, (text, scope) => {
        const compiled = compileExpression(text, "x");
        if (compiled.kind === "fault") return;
        const value = compiled.program.evaluate(scope, BUDGET);
        const json = toJson(value);
        if (value instanceof Fault || json instanceof Fault) seen.faults += 1;
        else seen.values += 1;
      }),
      { numRuns: 5000 },
    );
    expect(seen.values).toBeGreaterThan(100);
    expect(seen.faults).toBeGreaterThan(100);
  });

  it("calls each function with each kind of value in each place", () => {
    fc.assert(
      fc.property(fc.array(anyValue, { minLength: 4, maxLength: 4 }), (args) => {
        const scope = Object.fromEntries(args.map((value, index) => [`v${index}`, value]));
        for (const { name, arity } of ALL_FUNCTIONS) {
          for (let count = arity[0]; count <= Math.min(arity[1], 4); count += 1) {
            const names = Array.from({ length: count }, (_, index) => `v${index}`);
            const compiled = compileExpression(`${name}(${names.join(", ")})`, "x");
            if (compiled.kind === "program") toJson(compiled.program.evaluate(scope, BUDGET));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("reads any fragment as a program, an overlay or faults, and runs what it read", () => {
    fc.assert(
      fc.property(anyValue, variables, (fragment, scope) => {
        const compiled = compileFragment(fragment, "x");
        if (compiled.kind === "program") compiled.program.evaluate(scope, BUDGET);
        const overlay = compileOverlay(fragment, "x");
        if (overlay.kind === "program") overlay.program.apply(scope.a, scope, BUDGET);
      }),
      { numRuns: 1000 },
    );
  });
});
