/**
 * Waves: the objects of a step are deleted before all objects they were built on. A step that calls a function takes up
 * one wave, one that calls a Workflow as many as that Workflow, a switch as many as its deepest case.
 */
import type { LogicPlan, StepLogic, StepPlan } from "./plan.ts";

/** @returns how many waves a Workflow with these steps takes up */
export function depthOf(steps: readonly Pick<StepPlan, "wave" | "logic">[]): number {
  return Math.max(1, ...steps.map(waveAbove));
}

/** The first wave above all waves of a step; capped, because nested Workflows can multiply it beyond a safe number. */
export function waveAbove({ wave, logic }: Pick<StepPlan, "wave" | "logic">): number {
  const depths = calledBy(logic).map((each) => (each.kind === "workflow" ? each.plan.depth : 1));
  return Math.min(Number.MAX_SAFE_INTEGER, wave + Math.max(1, ...depths));
}

function calledBy(logic: StepLogic): readonly LogicPlan[] {
  return logic.kind === "ref" ? [logic.logic] : [...logic.cases.values()];
}
