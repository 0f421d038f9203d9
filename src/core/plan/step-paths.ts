/** Finds steps of a workflow and its sub-workflows by the labels that lead to them. */
import type { LogicPlan, StepLogic, WorkflowPlan } from "./plan.ts";

/**
 * @param path - labels from the outermost step inward, joined by `/`
 * @returns whether the workflow has such a step now, in any case of a `refSwitch`
 */
export function hasStep(plan: WorkflowPlan, path: string): boolean {
  const [label = "", ...rest] = path.split("/");
  const step = plan.steps.find((each) => each.label === label);
  if (step === undefined) return false;
  if (rest.length === 0) return true;
  return logicsOf(step.logic).some((logic) => logic.kind === "workflow" && hasStep(logic.plan, rest.join("/")));
}

/** Every logic that a step may call, in any case of a `refSwitch`. */
export function logicsOf(logic: StepLogic): readonly LogicPlan[] {
  if (logic.kind === "ref") return [logic.logic];
  return [...logic.cases.values(), ...(logic.otherwise === undefined ? [] : [logic.otherwise])];
}
