/**
 * Tells, after a refused write on a trigger, whether a newer run of the same key has reported on it: then the older
 * report must not be sent again, because it would undo the newer one.
 */
import { jsonEqual, member, type JsonObject, type JsonValue } from "../core/json.ts";
import { annotationOf } from "../core/object.ts";
import { readyCondition } from "../core/status/condition.ts";
import type { TriggerView } from "./run-context.ts";
import type { TriggerReport } from "./trigger-report.ts";

/**
 * @param trigger - as this run read it
 * @param fresh - as it is now
 * @returns true when our annotations or our part of the status are neither as read nor as this run wrote them
 */
export function isReportedByNewer({ object }: TriggerView, report: TriggerReport, fresh: JsonObject): boolean {
  const isMoved = Object.entries(report.annotations).some(([name, wanted]) => {
    const text = annotationOf(fresh, name);
    return text !== wanted && text !== annotationOf(object, name);
  });
  return isMoved || !jsonEqual(ownPart(fresh), ownPart(object));
}

/** What only runs of this key write: others may keep conditions of their own beside ours. */
function ownPart(trigger: JsonObject): JsonValue {
  const status = member(trigger, "status");
  const [state, koreo, generation] = ["state", "koreo", "observedGeneration"].map((name) => member(status, name));
  return [state ?? null, koreo ?? null, generation ?? null, readyCondition(trigger) ?? null];
}
