/**
 * What follows from what a step came to. Where it rightly is something else than in the original, so are its conditions,
 * state, records and objects, the steps that wait for it, and the whole: rules name the step, and this names the rest.
 */
import { memberAt, textMember } from "../../src/core/json.ts";
import type { Difference } from "./workflows-compare.ts";
import { condition, objectOf, recordedAt, statusPlace } from "./workflows-criteria.ts";
import type { Scene, StepView } from "./workflows-scene.ts";

const SEVERITY = ["DepSkip", "Skip", "Ready", "Wait", "Failure"];

/**
 * Whether our Ready condition and errors follow from our steps: where a step rightly came to something else than in the
 * original, so does the whole, and this is how it is still judged.
 */
export function isWholeConsistent(scene: Scene, trigger: string): boolean {
  const ready = condition(scene, trigger, "Ready");
  const steps = scene.workflows.get(trigger)?.steps ?? [];
  const reasons = steps.map((step) => step.condition && condition(scene, trigger, step.condition.type)?.["reason"]);
  const reason = textMember(ready, "reason");
  const worst = Math.max(...reasons.map((each) => SEVERITY.indexOf(typeof each === "string" ? each : "")));
  const types = steps.map(({ condition: named }) => named?.type);
  const isUnclear = steps.length === 0 || reasons.includes(undefined) || new Set(types).size < types.length;
  const isWorst = isUnclear || SEVERITY[worst] === reason;
  const koreo = memberAt(scene.actual, ["triggers", trigger, "koreo"]);
  const errors = textMember(koreo, "errors");
  const isError = reason === "Wait" || reason === "Failure";
  return isWorst && textMember(ready, "message").includes(errors) && (errors !== "" || !isError);
}

/**
 * Whether a difference follows from what these steps came to: their own conditions, state, records and objects, those of
 * the steps that wait for them, and the whole.
 */
export function followsFrom(scene: Scene, difference: Difference, causes: readonly StepView[]): boolean {
  const id = objectOf(difference);
  if (id !== undefined)
    return causes.some((cause) => concerned(scene, cause).some(({ objects }) => objects.includes(id)));
  const place = statusPlace(difference);
  if (place === undefined) return false;
  const own = causes.filter(({ trigger }) => trigger === place.trigger);
  if (own.length === 0) return false;
  const [first = "", second = ""] = place.rest;
  const steps = own.flatMap((cause) => concerned(scene, cause));
  switch (place.part) {
    case "conditions":
      if (first === "Ready") return isWholeConsistent(scene, place.trigger);
      return steps.some(({ plan }) => plan.condition?.type === first);
    case "koreo":
      return isWholeConsistent(scene, place.trigger);
    // Conditions that one side has not stand elsewhere there.
    case "order":
      return own.some(
        ({ plan }) =>
          recordedAt(scene, ["triggers", place.trigger, "conditions", plan.condition?.type ?? ""]) === undefined,
      );
    case "state":
      return steps.some(({ plan }) => plan.state?.keys.includes(first) === true);
    case "managedResources":
      return steps.some(({ plan }) => first === "resources" && plan.label === second);
    default:
      return false;
  }
}

/** The step itself and those that wait for it. */
function concerned(scene: Scene, { trigger, plan, dependents }: StepView): readonly StepView[] {
  const labels = [plan.label, ...dependents];
  return scene.steps.filter((step) => step.trigger === trigger && labels.includes(step.plan.label));
}
