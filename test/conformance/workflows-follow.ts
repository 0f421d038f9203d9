/**
 * What follows from what a step came to. Where it rightly is something else than in the original, so are its conditions,
 * state, records and objects, the steps that wait for it, and the whole: rules name the step, and this names the rest.
 */
import { jsonEqual, member, memberAt, textMember, type JsonValue } from "../../src/core/json.ts";
import type { Difference } from "./workflows-compare.ts";
import { condition, isAsBefore, objectOf, recordedAt, statusPlace } from "./workflows-criteria.ts";
import type { Scene, StepView } from "./workflows-scene.ts";
import { valuesIn } from "./workflows-tree.ts";

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
  const [errors, locations] = [textMember(koreo, "errors"), textMember(koreo, "locations")];
  const isError = reason === "Wait" || reason === "Failure";
  const isPlaced = locations === "" || locations === textMember(ready, "location");
  return isWorst && isPlaced && textMember(ready, "message").includes(errors) && isError === (errors !== "");
}

/**
 * Whether a difference follows from what these steps came to: their own conditions, state, records and objects, those of
 * the steps that wait for them, and the whole.
 */
export function followsFrom(scene: Scene, difference: Difference, causes: readonly StepView[]): boolean {
  const id = objectOf(difference);
  if (id !== undefined) {
    const own = causes.flatMap((cause) => concerned(scene, cause)).filter(({ objects }) => objects.includes(id));
    // The object of a step that is ready is there.
    const isMissed =
      memberAt(scene.actual, ["objects", id]) === undefined && own.some(({ actual }) => actual.reason === "Ready");
    return own.length > 0 && !isMissed;
  }
  const place = statusPlace(difference);
  if (place === undefined) return false;
  const own = causes.filter(({ trigger }) => trigger === place.trigger);
  if (own.length === 0) return false;
  const [first = "", second = ""] = place.rest;
  const steps = own.flatMap((cause) => concerned(scene, cause));
  switch (place.part) {
    case "conditions":
      if (condition(scene, place.trigger, first) === undefined) return false;
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
    // A step that is ready says what it says; one that is not may have said something before.
    case "state":
      return steps.some(({ plan, actual }) => {
        if (plan.state?.keys.includes(first) !== true) return false;
        if (!actual.isOwn) return true;
        const state = memberAt(scene.actual, ["triggers", place.trigger, "state"]);
        if (actual.reason === "Ready") return member(state, first) !== undefined;
        const isKnown = isAsBefore(scene, difference) || isWritten(scene, difference.actual);
        return difference.actual === undefined || isKnown;
      });
    case "managedResources": {
      const isThere = place.rest.length > 2 || difference.actual !== undefined;
      return isThere && steps.some(({ plan }) => first === "resources" && plan.label === second);
    }
    default:
      return false;
  }
}

/** The step itself and those that wait for it. */
function concerned(scene: Scene, { trigger, plan, dependents }: StepView): readonly StepView[] {
  const labels = [plan.label, ...dependents];
  return scene.steps.filter((step) => step.trigger === trigger && labels.includes(step.plan.label));
}

/** A value stands in what the people of a case wrote. */
function isWritten({ source, definitions }: Scene, value: JsonValue | undefined): boolean {
  return [...definitions, ...source.triggers, ...source.objects]
    .flatMap(valuesIn)
    .some((each) => jsonEqual(each, value));
}
