/**
 * Whether a run says all there is to say about what its Workflow wants: only then is an object that it does not name wanted
 * no more. A skip is the author's word and leaves a run complete, but keeps what the skipped part kept before.
 */
import type { StepPlan, WorkflowPlan } from "../core/plan/plan.ts";
import { functionsOf } from "../core/resource/stale.ts";
import type { StepWork } from "./run-messages.ts";
import type { StepResult } from "./step-result.ts";

/** The result of a step, or of one of its items, saying that it was skipped where it was. */
export function withSkip({ request, step }: Pick<StepWork, "request" | "step">, result: StepResult): StepResult {
  if (result.outcome.kind !== "skip" && result.outcome.kind !== "depSkip") return result;
  const part = { step: [...request.path, step.label].join("/"), functions: functionsOf(step.logic) };
  return { ...result, skipped: [...result.skipped, part] };
}

/** @param steps - those that ran, in listing order: what a step awaits stands before it */
export function isCompleteRun(
  { readiness }: WorkflowPlan,
  steps: readonly StepPlan[],
  results: ReadonlyMap<string, StepResult>,
): boolean {
  const complete = new Map<string, boolean>();
  for (const step of steps) complete.set(step.label, isCompleteStep(step, results, complete));
  return readiness === undefined && [...complete.values()].every(Boolean);
}

/** A step that awaits others is complete where what it awaits was skipped by its author, and for no other reason. */
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
