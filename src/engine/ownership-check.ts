/**
 * Which other living trigger an object belongs to. The mark on the object says who created it; whether that trigger still
 * lives and names it is read from the API server, for a mark whose trigger is gone, or wants the object no more, binds nobody.
 */
import { textMember, member, type JsonObject } from "../core/json.ts";
import { isGoing } from "../core/lifetime.ts";
import { formatKey, parseKey, type KeyText } from "../core/object-key.ts";
import { permFail, type NotOk } from "../core/outcome.ts";
import { markHolder } from "../core/resource/mark.ts";
import { recordedObjects } from "./object-records.ts";
import { faultOutcome } from "./fault-outcome.ts";
import type { ClusterFault, ClusterResult, ObjectRef } from "./ports/object-store.ts";
import { shared, type RunContext } from "./run-context.ts";
import { servedType } from "./served-type.ts";

interface NamedObject {
  readonly ref: ObjectRef;
  readonly object: KeyText;
  /** The other triggers that name it, by the index. */
  readonly sharers: readonly KeyText[];
}

/**
 * Refuses to write an object that another living trigger created.
 *
 * @returns why the object must not be written, or undefined when it may
 */
export async function refusedByOwner(
  run: RunContext,
  observed: JsonObject,
  site: NamedObject,
  signal: AbortSignal,
): Promise<NotOk | undefined> {
  const { ref, object, sharers } = site;
  const holder = markHolder(observed, { ...ref.type, namespace: ref.namespace, name: ref.name });
  if (holder === undefined || holder.uid === run.trigger.uid) return undefined;
  const key = parseKey(holder.trigger);
  if (key === undefined || formatKey(key) === run.trigger.key) return undefined; // our own key, recreated: we take over

  const read = await readTrigger(run, formatKey(key), signal);
  if (read.kind === "fault") {
    const attempt = { doing: "loading", name: holder.trigger, location: "spec.apiConfig" } as const;
    return faultOutcome(read.fault, attempt);
  }
  if (read.value === undefined || textMember(member(read.value, "metadata"), "uid") !== holder.uid) return undefined;
  // It left the object behind. A run of it that is only just creating the object has told the index so.
  const isNamed = sharers.includes(formatKey(key)) || recordedObjects(read.value, run.ports.store.cluster).has(object);
  if (!isNamed) return undefined;
  return permFail(
    `${ref.type.kind} ${ref.name} belongs to the trigger ${holder.trigger} and is left alone; give it another name here, or remove it there`,
    "spec.apiConfig.name",
  );
}

/** `claimed`: an inventory says so, which people may write; no run of that trigger has said that it looks at the object. */
export type OtherKeeper =
  | { readonly kind: "none" }
  | { readonly kind: "keeper" | "claimed"; readonly key: KeyText }
  | { readonly kind: "fault"; readonly fault: ClusterFault };

/** @returns another living trigger that manages the object too, by its own inventory */
export async function otherKeeper(run: RunContext, object: KeyText, signal: AbortSignal): Promise<OtherKeeper> {
  const [named = []] = await shared(run, run.ports.index.triggersOf([object]));
  let claimed: KeyText | undefined;
  for (const { trigger: key, resourceVersion } of named) {
    if (key === run.trigger.key) continue;
    const read = await readTrigger(run, key, signal);
    if (read.kind === "fault") return read;
    if (read.value === undefined || isGoing(read.value)) continue;
    const entry = recordedObjects(read.value, run.ports.store.cluster).get(object);
    if (entry?.readonly !== false) continue;
    // Only runs tell the index which version they looked at.
    if (resourceVersion !== "") return { kind: "keeper", key };
    claimed ??= key;
  }
  return claimed === undefined ? { kind: "none" } : { kind: "claimed", key: claimed };
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
