/**
 * Our finalizer on a trigger: it is there before we create the first object that only we would delete, and goes when no
 * such object is left. An annotation beside it lists the kinds of these objects, so that deletion finds them by label
 * whatever else got lost. One patch with the trigger's resourceVersion writes both; one step of a run writes at a time.
 */
import type { JsonObject } from "../core/json.ts";
import { annotationOf, finalizersOf, isGoing, uidOf, versionOf } from "../core/object.ts";
import { ANNOTATION, FINALIZER } from "../core/names.ts";
import { objectText, type GroupVersionKind } from "../core/object-key.ts";
import type { NotOk } from "../core/outcome.ts";
import type { Action } from "../core/resource/decide.ts";
import { deletePolicyOf, markHolder } from "../core/resource/mark.ts";
import type { ResourceFunctionPlan } from "../core/plan/plan.ts";
import { faultOutcome } from "./fault-outcome.ts";
import type { ClusterFault, ObjectRef, ResourceType } from "./ports/object-store.ts";
import { abandonRun, checkMayWrite, type RunContext } from "./run-context.ts";

const MAX_TRIES = 5;

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
  const { held } = run;
  const put = held.writing.then(() => hold(run, ref.type, signal));
  held.writing = put.catch(() => undefined);
  return put;
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
    const fault = await patchHeld(run, { finalizers, annotations: { [ANNOTATION.cleanupKinds]: kinds } }, signal);
    if (fault !== undefined) return refusal(run, fault, "putting the finalizer on");
  }
  return refusal(run, { kind: "conflict", detail: "it keeps changing" }, "putting the finalizer on");
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
    const fault = await patchHeld(run, { finalizers, annotations: { [ANNOTATION.cleanupKinds]: null } }, run.signal);
    if (fault?.kind === "notFound") return undefined;
    if (fault !== undefined) return refusal(run, fault, "taking the finalizer off");
  }
  return refusal(run, { kind: "conflict", detail: "it keeps changing" }, "taking the finalizer off");
}

/** @returns undefined when it was written, or when the trigger changed meanwhile and was read again */
async function patchHeld(
  run: RunContext,
  metadata: JsonObject,
  signal: AbortSignal,
): Promise<ClusterFault | undefined> {
  checkMayWrite(run);
  const { ref, uid } = run.trigger;
  const resourceVersion = versionOf(run.held.trigger);
  const body = { metadata: { ...metadata, resourceVersion } };
  const written = await run.ports.store.patch(ref, body, signal);
  const answer = written.kind === "fault" && written.fault.kind === "conflict" ? await reread(run, signal) : written;
  if (answer.kind === "fault") return answer.fault;
  // Another trigger of this name: whatever this run was about is over.
  if (uidOf(answer.value) !== uid) throw abandonRun(run);
  run.held.trigger = answer.value;
  return undefined;
}

function reread({ ports, trigger }: RunContext, signal: AbortSignal) {
  return ports.store.get(trigger.ref, signal);
}

function refusal(run: RunContext, fault: ClusterFault, doing: "putting the finalizer on" | "taking the finalizer off") {
  if (fault.kind === "notFound" || (fault.kind === "aborted" && run.signal.aborted)) throw abandonRun(run);
  const { ref } = run.trigger;
  return faultOutcome(fault, { doing, name: objectText({ ...ref.type, ...ref }), location: "metadata.finalizers" });
}

function isHeldFor(trigger: JsonObject, type: GroupVersionKind): boolean {
  return (
    hasFinalizer(trigger) && cleanupKinds(trigger).some((each) => versionedKindText(each) === versionedKindText(type))
  );
}

function versionedKindText({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}/${kind}`;
}
