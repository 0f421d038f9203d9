/** The nine expressions on our engine, on the evaluator of the library whose parser we use, and by hand. */
import { deepStrictEqual } from "node:assert/strict";
import { Environment } from "@marcbachmann/cel-js";
import { compileExpression } from "../../src/core/cel/compile.ts";
import { toJson } from "../../src/core/cel/text.ts";
import type { Value } from "../../src/core/cel/value.ts";
import { BINDINGS, CASES, type ExpressionCase } from "./cases.ts";
import { interleaved } from "./timing.ts";

/** Nanoseconds of one evaluation. */
export interface CaseTimes {
  readonly name: string;
  readonly ours: number;
  readonly library: number;
  readonly byHand: number;
}

const library = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false });
/** Its ints are BigInts. Changing the bindings is not timed, although a real caller would pay for it. */
const libraryBindings = withBigInts(BINDINGS) as Record<string, unknown>;

export function timeCases(rounds: number): readonly CaseTimes[] {
  return CASES.map((each) => {
    const [ours = NaN, ofLibrary = NaN, byHand = NaN] = interleaved(enginesOf(each), rounds);
    return { name: each.name, ours, library: ofLibrary, byHand };
  });
}

/** All three, after they have given the same. */
function enginesOf({ name, source, byHand }: ExpressionCase): readonly (() => unknown)[] {
  const compiled = compileExpression(source, name);
  if (compiled.kind === "fault") throw new Error(`${name}: ${compiled.faults[0]?.message ?? ""}`);
  const { program } = compiled;
  const scope = BINDINGS as unknown as Readonly<Record<string, Value>>;
  const evaluate = library.parse(source);
  const runs = [() => program.evaluate(scope), () => evaluate(libraryBindings) as unknown, () => byHand(BINDINGS)];
  const [ours, ofLibrary, want] = runs.map((run) => run());
  deepStrictEqual(toJson(ours as Value), want, name);
  deepStrictEqual(withNumbers(ofLibrary), want, name);
  return runs;
}

function withBigInts(value: unknown): unknown {
  return changed(value, (scalar) => (Number.isInteger(scalar) ? BigInt(scalar as number) : scalar));
}

function withNumbers(value: unknown): unknown {
  return changed(value, (scalar) => (typeof scalar === "bigint" ? Number(scalar) : scalar));
}

function changed(value: unknown, change: (scalar: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => changed(item, change));
  if (typeof value !== "object" || value === null) return change(value);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, changed(item, change)]));
}
