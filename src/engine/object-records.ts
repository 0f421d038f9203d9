/** What a run records about an object it looked at, on the trigger and in the index. */
import { member, textMember, type JsonObject } from "../core/json.ts";
import { ANNOTATION } from "../core/names.ts";
import { versionOf } from "../core/object.ts";
import { formatKey, parseKey, type KeyText } from "../core/object-key.ts";
import type { ResourceFunctionPlan } from "../core/plan/plan.ts";
import { isPacked } from "../core/resource/packed-text.ts";
import { parseInventory, type InventoryEntry } from "../core/resource/inventory.ts";
import { owns } from "../core/resource/claim.ts";
import { deletePolicyOf, type Mark } from "../core/resource/mark.ts";
import type { Owner } from "../core/resource/owner.ts";
import type { ResourceTarget } from "../core/resource/locate.ts";
import { BoundedMap } from "./bounded-map.ts";
import { KEPT, type NamingRun } from "./ports/object-index.ts";
import type { ResourceType } from "./ports/object-store.ts";
import { checkMayWrite, orAbandon, type RunContext, type TriggerView } from "./run-context.ts";
import { placeOf } from "./repair-memory.ts";
import type { StepWork } from "./run-messages.ts";

/** An object of one ResourceFunction, and how the server serves its kind. */
export interface NamedObject {
  readonly plan: ResourceFunctionPlan;
  readonly target: ResourceTarget;
  readonly type: ResourceType;
}

/** Koreo's record of one object in `koreo.dev/managed-resources`. */
export function managedRecord({ plan, target, type }: NamedObject): JsonObject {
  return {
    apiVersion: target.apiVersion,
    kind: target.kind,
    plural: type.plural,
    name: target.name,
    readonly: target.readonly,
    ...(type.namespaced ? { namespace: target.namespace } : {}),
    resourceFunction: plan.name,
  };
}

/** The trigger as the owner of what its run manages. */
export function triggerAsOwner({ object, ref, uid }: TriggerView): Owner {
  const { namespace, name, type } = ref;
  return { apiVersion: textMember(object, "apiVersion"), kind: type.kind, namespace, name, uid };
}

/** The mark of an object of this step. @param step - labels of the steps that lead to it, joined by `/` */
export function stepMark(
  { request, step: { wave }, run }: StepWork,
  { plan, target, type }: NamedObject,
  owner: Owner,
  step: string,
): Mark {
  const { group, kind } = type;
  return {
    trigger: run.trigger.key,
    uid: run.trigger.uid,
    group,
    kind,
    namespace: target.namespace,
    name: target.name,
    step,
    wave: request.wave + wave,
    policy: deletePolicyOf(plan),
    owned: owns({ plan, target, owner, mode: "cluster" }),
  };
}

/** The inventory recorded on the trigger, by object; what a trigger of another uid left behind is ignored. */
export function recordedObjects(trigger: JsonObject, cluster: string): ReadonlyMap<KeyText, InventoryEntry> {
  const metadata = member(trigger, "metadata");
  const text = textMember(member(metadata, "annotations"), ANNOTATION.inventory);
  const uid = textMember(metadata, "uid");
  const read = () =>
    new Map(parseInventory(text, uid).map((entry) => [formatKey({ cluster, ...entry }), entry] as const));
  if (!isPacked(text)) return read();
  const key = `${cluster} ${uid} ${text}`;
  const recorded = unpackedLately.get(key) ?? read();
  unpackedLately.set(key, recorded);
  return recorded;
}

/** Unpacking takes tens of milliseconds, and triggers that share many objects are read once per object. */
const unpackedLately = new BoundedMap<string, ReadonlyMap<KeyText, InventoryEntry>>(8);

/** @param step - labels of the steps that lead to it, joined by `/` */
export function inventoryEntry(
  { request, step: { wave } }: StepWork,
  { plan, target, type }: NamedObject,
  observed: JsonObject | null,
  step: string,
): InventoryEntry {
  return {
    group: type.group,
    version: type.version,
    kind: type.kind,
    namespace: target.namespace,
    name: target.name,
    uid: textMember(member(observed ?? undefined, "metadata"), "uid"),
    step,
    wave: request.wave + wave,
    policy: target.readonly ? "default" : deletePolicyOf(plan),
    readonly: target.readonly,
    function: `${plan.namespace}/${plan.name}`,
  };
}

/** An entry for an object whose name is all we know; its mark decides what may happen to it. */
export function indexedEntry(object: string): readonly InventoryEntry[] {
  const key = parseKey(object);
  if (key === undefined) return [];
  const { group, kind, namespace, name } = key;
  const unknown = { version: "", uid: "", step: "", wave: 0, readonly: false, function: "" };
  return [{ group, kind, namespace, name, ...unknown, policy: "destroy" }];
}

/**
 * Equals no version of any object, so that whatever is seen next wakes the trigger. Recorded for an object that this
 * run deleted, so that its end wakes, and for one that two steps saw in different versions: one result is out of date.
 */
const UNSETTLED = "unsettled";

interface Look {
  /** Null where there is none; undefined: it could not be read. */
  readonly observed: JsonObject | null | undefined;
  readonly changed: boolean;
}

/**
 * Says of what the inventory keeps that this run keeps it, though it has not looked at it: the step was skipped, waits for
 * another one, or its Workflow is gone. Else, once the index was lost, no run would ever say so, and a trigger that made
 * such an object would wait for it for ever (`ownership-check.ts`).
 *
 * @throws RunInterrupted when the run is over
 */
export async function confirmKept(run: RunContext, inventory: Iterable<InventoryEntry>): Promise<void> {
  const { store, index } = run.ports;
  const managed = [...inventory].filter(({ readonly }) => !readonly);
  const kept = managed.map((entry) => formatKey({ cluster: store.cluster, ...entry }));
  const unseen = kept.filter((object) => !run.looks.has(object));
  if (unseen.length === 0) return;
  checkMayWrite(run);
  await orAbandon(run, index.keep(run.trigger.key, unseen, run.fence));
}

/**
 * Records which version this run looked at last, so that the echo of its own write wakes nobody. A run that is over
 * records nothing: a newer run that has already looked must hear of what the old run made after that.
 *
 * @throws RunInterrupted when the run is over
 */
export async function recordLook(
  run: RunContext,
  { object, readonly }: Pick<NamingRun, "object" | "readonly">,
  look: Look,
): Promise<void> {
  checkMayWrite(run);
  const version = lookedAt(look);
  const seen = run.looks.get(object) ?? version;
  const resourceVersion = seen === version ? version : UNSETTLED;
  run.looks.set(object, resourceVersion);
  const note = run.memory.repairs.note(placeOf(run.trigger.key, object));
  const entry = { object, trigger: run.trigger.key, resourceVersion, note, fence: run.fence, readonly };
  await orAbandon(run, run.ports.index.add([entry]));
}

function lookedAt({ observed, changed }: Look): string {
  if (observed === undefined) return KEPT;
  if (observed === null) return changed ? UNSETTLED : "";
  return versionOf(observed);
}
