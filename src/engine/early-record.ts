/**
 * An object that another trigger has created stands in our inventory before a run goes on with it. That trigger may go, or
 * lose the object, while a later step of ours still takes its time: it asks our inventory whether we keep the object, and
 * the report at the end of the run would come too late. What we create ourselves nobody else deletes.
 */
import type { JsonObject } from "../core/json.ts";
import { ANNOTATION } from "../core/names.ts";
import { isGoing } from "../core/object.ts";
import type { KeyText } from "../core/object-key.ts";
import type { NotOk } from "../core/outcome.ts";
import { formatInventory, mergeInventory, type InventoryEntry } from "../core/resource/inventory.ts";
import { markHolder } from "../core/resource/mark.ts";
import { ANNOTATIONS_PLACE, isRoomFor } from "./annotation-room.ts";
import { heldRefusal, inTurn, KEEPS_CHANGING, MAX_TRIES, patchHeld } from "./held-trigger.ts";
import { recordedObjects } from "./object-records.ts";
import { abandonRun, type RunContext } from "./run-context.ts";

/** @returns why it could not be recorded: then the step must not go on with it */
export async function recordEarly(
  run: RunContext,
  {
    object,
    entry,
    observed,
  }: { readonly object: KeyText; readonly entry: InventoryEntry; readonly observed: JsonObject },
  signal: AbortSignal,
): Promise<NotOk | undefined> {
  if (entry.readonly || isManagedIn(run.recorded, object)) return undefined;
  const holder = markHolder(observed, entry);
  if (holder === undefined || holder.uid === run.trigger.uid) return undefined;
  run.held.early.set(object, entry);
  return inTurn(run, () => writeEarly(run, signal));
}

/** All that steps wait for by now goes in one patch: a trigger may share hundreds of objects. */
async function writeEarly(run: RunContext, signal: AbortSignal): Promise<NotOk | undefined> {
  const { early } = run.held;
  const attempt = { doing: "recording an object on", location: ANNOTATIONS_PLACE } as const;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const { trigger } = run.held;
    const standing = recordedObjects(trigger, run.ports.store.cluster);
    if ([...early.keys()].every((object) => isManagedIn(standing, object))) return undefined;
    // Nothing may be added to what is going: the run that deletes comes next.
    if (isGoing(trigger)) throw abandonRun(run);
    const merged = mergeInventory([...standing.values()], [...early.values()]);
    const annotations = { [ANNOTATION.inventory]: formatInventory(merged, run.trigger.uid) };
    // The report at the end makes room, or says that there is none.
    if (!isRoomFor(annotations, trigger)) return undefined;
    const put = await patchHeld(run, { annotations }, signal);
    if (put.kind === "written") return undefined;
    if (put.kind === "fault") return heldRefusal(run, put.fault, attempt);
  }
  return heldRefusal(run, KEEPS_CHANGING, attempt);
}

function isManagedIn(inventory: ReadonlyMap<KeyText, InventoryEntry>, object: KeyText): boolean {
  return inventory.get(object)?.readonly === false;
}
