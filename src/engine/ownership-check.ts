/**
 * Finds the other living trigger that an object belongs to. The object's mark says who created it; the API server says
 * whether that trigger still lives and names it. A mark whose trigger is gone, or wants it no longer, binds nobody.
 */
import type { JsonObject } from "../core/json.ts";
import { isGoing, uidOf } from "../core/object.ts";
import { formatKey, parseKey, type KeyText } from "../core/object-key.ts";
import { permFail, type NotOk } from "../core/outcome.ts";
import { markHolder } from "../core/resource/mark.ts";
import { recordedObjects } from "./object-records.ts";
import { faultOutcome } from "./fault-outcome.ts";
import type { IndexedTrigger } from "./ports/object-index.ts";
import type { ClusterFault, ClusterResult, ObjectRef } from "./ports/object-store.ts";
import { orAbandon, type RunContext } from "./run-context.ts";
import { servedType } from "./served-type.ts";

/** Triggers read at once. */
const AT_ONCE = 16;

/**
 * Refuses to write an object that another living trigger created.
 *
 * @returns why the object must not be written, or undefined when it may
 */
export async function refusedByOwner(
  run: RunContext,
  observed: JsonObject,
  { ref, object }: { readonly ref: ObjectRef; readonly object: KeyText },
  signal: AbortSignal,
): Promise<NotOk | undefined> {
  const holder = markHolder(observed, { ...ref.type, namespace: ref.namespace, name: ref.name });
  if (holder === undefined || holder.uid === run.trigger.uid) return undefined;
  const key = parseKey(holder.trigger);
  if (key === undefined || formatKey(key) === run.trigger.key) return undefined; // our own key, recreated: we take over

  const read = await readTrigger(run, formatKey(key), signal);
  if (read.kind === "fault") {
    const attempt = { doing: "loading", name: holder.trigger, location: "spec.apiConfig" } as const;
    return faultOutcome(read.fault, attempt);
  }
  if (read.value === undefined || uidOf(read.value) !== holder.uid) return undefined;
  // If nothing names the object, the trigger left it behind. A run that is just creating the object has told the index.
  const isNamed =
    recordedObjects(read.value, run.ports.store.cluster).has(object) ||
    (await orAbandon(run, run.ports.index.names(formatKey(key), object)));
  if (!isNamed) return undefined;
  return permFail(
    `${ref.type.kind} ${ref.name} belongs to the trigger ${holder.trigger} and is left alone; give it another name here, or remove it there`,
    "spec.apiConfig.name",
  );
}

/** `claimed`: only an inventory, which people may write, says so; no run of that trigger has reported a look, or that it keeps it. */
export type OtherKeeper =
  | { readonly kind: "none" }
  | { readonly kind: "keeper" | "claimed"; readonly key: KeyText }
  | { readonly kind: "fault"; readonly fault: ClusterFault };

/** @returns another living trigger that manages the object too, by its own inventory */
export async function otherKeeper(run: RunContext, object: KeyText, signal: AbortSignal): Promise<OtherKeeper> {
  const [named = []] = await orAbandon(run, run.ports.index.triggersOf([object]));
  // Readers are left out: there may be tens of thousands of them.
  const managers = named.filter(({ trigger, readonly }) => trigger !== run.trigger.key && !readonly);
  let found: OtherKeeper = { kind: "none" };
  for (let at = 0; at < managers.length; at += AT_ONCE) {
    const judged = await Promise.all(managers.slice(at, at + AT_ONCE).map((each) => judge(run, object, each, signal)));
    const decisive = judged.find(({ kind }) => kind === "keeper") ?? judged.find(({ kind }) => kind === "fault");
    if (decisive !== undefined) return decisive;
    if (found.kind === "none") found = judged.find(({ kind }) => kind === "claimed") ?? found;
  }
  return found;
}

async function judge(
  run: RunContext,
  object: KeyText,
  { trigger: key, resourceVersion }: IndexedTrigger,
  signal: AbortSignal,
): Promise<OtherKeeper> {
  const read = await readTrigger(run, key, signal);
  if (read.kind === "fault") return read;
  if (read.value === undefined || isGoing(read.value)) return { kind: "none" };
  if (recordedObjects(read.value, run.ports.store.cluster).get(object)?.readonly !== false) return { kind: "none" };
  // Only runs tell the index which version they looked at, or that they keep the object without a look.
  return { kind: resourceVersion === "" ? "claimed" : "keeper", key };
}

/** @returns undefined when there is no such trigger */
async function readTrigger(
  run: RunContext,
  text: KeyText,
  signal: AbortSignal,
): Promise<ClusterResult<JsonObject | undefined>> {
  const key = parseKey(text);
  if (key === undefined) return { kind: "ok", value: undefined };
  const type = await servedType(run, { ...key, version: "" });
  if (type.kind === "gone") return { kind: "ok", value: undefined };
  if (type.kind === "unsure") return { kind: "fault", fault: { kind: "unknownKind", detail: type.why } };
  if (type.kind === "fault") return type;
  const read = await run.ports.store.get({ type: type.value, namespace: key.namespace, name: key.name }, signal);
  return read.kind === "fault" && read.fault.kind === "notFound" ? { kind: "ok", value: undefined } : read;
}
