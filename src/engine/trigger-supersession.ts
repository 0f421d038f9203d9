/**
 * Tells, after a refused write on a trigger, whether a newer run of the same key has written there: then the older one must
 * not go on, for it would undo what the newer one has put there.
 */
import { jsonEqual, member, type JsonObject, type JsonValue } from "../core/json.ts";
import { ANNOTATION } from "../core/names.ts";
import { annotationOf } from "../core/object.ts";
import { readyCondition } from "../core/status/condition.ts";

const WRITTEN_BY_RUNS = [
  ANNOTATION.inventory,
  ANNOTATION.cleanupKinds,
  ANNOTATION.managedResources,
  ANNOTATION.handledReconcile,
  ANNOTATION.outcome,
];

/**
 * @param held - the trigger as this run has read or written it last
 * @param fresh - as it is now
 * @param sent - annotations that this run may have written since
 * @returns true when what only runs of this key write is neither as held nor as sent
 */
export function isWrittenByNewer(
  held: JsonObject,
  fresh: JsonObject,
  sent: Readonly<Record<string, string>> = {},
): boolean {
  const isMoved = WRITTEN_BY_RUNS.some((name) => {
    const text = annotationOf(fresh, name);
    return text !== annotationOf(held, name) && text !== sent[name];
  });
  return isMoved || !jsonEqual(ownPart(fresh), ownPart(held));
}

/** What only runs of this key write: others may keep conditions of their own beside ours. */
function ownPart(trigger: JsonObject): JsonValue {
  const status = member(trigger, "status");
  const [state, koreo, generation] = ["state", "koreo", "observedGeneration"].map((name) => member(status, name));
  return [state ?? null, koreo ?? null, generation ?? null, readyCondition(trigger) ?? null];
}
