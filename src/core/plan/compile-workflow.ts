/**
 * A Workflow's spec to its plan. A workflow with faulty steps still has a plan, so that its triggers can report why
 * nothing runs: every run of it ends with its `readiness`.
 */
import {
  field,
  listField,
  mapField,
  textField,
  type DefinitionFault,
  type DefinitionSource,
} from "../manifest/definition.ts";
import type { Value } from "../cel/value.ts";
import type { GroupVersionKind } from "../object-key.ts";
import { fold, permFail, type NotOk } from "../outcome.ts";
import { compileStep, type FindLogic } from "./compile-step.ts";
import { FaultList } from "./fault-list.ts";
import { depthOf, waveAbove } from "./waves.ts";
import type { DefinitionUse, StepPlan, WorkflowPlan } from "./plan.ts";

/** Hashes and references of the definition, found before it is compiled. */
export interface WorkflowContext {
  readonly contentHash: string;
  readonly planHash: string;
  readonly uses: readonly DefinitionUse[];
  readonly find: FindLogic;
}

export interface CompiledWorkflow {
  readonly plan: WorkflowPlan;
  readonly faults: readonly DefinitionFault[];
}

export function compileWorkflow(
  { namespace, name, spec }: DefinitionSource,
  { find, ...hashes }: WorkflowContext,
): CompiledWorkflow {
  const labels: string[] = [];
  const above = new Map<string, number>();
  const steps: StepPlan[] = [];
  const outcomes: NotOk[] = [];
  const faults: DefinitionFault[] = [];

  const listed = listField(spec, "steps");
  for (const item of listed) {
    const problems = new FaultList();
    const step = compileStep(item, { labels, above }, find, problems);
    labels.push(textField(item, "label"));
    if (step !== undefined) {
      above.set(step.label, waveAbove(step));
      steps.push(step);
    }
    if (problems.first !== undefined) outcomes.push(problems.first);
    faults.push(...problems.faults);
  }
  if (listed.length === 0) {
    const message = "No steps specified Workflow at least one step in 'spec.steps' is required.";
    outcomes.push(permFail(message));
    faults.push({ path: "spec.steps", message });
  }
  const [trigger, depth] = [triggerOf(spec), depthOf(steps)];
  const plan = { namespace, name, ...hashes, trigger, steps, depth, readiness: readinessOf(outcomes) };
  return { plan, faults };
}

/** The kind in `spec.crdRef`, read from any spec, valid or not; undefined when a part is missing or empty. */
export function triggerOf(spec: Value): GroupVersionKind | undefined {
  const crd = mapField(spec, "crdRef");
  const trigger = {
    group: textField(crd, "apiGroup"),
    version: textField(crd, "version"),
    kind: textField(crd, "kind"),
  };
  return trigger.group === "" || trigger.version === "" || trigger.kind === "" ? undefined : trigger;
}

function readinessOf(outcomes: readonly NotOk[]): NotOk | undefined {
  const folded = fold(outcomes);
  return outcomes.length === 0 || folded.kind === "ok" ? undefined : folded;
}

/** The logic that a workflow's steps refer to, as written. */
export function logicRefsOf(spec: Value): readonly { readonly kind: string; readonly name: string }[] {
  return listField(spec, "steps")
    .flatMap((step) => [field(step, "ref"), ...listField(field(step, "refSwitch"), "cases")])
    .flatMap((ref) => (ref === undefined ? [] : [{ kind: textField(ref, "kind"), name: textField(ref, "name") }]))
    .filter(({ kind, name }) => kind !== "" && name !== "");
}
