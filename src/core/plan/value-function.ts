/**
 * Runs a ValueFunction: preconditions, locals, then `return` laid over a base. As a workflow step the base is empty; as
 * an overlay of a ResourceFunction it is the target so far; in a FunctionTest it is the current resource.
 */
import type { Scope } from "../cel/program.ts";
import { isFault, isPlainMap, type Value, type ValueMap } from "../cel/value.ts";
import { ok, type Outcome } from "../outcome.ts";
import { evaluateMap, faultOutcome } from "./evaluate.ts";
import type { ValueFunctionPlan } from "./plan.ts";
import { checkWithDefaults } from "./predicates.ts";

/**
 * @param inputs - what expressions see as `inputs`; null for an overlay without inputs
 * @param location - Koreo's prefix of every location, such as `net.spec.steps.zone`
 * @param base - the base of `return`; visible as `resource`, in preconditions and locals only when it is not empty
 * @returns ok(null) for a function without `return`
 */
export function evaluateValueFunction(
  plan: ValueFunctionPlan,
  inputs: Value,
  location: string,
  base: ValueMap = {},
): Outcome<Value> {
  const scope: Scope = isPlainMap(base) && Object.keys(base).length > 0 ? { inputs, resource: base } : { inputs };
  const stopped = checkWithDefaults(plan.preconditions, scope, `${location}:spec.preconditions`, base);
  if (stopped !== undefined) return stopped;
  if (plan.returns === undefined) return ok(null);

  const locals = functionLocals(plan, scope, location);
  if (locals.kind === "outcome") return locals.outcome;
  const value = plan.returns.apply(base, { inputs, locals: locals.value, resource: base });
  return isFault(value) ? faultOutcome(value, `${location}:spec.return`) : ok(value);
}

/** The `locals` of a function; an empty map when it has none. */
export function functionLocals(
  plan: Pick<ValueFunctionPlan, "locals">,
  scope: Scope,
  location: string,
): ReturnType<typeof evaluateMap> {
  if (plan.locals === undefined) return { kind: "value", value: {} };
  return evaluateMap(plan.locals, scope, `${location}:spec.locals`);
}
