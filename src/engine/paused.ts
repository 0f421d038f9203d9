/**
 * A paused trigger: its Workflow runs and says what it would write, but writes nothing except the trigger's own record and
 * status, so that people see what drifts while they keep their hands on it.
 */
import type { JsonObject } from "../core/json.ts";
import { annotationOf } from "../core/object.ts";
import { ANNOTATION } from "../core/names.ts";
import { retry, type NotOk } from "../core/outcome.ts";
import { bounded, type ConditionDraft } from "../core/status/condition.ts";
import type { Write } from "./object-write.ts";
import type { RunContext } from "./run-context.ts";

/** A change wakes the trigger anyway; this is the net under it, in seconds. */
const LOOK_AGAIN_SECONDS = 300;
const PLACE = "metadata.annotations";

export function isPaused(trigger: JsonObject): boolean {
  return annotationOf(trigger, ANNOTATION.paused) === "true";
}

/** The outcome of a write that is not sent; the drift is noted for the condition. */
export function leftAsItIs({ drifts }: RunContext, name: string, { action, observed }: Write): NotOk {
  const where = "difference" in action && action.difference !== "" ? ` (${action.difference})` : "";
  const drift = `${name} ${observed === null ? "is missing" : `differs${where}`}`;
  drifts.push(action.kind === "delete" ? `${name} should be deleted` : drift);
  return retry(LOOK_AGAIN_SECONDS, `${drifts.at(-1) ?? drift} and is left so: paused`, action.outcome.location);
}

/** @returns undefined for a trigger that is not paused */
export function pausedCondition({ paused, drifts }: RunContext): ConditionDraft | undefined {
  if (!paused) return undefined;
  const found =
    drifts.length === 0 ? "Nothing differs from what is specified." : `Left as it is: ${drifts.join("; ")}.`;
  const message = bounded(`Paused by the annotation ${ANNOTATION.paused}: nothing is written. ${found}`);
  return { type: "Paused", status: "True", reason: "Annotation", message, location: PLACE };
}
