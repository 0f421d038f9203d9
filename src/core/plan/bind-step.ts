/**
 * Turns the outcomes of earlier steps into what this step calls: dependencies, inputs, `skipIf`, `forEach`,
 * `refSwitch`, in Koreo's order. Messages name the kind of an expression's value, never the value: it may be a secret.
 * Pure; the step actor calls it once every dependency has ended.
 */
import type { Scope } from "../cel/program.ts";
import { put } from "../cel/maps.ts";
import { isList, kindOf, type Value, type ValueMap } from "../cel/value.ts";
import { depSkip, fold, isError, ok, outcomeText, permFail, skip, type NotOk, type Outcome } from "../outcome.ts";
import { evaluateMap, evaluateValue } from "./evaluate.ts";
import type { LogicPlan, StepPlan, WorkflowPlan } from "./plan.ts";
import { valueText } from "./value-text.ts";

/** One invocation of a step's logic. */
export interface Call {
  readonly logic: LogicPlan;
  readonly inputs: ValueMap;
  /** Koreo's prefix of all locations inside the logic. */
  readonly location: string;
}

/** What a step does: nothing (it already has its outcome), one call, or one call per item. */
export type StepBinding =
  | { readonly kind: "outcome"; readonly outcome: Outcome<Value> }
  | { readonly kind: "once"; readonly call: Call }
  | { readonly kind: "each"; readonly calls: readonly (Call | { readonly outcome: Outcome<Value> })[] };

export interface BindRequest {
  readonly workflow: WorkflowPlan;
  readonly step: StepPlan;
  /** The value expressions see as `parent`. */
  readonly parent: Value;
  /** Contains at least the step's dependencies. */
  readonly outcomes: ReadonlyMap<string, Outcome<Value>>;
  /** Name of the top-level workflow, which also begins locations inside sub-workflows; default: the workflow itself. */
  readonly workflowName?: string;
}

/** Never throws: a fault of an expression becomes an outcome. */
export function bindStep({ workflow, step, parent, outcomes, workflowName = workflow.name }: BindRequest): StepBinding {
  const location = `${workflowName}.spec.steps.${step.label}`;

  // 1. Dependencies: the step runs only if all of them are ok.
  const waiting = unmetDependency(step, outcomes, location);
  if (waiting !== undefined) return ended(waiting);
  const scope = stepScope(step, parent, outcomes);

  // 2. Inputs come before skipIf, so a failing input shows even when the step would be skipped.
  const inputs = step.inputs === undefined ? noInputs : evaluateMap(step.inputs, scope, `${location}.inputs`);
  if (inputs.kind === "outcome") return ended(inputs.outcome);

  // 3. skipIf, once, before the items of a forEach are known.
  const skipped = skippedBy(step, scope, location);
  if (skipped !== undefined) return ended(skipped);

  // 4. One call, or one per item.
  if (step.forEach === undefined) {
    const call = callFor(step, scope, inputs.value, location);
    return "outcome" in call ? ended(call.outcome) : { kind: "once", call };
  }
  return bindEach(step, step.forEach, scope, inputs.value, location);
}

const noInputs = { kind: "value", value: {} } as const;

function ended(outcome: Outcome<Value>): StepBinding {
  return { kind: "outcome", outcome };
}

/** Why the step cannot run yet: the first dependency, in order of first mention, that is not ok. */
function unmetDependency(
  step: StepPlan,
  outcomes: ReadonlyMap<string, Outcome<Value>>,
  location: string,
): NotOk | undefined {
  for (const label of step.dependsOn) {
    const outcome = outcomes.get(label) ?? depSkip();
    if (outcome.kind === "ok") continue;
    const because = `(${outcome.message ?? "None"} at ${outcome.location ?? "None"})`;
    return depSkip(`'${label}' ${WAITING_WORDS[outcome.kind]} ${because}.`, location);
  }
  return undefined;
}

