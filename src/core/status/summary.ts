/** Summarizes one execution of a Workflow from its steps' results: outcome, state, conditions and managed objects. */
import { put } from "../cel/maps.ts";
import { isFault, isPlainMap, type Value, type ValueMap } from "../cel/value.ts";
import { fold, type Outcome, type PermFail } from "../outcome.ts";
import { faultOutcome } from "../plan/evaluate.ts";
import type { WorkflowPlan } from "../plan/plan.ts";
import { conditionOf, READY, type ConditionDraft } from "./condition.ts";
import type { ManagedEntry, ManagedWorkflow } from "./managed.ts";

/** The parts of a step's result that a summary needs. */
export interface StepSummary {
  readonly outcome: Outcome<Value>;
  readonly managed: ManagedEntry;
}

export interface WorkflowSummary {
  readonly outcome: Outcome<readonly Value[]>;
  /** The states of ok steps, merged by top-level key in listing order: a later step wins the whole key. */
  readonly state: ValueMap;
  /** Label of a step -> why its state could not be evaluated. */
  readonly stateErrors: Readonly<Record<string, string>>;
  /** Conditions of steps that define one, in listing order, then Ready. */
  readonly conditions: readonly ConditionDraft[];
  /** What this run knows for `koreo.dev/managed-resources`; `{}` for a workflow that is not ready. */
  readonly managed: ManagedWorkflow;
}

/**
 * @param results - by label; empty when the plan is not ready
 * @param workflowName - name of the top-level workflow, which begins locations inside sub-workflows too
 */
export function summarizeWorkflow(
  plan: WorkflowPlan,
  results: ReadonlyMap<string, StepSummary>,
  workflowName: string = plan.name,
): WorkflowSummary {
  const ready = readyOf(plan);
  if (plan.readiness !== undefined) {
    const outcome = { ...plan.readiness, location: `${workflowName}:${plan.readiness.location ?? "None"}` };
    return { outcome, state: {}, stateErrors: {}, conditions: [conditionOf(ready, outcome, plan.name)], managed: {} };
  }
  const outcome = fold([...results.values()].map((result) => result.outcome));
  const steps = plan.steps.flatMap(({ label, condition }) => {
    const result = results.get(label);
    return condition === undefined || result === undefined ? [] : [conditionOf(condition, result.outcome, plan.name)];
  });
  return {
    outcome,
    ...mergedState(plan, results),
    conditions: [...steps, conditionOf(ready, outcome, plan.name)],
    managed: {
      workflow: plan.name,
      resources: Object.fromEntries([...results].map(([label, { managed }]) => [label, managed])),
    },
  };
}

/** The summary of a run whose result could not be fully recorded: it is not Ready, whatever its outcome was. */
export function withTrouble(plan: WorkflowPlan, summary: WorkflowSummary, trouble: PermFail): WorkflowSummary {
  const outcome = fold<Value>([...(summary.outcome.kind === "permFail" ? [summary.outcome] : []), trouble]);
  const others = summary.conditions.filter(({ type }) => type !== READY);
  return { ...summary, outcome, conditions: [...others, conditionOf(readyOf(plan), outcome, plan.name)] };
}

function readyOf({ name }: WorkflowPlan): { readonly type: string; readonly name: string } {
  return { type: READY, name: `Workflow ${name}` };
}

function mergedState(
  plan: WorkflowPlan,
  results: ReadonlyMap<string, StepSummary>,
): Pick<WorkflowSummary, "state" | "stateErrors"> {
  const state: Record<string, Value> = {};
  const stateErrors: Record<string, string> = {};
  for (const { label, state: step } of plan.steps) {
    const outcome = results.get(label)?.outcome;
    if (step === undefined || outcome?.kind !== "ok") continue;
    const value = step.program.evaluate({ value: outcome.value });
    if (isFault(value)) {
      const { message, location } = faultOutcome(value, `${label}:state`);
      put(stateErrors, label, `${message ?? ""} at ${location ?? ""}`);
    } else if (isPlainMap(value)) {
      for (const [key, member] of Object.entries(value)) put(state, key, member);
    }
  }
  return { state, stateErrors };
}
