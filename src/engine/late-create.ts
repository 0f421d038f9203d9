/**
 * A create that may be executed after its trigger is gone: its answer got lost, or its worker stood still for longer
 * than its lease. Finalisation did not find the object, so nobody else would come back for it. The worker that sent the
 * create comes back, and the signature in the mark tells it what that very request made. The mark and the missing
 * trigger are not enough: they also fit an object that a backup restored before its trigger.
 */
import type { JsonObject } from "../core/json.ts";
import { isGoing, uidOf } from "../core/object.ts";
import { formatKey, objectText, parseKey } from "../core/object-key.ts";
import type { InventoryEntry } from "../core/resource/inventory.ts";
import { markHolder, withRequest } from "../core/resource/mark.ts";
import { hasFinalizer } from "./finalizer.ts";
import type { Looked } from "./later-looks.ts";
import { recordedObjects } from "./object-records.ts";
import type { ObjectRef } from "./ports/object-store.ts";
import type { Cause } from "./ports/reconcile-queue.ts";
import { MIN_LEASE_FOR_DELETE_MS, removeObjects } from "./removal.ts";
import { orAbandon, RunInterrupted, type RunContext } from "./run-context.ts";

export interface SignedCreate {
  /** What to send. */
  readonly body: JsonObject;
  /** Comes back to the object, because nobody can say whether finalisation will find it. */
  follow(): void;
}

/**
 * Signs the create of an object that only we would delete. The garbage collector takes objects with an owner once the
 * owner is gone, whenever they were created.
 *
 * @param body - the object with its mark
 */
export function signCreate(run: RunContext, { type, namespace, name }: ObjectRef, body: JsonObject): SignedCreate {
  const { group, version, kind } = type;
  const holder = markHolder(body, { group, kind, namespace, name });
  if (holder?.policy !== "destroy" || holder.owned) return { body, follow: () => undefined };
  const { step, wave, policy } = holder;
  const place = { group, version, kind, namespace, name };
  const entry: InventoryEntry = { ...place, uid: "", step, wave, policy, readonly: false, function: "" };
  const request = Math.floor(run.ports.clock.random() * Number.MAX_SAFE_INTEGER).toString(36);
  return { body: withRequest(body, request), follow: () => follow(run, entry, request) };
}

function follow({ ports, limits, trigger, ...run }: RunContext, entry: InventoryEntry, request: string): void {
  const { memory, log } = run;
  // No lease is left, and a delete needs none once no run of the trigger can come. The run's findings are not kept.
  const lasting = { paused: false, leaseLeftMs: () => MIN_LEASE_FOR_DELETE_MS, abandon: () => undefined };
  const context = { ...run, ...lasting, ports, limits, trigger, recorded: new Map(), looks: new Map() };
  const object = objectText(entry);
  const key = formatKey({ cluster: ports.store.cluster, ...entry });
  const place = { place: `${trigger.uid} ${key}`, tenant: parseKey(trigger.key)?.namespace ?? "", request };
  const isFollowed = memory.later.add(
    place,
    (requests, signal) => look({ ...context, signal }, entry, requests),
    () => log.warn({ object }, "whether this create was executed could not be found out"),
  );
  if (!isFollowed) log.warn({ object }, "whether this create was executed is not followed up");
}

async function look(run: RunContext, entry: InventoryEntry, requests: ReadonlySet<string>): Promise<Looked> {
  try {
    switch (await stateOfTrigger(run, entry)) {
      case "unanswered":
        return "unanswered";
      case "keeps the object":
        return "over";
      case "lives":
        return await lookBeside(run, entry, requests);
      case "ends": // finalisation may have looked before the object came, and may not look again
        return "unanswered";
      case "gone":
        return await remove(run, entry, requests);
    }
  } catch (error) {
    if (!(error instanceof RunInterrupted))
      run.log.error({ error }, "looking for a late object failed: this is a bug in Koreo Cluster, please report it");
    return "unanswered";
  }
}

/** `lives`, `ends`: a run or the finalisation of the trigger is still to come. A later namesake may keep the object. */
async function stateOfTrigger(run: RunContext, entry: InventoryEntry) {
  const { ports, trigger, signal } = run;
  const read = await ports.store.get(trigger.ref, signal);
  if (read.kind === "fault") return read.fault.kind === "notFound" ? "gone" : "unanswered";
  if (uidOf(read.value) !== trigger.uid) {
    const object = formatKey({ cluster: ports.store.cluster, ...entry });
    return recordedObjects(read.value, ports.store.cluster).get(object)?.readonly === false
      ? "keeps the object"
      : "gone";
  }
  if (!isGoing(read.value)) return "lives";
  return hasFinalizer(read.value) ? "ends" : "gone";
}

/**
 * While the trigger lives, its runs and its finalisation take care of the object; here we only look whether our create
 * has arrived, and tell the trigger.
 */
async function lookBeside(run: RunContext, entry: InventoryEntry, requests: ReadonlySet<string>): Promise<Looked> {
  const type = await run.ports.store.resolve(entry, run.signal);
  if (type.kind === "fault") return "unanswered";
  const read = await run.ports.store.get(
    { type: type.value, namespace: entry.namespace, name: entry.name },
    run.signal,
  );
  if (read.kind === "fault") return read.fault.kind === "notFound" ? "again" : "unanswered";
  if (!requests.has(markHolder(read.value, entry)?.request ?? "")) return "again";
  await tellTrigger(run, entry);
  return "over";
}

/**
 * Puts the object into the index and wakes the trigger. By now the trigger may no longer want the object, and perhaps
 * nobody watches its kind: then the index has lost it, and no run would look for it. A run that finds it there prunes
 * it if no step names it.
 */
async function tellTrigger(run: RunContext, entry: InventoryEntry): Promise<void> {
  const { index, queue, clock, store } = run.ports;
  const object = formatKey({ cluster: store.cluster, ...entry });
  const trigger = run.trigger.key;
  if (await orAbandon(run, index.names(trigger, object))) return;
  await orAbandon(run, index.add([{ object, trigger }]));
  const cause: Cause = { reason: "managed-modified", object, atMs: clock.wallMs() };
  await orAbandon(run, queue.enqueue([{ key: trigger, workClass: 2, cause }]));
}

async function remove(run: RunContext, entry: InventoryEntry, requests: ReadonlySet<string>): Promise<Looked> {
  const removed = await removeObjects(run, [entry], { purpose: "finalize", isExact: true, requests });
  const [object] = removed.deleted;
  if (object !== undefined) run.log.info({ object }, "deleted: it was created after its trigger was gone");
  if (removed.deleted.length + removed.left.length > 0) return "over";
  // The object is refused or held (waiting), or not there yet, which does not mean that it will not come.
  return removed.waiting.length > 0 ? "unanswered" : "again";
}
