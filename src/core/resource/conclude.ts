/** The end of a ResourceFunction whose object is as it should be: postconditions, then the return value. */
import type { Value } from "../cel/value.ts";
import type { JsonObject } from "../json.ts";
import { ok, type Outcome } from "../outcome.ts";
import { evaluateMap } from "../plan/evaluate.ts";
import type { ResourceFunctionPlan } from "../plan/plan.ts";
import { checkPredicates } from "../plan/predicates.ts";
import type { ResourceTarget } from "./locate.ts";

export interface ConcludeRequest {
  readonly plan: ResourceFunctionPlan;
  readonly target: ResourceTarget;
  readonly inputs: Value;
  /** The object as observed; `{}` for one that must not exist and does not. */
  readonly actual: JsonObject;
  /** Koreo's prefix of locations. */
  readonly location: string;
}

/** @returns ok(null) for a function without `return` */
export function concludeResource({ plan, target, inputs, actual, location }: ConcludeRequest): Outcome<Value> {
  const scope = { inputs, locals: target.locals, resource: actual };
  const stopped = checkPredicates(plan.postconditions, scope, `${location}:spec.postconditions`);
  if (stopped !== undefined) return stopped;
  if (plan.returns === undefined) return ok(null);
  const returned = evaluateMap(plan.returns, scope, `${location}:spec.return`);
  return returned.kind === "outcome" ? returned.outcome : ok(returned.value);
}
