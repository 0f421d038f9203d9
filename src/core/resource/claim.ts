/**
 * What we put on an object beside its content: the owner reference, by which it is deleted with its trigger, and the
 * mark of its creator. Decides when to add or renew the reference, when to replace the mark of an earlier trigger, and
 * when to remove both because the author wants the object to outlive its trigger, or no longer manages it.
 */
import { member, type JsonObject, type JsonValue } from "../json.ts";
import { ANNOTATION, LABEL } from "../names.ts";
import type { ResourceFunctionPlan } from "../plan/plan.ts";
import type { ResourceTarget } from "./locate.ts";
import { markHolder, withMark, type Mark } from "./mark.ts";
import {
  hasOutdatedOwner,
  hasOwner,
  isOwner,
  ownerReference,
  ownerReferencesOf,
  withCurrentOwner,
  type Owner,
} from "./owner.ts";

export interface ClaimRequest {
  readonly plan: ResourceFunctionPlan;
  readonly target: ResourceTarget;
  readonly owner: Owner;
  /** `functionTest` keeps the verdicts of Koreo, which knows neither marks nor `delete`. */
  readonly mode: "cluster" | "functionTest";
  /** The mark for objects of this step; required on a cluster. */
  readonly mark?: Mark | undefined;
  /** The step that manages the object according to the trigger's inventory; undefined while none is recorded. */
  readonly recordedStep?: string | undefined;
}

/**
 * `own`: our reference is missing. `renew`: it names another API version of the trigger. `takeOver`: the mark is
 * outdated or an earlier trigger's. `release`: ours goes.
 */
export type Claim = "own" | "renew" | "takeOver" | "release";

/** Whether the object should carry our owner reference. `abandon` means that it stays when the trigger goes. */
export function owns({ plan, target, owner, mode }: ClaimRequest): boolean {
  const isAbandoned = mode === "cluster" && plan.deletePolicy === "abandon";
  return !isAbandoned && isOwner(owner, target);
}

/**
 * @param named - the target's own list of owner references
 * @returns what must change in reference and mark, whatever the content; changing the reference also renews the mark
 */
export function claimOn(
  request: ClaimRequest,
  observed: JsonObject,
  named: readonly JsonValue[] = [],
): Claim | undefined {
  const { target, owner, mode } = request;
  const references = ownerReferencesOf(observed);
  const isReferenced = hasOwner(references, owner);
  if (!target.readonly && owns(request)) {
    if (!isReferenced) return "own";
    // The author's own target may name this reference: then it is not ours to change.
    const isOurs = mode === "cluster" && !hasOwner(named, owner);
    if (isOurs && hasOutdatedOwner(references, owner)) return "renew";
  } else if (mode === "cluster" && isOursToRelease(request, observed, isReferenced)) return "release";
  return !target.readonly && isMarkToReplace(request, observed) ? "takeOver" : undefined;
}

/**
 * The list of owner references that a patch must carry, or undefined when the list can stay as it is.
 *
 * @param named - the target's own list, which replaces the present one
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
  if (claim !== "own" && claim !== "renew" && !(named.length > 0 && owns(request))) return undefined;
  if (!hasOwner(standing, owner)) return [...standing, ownerReference(owner)];
  return claim === "renew" ? withCurrentOwner(standing, owner) : standing;
}

/** Adds to a patch what the claim changes in the mark. */
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
 * True only for the step that managed the object before: a step that merely reads, or shares, an object of another step
 * must not undo that step's claim. Never for an object with somebody else's mark. Without a reference, only a function
 * that became readonly has a mark to remove: one that creates without a reference keeps it for `delete: destroy`.
 */
function isOursToRelease(
  { target, owner, mark, recordedStep }: ClaimRequest,
  observed: JsonObject,
  isReferenced: boolean,
): boolean {
  if (mark === undefined) return false;
  const holder = markHolder(observed, mark);
  if (holder !== undefined && holder.uid !== owner.uid) return false;
  // The inventory knows renamed steps; the mark is the fallback when the inventory is lost.
  if ((recordedStep ?? holder?.step) !== mark.step) return false;
  return isReferenced || (target.readonly && holder !== undefined);
}

/**
 * An earlier trigger of exactly our key created the object and is gone: it is ours now. Or it is ours, and its author
 * has changed what may become of it; of several steps only the one that manages it by the inventory may do so.
 */
function isMarkToReplace({ mode, mark, recordedStep }: ClaimRequest, observed: JsonObject): boolean {
  if (mode !== "cluster" || mark === undefined) return false;
  const holder = markHolder(observed, mark);
  if (holder === undefined || holder.trigger !== mark.trigger) return false;
  if (holder.uid !== mark.uid) return true;
  const isChanged = holder.policy !== mark.policy || holder.owned !== mark.owned;
  return isChanged && (recordedStep ?? holder.step) === mark.step;
}
