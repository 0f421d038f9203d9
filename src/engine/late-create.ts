/**
 * A create that may be executed after its trigger is gone: its answer got lost, or its worker stood still for longer than its
 * lease. Finalisation did not find the object, and nobody would come back for it. The worker that sent the create does: it
 * alone knows that the object is no older than its own request. (By the mark alone one would also delete what a backup has
 * restored before its trigger.)
 */
import { member, textMember, type JsonObject } from "../core/json.ts";
import { isGoing } from "../core/lifetime.ts";
import { objectText } from "../core/object-key.ts";
import type { InventoryEntry } from "../core/resource/inventory.ts";
import { markHolder } from "../core/resource/mark.ts";
import { hasFinalizer } from "./finalizer.ts";
import type { ObjectRef } from "./ports/object-store.ts";
import { removeObjects } from "./removal.ts";
import { RunInterrupted, type RunContext } from "./run-context.ts";

/** No lease is left, and none is needed: no run of the trigger will ever come. */
const UNBOUNDED_MS = 60_000;

/**
 * Comes back to an object that the trigger's end may have missed. Objects with an owner are the garbage collector's.
 *
 * @param body - as it was sent, with its mark
 */
export function watchLateCreate(run: RunContext, { type, namespace, name }: ObjectRef, body: JsonObject): void {
  const { group, version, kind } = type;
  const holder = markHolder(body, { group, kind, namespace, name });
  if (holder?.policy !== "destroy") return;
  const { step, wave, policy } = holder;
  const place = { group, version, kind, namespace, name };
  const entry: InventoryEntry = { ...place, uid: "", step, wave, policy, readonly: false, function: "" };
  const isFollowed = run.memory.later.add(async (signal) => {
    const context: RunContext = { ...run, signal, paused: false, leaseLeftMs: () => UNBOUNDED_MS };
    try {
      return (await isTriggerGone(context)) && (await isRemoved(context, entry));
    } catch (error) {
      if (!(error instanceof RunInterrupted))
        run.log.error({ error }, "looking for a late object failed: this is a bug in Koreo Cluster, please report it");
      return false;
    }
  });
  if (!isFollowed) run.log.warn({ object: objectText(entry) }, "whether this create was executed is not followed up");
}

/** Whether no run and no finalisation of the trigger will come any more. */
async function isTriggerGone({ ports, trigger, signal }: RunContext): Promise<boolean> {
  const read = await ports.store.get(trigger.ref, signal);
  if (read.kind === "fault") return read.fault.kind === "notFound";
  const isOther = textMember(member(read.value, "metadata"), "uid") !== trigger.uid;
  return isOther || (isGoing(read.value) && !hasFinalizer(read.value));
}

/** @returns false while the object is not there, which is no sign that it will not come */
async function isRemoved(context: RunContext, entry: InventoryEntry): Promise<boolean> {
  const removed = await removeObjects(context, [entry], { purpose: "finalize", isExact: true });
  const [object] = removed.deleted;
  if (object !== undefined) context.log.info({ object }, "deleted: it was created after its trigger was gone");
  return removed.deleted.length + removed.left.length > 0;
}
