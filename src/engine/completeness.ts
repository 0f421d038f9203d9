/**
 * Whether a run is complete, so that an object it does not name is no longer wanted. A skip is the author's decision
 * and leaves the run complete, but the objects that the skipped part managed before stay.
 */
import type { StepPlan, WorkflowPlan } from "../core/plan/plan.ts";
import { functionsOf } from "../core/resource/stale.ts";
import type { StepWork } from "./run-messages.ts";
import type { StepResult } from "./step-result.ts";

/** Notes on the result of a step, or of one of its items, which part was skipped, if it was. */
export function withSkip({ request, step }: Pick<StepWork, "request" | "step">, result: StepResult): StepResult {
  if (result.outcome.kind !== "skip" && result.outcome.kind !== "depSkip") return result;
  const part = { step: [...request.path, step.label].join("/"), functions: functionsOf(step.logic) };
  return { ...result, skipped: [...result.skipped, part] };
}

/** @param steps - the steps that ran, in listing order: dependencies come before their dependents */
export function isCompleteRun(
  { readiness }: WorkflowPlan,
  steps: readonly StepPlan[],
  results: ReadonlyMap<string, StepResult>,
): boolean {
  const complete = new Map<string, boolean>();
  for (const step of steps) complete.set(step.label, isCompleteStep(step, results, complete));
  return readiness === undefined && [...complete.values()].every(Boolean);
}

/** A step skipped for its dependencies is complete only if every unmet dependency was skipped by its author. */
function isCompleteStep(
  { label, dependsOn }: StepPlan,
  results: ReadonlyMap<string, StepResult>,
  complete: ReadonlyMap<string, boolean>,
): boolean {
  const result = results.get(label);
  if (result?.outcome.kind !== "depSkip") return result?.isComplete ?? false;
  const unmet = dependsOn.filter((each) => results.get(each)?.outcome.kind !== "ok");
  return unmet.length === 0 ? result.isComplete : unmet.every((each) => complete.get(each) === true);
}