const WAITING_WORDS = {
  depSkip: "is waiting on dependency",
  skip: "was skipped",
  retry: "is waiting",
  permFail: "is in failure state",
} as const;

/** `steps` holds only the dependencies, and is undeclared when there are none. */
function stepScope(step: StepPlan, parent: Value, outcomes: ReadonlyMap<string, Outcome<Value>>): Scope {
  if (step.dependsOn.length === 0) return { parent };
  const steps: Record<string, Value> = {};
  for (const label of step.dependsOn) {
    const outcome = outcomes.get(label);
    if (outcome?.kind === "ok") put(steps, label, outcome.value);
  }
  return { parent, steps };
}

function skippedBy(step: StepPlan, scope: Scope, location: string): NotOk | undefined {
  if (step.skipIf === undefined) return undefined;
  const evaluated = evaluateValue(step.skipIf, scope, `${location}.skipIf`);
  if (evaluated.kind === "outcome") return evaluated.outcome;
  const { value } = evaluated;
  if (typeof value === "boolean") return value ? skip("skipped by workflow") : undefined;
  return permFail(`\`skipIf\` must evaluate to a bool, received ${kindOf(value)}`, `${location}.skipIf`);
}

function bindEach(
  step: StepPlan,
  { itemIn, inputKey }: NonNullable<StepPlan["forEach"]>,
  scope: Scope,
  inputs: ValueMap,
  location: string,
): StepBinding {
  const items = evaluateValue(itemIn, scope, `${step.label}.forEach.itemIn`);
  if (items.kind === "outcome") return ended(items.outcome);
  const { value } = items;
  if (!isList(value)) {
    const message = `Step \`${location}.forEach.itemIn\` must be a list-type, received ${kindOf(value)}.`;
    return ended(permFail(message, location));
  }
  const calls = value.map((item, index) =>
    callFor(step, scope, withMember(inputs, inputKey, item), `${location}[${index}]`),
  );
  return { kind: "each", calls };
}

function withMember(map: ValueMap, name: string, value: Value): ValueMap {
  const copy = { ...map };
  put(copy, name, value);
  return copy;
}

function callFor(
  { logic }: StepPlan,
  scope: Scope,
  inputs: ValueMap,
  location: string,
): Call | { readonly outcome: Outcome<Value> } {
  if (logic.kind === "ref") return { logic: logic.logic, inputs, location };
  const chosen = evaluateValue(logic.switchOn, { ...scope, inputs }, `${location}.refSwitch.switchOn`);
  if (chosen.kind === "outcome") return chosen;
  const { value } = chosen;
  const kind = kindOf(value);
  if (kind !== "string" && kind !== "int") {
    const message = `\`switchOn\` must evaluate to a string or int value, received ${kind}`;
    return { outcome: permFail(message, `${location}.refSwitch.switchOn`) };
  }
  // Cases are text, so an int goes to the default.
  const matched = typeof value === "string" ? logic.cases.get(value) : undefined;
  const place = `${location}.refSwitch`;
  // A matching case is text from the manifest; no other value appears in messages.
  if (matched !== undefined) return { logic: matched, inputs, location: `${place}['${valueText(value)}']` };
  if (logic.otherwise !== undefined) return { logic: logic.otherwise, inputs, location: `${place}.<default>` };
  const message =
    `\`refSwitch\` must match one case or a default must be provided, failed to match this ${kind}. ` +
    "Use a `skipIf` guard if this is expected.";
  return { outcome: permFail(message, `${place}.<match-case>`) };
}

/**
 * The outcome of a forEach: an error of any item is the step's; otherwise the list of values, in which a skipped item
 * appears as text.
 *
 * @param outcomes - one per item, in source order; none gives an empty list
 */
export function foldItems(outcomes: readonly Outcome<Value>[]): Outcome<Value> {
  const errors = outcomes.filter(isError);
  if (errors.length > 0) return fold<Value>(errors);
  return ok(outcomes.map((outcome) => (outcome.kind === "ok" ? outcome.value : outcomeText(outcome))));
}
