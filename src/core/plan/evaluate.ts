/**
 * Evaluates the parts of a plan: a fault becomes a permFail in Koreo's words, with its place and never the value of a
 * variable. Used by `core/plan` and `core/resource`.
 */
import { evaluationMessage, faultLocation } from "../cel/fault-text.ts";
import type { CompiledFragment, Program, Scope } from "../cel/program.ts";
import { toJson } from "../cel/text.ts";
import { isFault, isPlainMap, type Fault, type Value, type ValueMap } from "../cel/value.ts";
import type { JsonObject } from "../json.ts";
import { permFail, type PermFail } from "../outcome.ts";

/** A value, or an outcome instead. */
export type Evaluated<T> =
  { readonly kind: "value"; readonly value: T } | { readonly kind: "outcome"; readonly outcome: PermFail };

/**
 * @param where - the location Koreo names, such as `step:spec.locals`
 */
export function evaluateValue(program: Program, scope: Scope, where: string): Evaluated<Value> {
  const value = program.evaluate(scope);
  return isFault(value) ? faulted(value, where) : { kind: "value", value };
}

/** The same, but only a map is allowed. */
export function evaluateMap(program: Program, scope: Scope, where: string): Evaluated<ValueMap> {
  const evaluated = evaluateValue(program, scope, where);
  if (evaluated.kind === "outcome") return evaluated;
  const { value } = evaluated;
  if (isPlainMap(value)) return { kind: "value", value };
  return { kind: "outcome", outcome: permFail(`\`${where}\` must evaluate to a mapping`, where) };
}

/** A map for the API server: times, bytes and doubles become plain JSON. */
export function evaluatedJson(map: ValueMap, where: string): Evaluated<JsonObject> {
  const json = toJson(map);
  return isFault(json) ? faulted(json, where) : { kind: "value", value: json as JsonObject };
}

/** The result of a failed evaluation. */
export function faulted(fault: Fault, where: string): { readonly kind: "outcome"; readonly outcome: PermFail } {
  return { kind: "outcome", outcome: faultOutcome(fault, where) };
}

/** The permFail of a fault, located at the sub-expression that failed. */
export function faultOutcome(fault: Fault, where: string): PermFail {
  return permFail(evaluationMessage(where, fault), faultLocation(fault));
}

/** The program of a fragment; undefined when the fragment is absent or faulty. */
export function programOf<P>(compiled: CompiledFragment<P>): P | undefined {
  return compiled.kind === "program" ? compiled.program : undefined;
}
