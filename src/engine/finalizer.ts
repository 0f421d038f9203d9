/**
 * Our finalizer on a trigger: it is there before we create the first object that only we would delete, and goes when no
 * such object is left. An annotation beside it lists the kinds of these objects, so that deletion finds them by label
 * whatever else got lost. One patch writes both.
 */
import type { JsonObject } from "../core/json.ts";
import { annotationOf, finalizersOf, isGoing } from "../core/object.ts";
import { ANNOTATION, FINALIZER } from "../core/names.ts";
import type { GroupVersionKind } from "../core/object-key.ts";
import type { NotOk } from "../core/outcome.ts";
import type { Action } from "../core/resource/decide.ts";
import { deletePolicyOf, markHolder } from "../core/resource/mark.ts";
import type { ResourceFunctionPlan } from "../core/plan/plan.ts";
import { heldRefusal, inTurn, KEEPS_CHANGING, MAX_TRIES, patchHeld } from "./held-trigger.ts";
import type { ClusterFault, ObjectRef, ResourceType } from "./ports/object-store.ts";
import { abandonRun, type RunContext } from "./run-context.ts";

/** Whether the trigger waits for us before it goes. */
export function hasFinalizer(trigger: JsonObject): boolean {
  return finalizersOf(trigger).includes(FINALIZER);
}

/** The kinds that our finalizer is there for, as the trigger records them; unreadable entries are left out. */
export function cleanupKinds(trigger: JsonObject): readonly GroupVersionKind[] {
  const text = annotationOf(trigger, ANNOTATION.cleanupKinds);
  return text
    .split(",")
    .map((each) => each.split("/"))
    .flatMap(([group = "", version = "", kind = ""]) => (kind === "" ? [] : [{ group, version, kind }]));
}

interface ObjectSite {
  readonly ref: ObjectRef;
  readonly call: { readonly plan: ResourceFunctionPlan };
}

/**
 * Puts the finalizer on the trigger if this object is, or is about to be, one that only we would delete.
 *
 * @returns why it could not be put there: then nothing may be created
 */
export async function holdForObject(
  run: RunContext,
  { ref, call: { plan } }: ObjectSite,
  { action, observed }: { readonly action: Action; readonly observed: JsonObject | null },
  signal: AbortSignal,
): Promise<NotOk | undefined> {
  if (run.paused || plan.api.deleteIfExists || deletePolicyOf(plan) !== "destroy") return undefined;
  const identity = { group: ref.type.group, kind: ref.type.kind, namespace: ref.namespace, name: ref.name };
  const isOurs = observed !== null && markHolder(observed, identity)?.uid === run.trigger.uid;
  if (!isOurs && action.kind !== "create" && action.kind !== "recreate") return undefined;
  return inTurn(run, () => hold(run, ref.type, signal));
}

async function hold(run: RunContext, type: ResourceType, signal: AbortSignal): Promise<NotOk | undefined> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const { trigger } = run.held;
    if (isHeldFor(trigger, type)) return undefined;
    // Nothing may be added to a trigger that is being deleted: the run that deletes its objects comes next.
    if (isGoing(trigger)) throw abandonRun(run);
    const kinds = [...new Set([...cleanupKinds(trigger).map(versionedKindText), versionedKindText(type)])]
      .sort()
      .join(",");
    const finalizers = [...new Set([...finalizersOf(trigger), FINALIZER])];
    const put = await patchHeld(run, { finalizers, annotations: { [ANNOTATION.cleanupKinds]: kinds } }, signal);
    if (put.kind === "fault") return refusal(run, put.fault, "putting the finalizer on");
  }
  return refusal(run, KEEPS_CHANGING, "putting the finalizer on");
}

/**
 * Takes the finalizer off; if it was the last one, a trigger that is being deleted is then gone.
 *
 * @returns why it could not be taken off
 */
export async function releaseTrigger(run: RunContext): Promise<NotOk | undefined> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const { trigger } = run.held;
    if (!hasFinalizer(trigger)) return undefined;
    const finalizers = finalizersOf(trigger).filter((each) => each !== FINALIZER);
    const put = await patchHeld(run, { finalizers, annotations: { [ANNOTATION.cleanupKinds]: null } }, run.signal);
    if (put.kind !== "fault") continue;
    if (put.fault.kind === "notFound") return undefined;
    return refusal(run, put.fault, "taking the finalizer off");
  }
  return refusal(run, KEEPS_CHANGING, "taking the finalizer off");
}

function refusal(run: RunContext, fault: ClusterFault, doing: "putting the finalizer on" | "taking the finalizer off") {
  return heldRefusal(run, fault, { doing, location: "metadata.finalizers" });
}

function isHeldFor(trigger: JsonObject, type: GroupVersionKind): boolean {
  return (
    hasFinalizer(trigger) && cleanupKinds(trigger).some((each) => versionedKindText(each) === versionedKindText(type))
  );
}

function versionedKindText({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}/${kind}`;
}
