/**
 * The trigger as a run has written it last: what has to stand there before the run goes on (the finalizer, objects that other
 * triggers made) is put there step by step, each time with the resourceVersion of the write before. The report at the end,
 * `trigger-writer.ts`, starts from it.
 */
import type { JsonObject } from "../core/json.ts";
import { uidOf, versionOf } from "../core/object.ts";
import { objectText } from "../core/object-key.ts";
import type { NotOk } from "../core/outcome.ts";
import { faultOutcome, type Attempt } from "./fault-outcome.ts";
import type { ClusterFault } from "./ports/object-store.ts";
import { abandonRun, checkMayWrite, type RunContext } from "./run-context.ts";
import { isWrittenByNewer } from "./trigger-supersession.ts";

/** How often a patch that is refused because the trigger changed is decided anew. */
export const MAX_TRIES = 5;

/** One step of a run writes at a time. */
export function inTurn<T>({ held }: RunContext, write: () => Promise<T>): Promise<T> {
  const written = held.writing.then(write);
  held.writing = written.catch(() => undefined);
  return written;
}

/** `changed`: somebody else changed the trigger meanwhile, and it was read again. */
export type HeldPatch =
  { readonly kind: "written" | "changed" } | { readonly kind: "fault"; readonly fault: ClusterFault };

/** To be called in turn. @throws RunInterrupted when the run is over */
export async function patchHeld(run: RunContext, metadata: JsonObject, signal: AbortSignal): Promise<HeldPatch> {
  checkMayWrite(run);
  const { ref, uid } = run.trigger;
  const { store } = run.ports;
  const resourceVersion = versionOf(run.held.trigger);
  const written = await store.patch(ref, { metadata: { ...metadata, resourceVersion } }, signal);
  const isChanged = written.kind === "fault" && written.fault.kind === "conflict";
  const answer = isChanged ? await store.get(ref, signal) : written;
  if (answer.kind === "fault") return answer;
  // Another trigger of this name, or a newer run of this one: whatever this run was about is over.
  if (uidOf(answer.value) !== uid) throw abandonRun(run);
  if (isChanged && isWrittenByNewer(run.held.trigger, answer.value)) throw abandonRun(run);
  run.held.trigger = answer.value;
  return { kind: isChanged ? "changed" : "written" };
}

/** What the step comes to that needed the patch. @throws RunInterrupted when the trigger is gone, or the run is over */
export function heldRefusal(run: RunContext, fault: ClusterFault, attempt: Omit<Attempt, "name">): NotOk {
  if (fault.kind === "notFound" || (fault.kind === "aborted" && run.signal.aborted)) throw abandonRun(run);
  const { ref } = run.trigger;
  return faultOutcome(fault, { ...attempt, name: objectText({ ...ref.type, ...ref }) });
}

/** Why a patch was given up that was refused again and again. */
export const KEEPS_CHANGING: ClusterFault = { kind: "conflict", detail: "it keeps changing" };
