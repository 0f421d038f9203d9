/**
 * What of ours stands on an object beside its content: the owner reference, through which it goes with its trigger, and the
 * mark of who created it. Decides when the reference is added, when the mark of an earlier trigger is replaced, and when
 * both are taken off because the author wants the object to outlive its trigger, or manages it no more.
 */
import { member, type JsonObject, type JsonValue } from "../json.ts";
import { ANNOTATION, LABEL } from "../names.ts";
import type { ResourceFunctionPlan } from "../plan/plan.ts";
import type { ResourceTarget } from "./locate.ts";
import { markHolder, withMark, type Mark } from "./mark.ts";
import { hasOwner, isOwner, ownerReference, ownerReferencesOf, type Owner } from "./owner.ts";

export interface ClaimRequest {
  readonly plan: ResourceFunctionPlan;
  readonly target: ResourceTarget;
  readonly owner: Owner;
  /** `functionTest` keeps Koreo's verdicts, which knows neither marks nor `delete`. */
  readonly mode: "cluster" | "functionTest";
  /** What an object of this step is marked with; required on a cluster. */
  readonly mark?: Mark | undefined;
  /** The step that managed the object by the trigger's inventory; undefined while none is recorded. */
  readonly recordedStep?: string | undefined;
}

/** `own`: our reference is missing. `takeOver`: the mark is an earlier trigger's, or out of date. `release`: ours must go. */
export type Claim = "own" | "takeOver" | "release";

/** Whether the object should carry our owner reference. Who says `abandon` wants it to stay when the trigger goes. */
export function owns({ plan, target, owner, mode }: ClaimRequest): boolean {
  const isAbandoned = mode === "cluster" && plan.deletePolicy === "abandon";
  return !isAbandoned && isOwner(owner, target);
}

/** @returns what must change of reference and mark, whatever the content; a missing reference brings the mark along */
export function claimOn(request: ClaimRequest, observed: JsonObject): Claim | undefined {
  const { target, owner, mode } = request;
  const isReferenced = hasOwner(ownerReferencesOf(observed), owner);
  if (!target.readonly && owns(request)) {
    if (!isReferenced) return "own";
  } else if (mode === "cluster" && isOursToRelease(request, observed, isReferenced)) return "release";
  return !target.readonly && isMarkToReplace(request, observed) ? "takeOver" : undefined;
}

/**
 * The list of owner references that a patch must carry, or undefined when the list can stay as it is.
 *
 * @param named - the target's own list, which stands before what is there
 */
export function referencesToSend(
  request: ClaimRequest,
  claim: Claim | undefined,
  observed: JsonObject,
  named: readonly JsonValue[] = [],
): readonly JsonValue[] | undefined {
  const { owner } = request;
  const standing = named.length > 0 ? named : ownerReferencesOf(observed);
  if (claim === "release") {
    const isListed = hasOwner(ownerReferencesOf(observed), owner);
    return isListed ? standing.filter((reference) => !hasOwner([reference], owner)) : undefined;
  }
  if (claim !== "own" && !(named.length > 0 && owns(request))) return undefined;
  return hasOwner(standing, owner) ? standing : [...standing, ownerReference(owner)];
}

/** A patch with what the claim changes about the mark. */
export function withClaim(
  request: ClaimRequest,
  claim: Claim | undefined,
  observed: JsonObject,
  patch: JsonObject,
): JsonObject {
  const { mark } = request;
  if (mark === undefined || markHolder(observed, mark) === undefined) return patch;
  if (claim !== "release") return isMarkToReplace(request, observed) ? withMark(patch, mark) : patch;
  const metadata = (member(patch, "metadata") ?? {}) as JsonObject;
  const labels = { ...(member(metadata, "labels") as JsonObject | undefined), [LABEL.triggerUid]: null };
  const annotations = { ...(member(metadata, "annotations") as JsonObject | undefined), [ANNOTATION.mark]: null };
  return { ...patch, metadata: { ...metadata, labels, annotations } };
}

/**
 * Only for the step that managed the object before: one that merely reads, or shares, what another step of the trigger
 * manages must not undo that step's claim. Never on an object that somebody else's mark is on. Without a reference only a
 * function turned readonly has anything to take off: whoever creates without one keeps the mark, for `delete: destroy`.
 */
function isOursToRelease(
  { target, owner, mark, recordedStep }: ClaimRequest,
  observed: JsonObject,
  isReferenced: boolean,
): boolean {
  if (mark === undefined) return false;
  const holder = markHolder(observed, mark);
  if (holder !== undefined && holder.uid !== owner.uid) return false;
  // The inventory knows of renamed steps; the mark still speaks where the inventory got lost.
  if ((recordedStep ?? holder?.step) !== mark.step) return false;
  return isReferenced || (target.readonly && holder !== undefined);
}

/**
 * The object was created by an earlier trigger of our very key, which is gone: it is ours now. Or it is ours, and its author
 * has changed since what may become of it; of several steps on one object only the one that manages it by the inventory says so.
 */
function isMarkToReplace({ mode, mark, recordedStep }: ClaimRequest, observed: JsonObject): boolean {
  if (mode !== "cluster" || mark === undefined) return false;
  const holder = markHolder(observed, mark);
  if (holder === undefined || holder.trigger !== mark.trigger) return false;
  if (holder.uid !== mark.uid) return true;
  const isChanged = holder.policy !== mark.policy || holder.owned !== mark.owned;
  return isChanged && (recordedStep ?? holder.step) === mark.step;
}
