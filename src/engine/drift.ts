/**
 * A repair of drift is a write to an object that was there before, for which nobody changed the trigger or a
 * definition. It is only reported and counted; no decision depends on it.
 */
import type { JsonObject } from "../core/json.ts";
import type { KeyText } from "../core/object-key.ts";
import type { RunContext } from "./run-context.ts";

const OF_MANAGED_OBJECTS: ReadonlySet<string> = new Set(["managed-modified", "managed-deleted"]);

/**
 * Whether writing this object now repairs drift: an earlier run saw it, the run's causes are only changes of managed
 * objects or resyncs, and the object itself changed: a change of another managed object may rightly lead to a new
 * wanted state of this one. The queue merges causes, so of several objects that differ at once only some may be known
 * as changed; objects that are gone are always known.
 *
 * @param observed - the object before the write; null when it is gone
 */
export function isDriftRepair(
  { causes, recorded }: Pick<RunContext, "causes" | "recorded">,
  object: KeyText,
  observed: JsonObject | null | undefined,
): boolean {
  const wasSeen = (recorded.get(object)?.uid ?? "") !== "";
  if (!wasSeen || causes.length === 0) return false;
  const changes = causes.filter(({ reason }) => reason !== "resync");
  if (changes.some(({ reason }) => !OF_MANAGED_OBJECTS.has(reason))) return false;
  return changes.length === 0 || observed === null || changes.some((change) => change.object === object);
}
