/**
 * Decides whether an object is deleted that nothing names any more, or whose trigger goes. Read it as a safety case: it
 * deletes only objects with a mark that fits and names this very trigger, by the more careful policy of mark and
 * inventory; whatever else annotations say, the object stays. Pure: the engine reads, asks and deletes.
 */
import { textMember, type JsonObject } from "../json.ts";
import { deletionTime, finalizersOf } from "../object.ts";
import type { KeyText } from "../object-key.ts";
import { markHolder, moreCareful, type DeletePolicy, type MarkHolder, type ObjectIdentity } from "./mark.ts";
import { ownerReferencesOf } from "./owner.ts";

export interface RemovalRequest {
  readonly object: ObjectIdentity;
  /** The policy in the inventory. */
  readonly policy: DeletePolicy;
  readonly readonly: boolean;
  /** The object as just read; null when it does not exist. */
  readonly observed: JsonObject | null;
  readonly trigger: { readonly key: KeyText; readonly uid: string };
  /** `prune`: no step names it any more. `finalize`: its trigger is being deleted. */
  readonly purpose: "prune" | "finalize";
  /** The user who deletes the trigger wants to keep what it owns: `kubectl delete --cascade=orphan`. */
  readonly keepsOwned?: boolean | undefined;
  /** Restricts deletion to objects that these requests made; absent: everything the trigger created. */
  readonly requests?: ReadonlySet<string> | undefined;
}

export type Removal =
  | { readonly kind: "gone" }
  /** Not ours to delete, or not wanted now; `reason` is undefined when nobody needs to know. */
  | { readonly kind: "left"; readonly reason: string | undefined }
  /** Being deleted since then; finalizers hold it. */
  | { readonly kind: "going"; readonly since: string; readonly heldBy: readonly string[] }
  | { readonly kind: "delete" };

export function judgeRemoval(request: RemovalRequest): Removal {
  const { object, observed, trigger, readonly, requests } = request;
  if (observed === null) return { kind: "gone" };
  if (readonly) return left();
  const holder = markHolder(observed, object);
  if (holder === undefined) return left("it was not created by this trigger");
  if (holder.trigger !== trigger.key || holder.uid !== trigger.uid)
    return left(`it belongs to the trigger ${holder.trigger}`);
  if (requests?.has(holder.request) === false) return left("another request made it");
  const reason = reasonToLeave(request, holder, observed);
  return reason === undefined ? goingOrDelete(observed) : left(reason === "" ? undefined : reason);
}

/** @returns undefined when the object may be deleted; "" for a reason that nobody needs to know */
function reasonToLeave(
  { policy, trigger, purpose, keepsOwned = false }: RemovalRequest,
  holder: MarkHolder,
  observed: JsonObject,
): string | undefined {
  const owners = ownerReferencesOf(observed).map((reference) => textMember(reference, "uid"));
  const isOwned = owners.includes(trigger.uid);
  switch (moreCareful(policy, holder.policy)) {
    case "abandon":
      return "its function abandons it, reads it, or never changes it";
    case "destroy":
      // Orphaning deletes have the garbage collector do so: the wish to keep outlives the finalizer that expressed it.
      if (holder.owned && !isOwned) return "somebody took the owner reference off";
      return purpose === "finalize" && keepsOwned && isOwned
        ? "the trigger was deleted with --cascade=orphan"
        : undefined;
    case "default":
      if (!isOwned) return "its trigger does not own it; with `delete: {destroy: {}}` it would be deleted";
      if (purpose === "finalize") return ""; // the garbage collector takes it
      return owners.some((uid) => uid !== trigger.uid) ? "it has other owners" : undefined;
  }
}

function goingOrDelete(observed: JsonObject): Removal {
  const since = deletionTime(observed);
  return since === "" ? { kind: "delete" } : { kind: "going", since, heldBy: finalizersOf(observed) };
}

function left(reason?: string): Removal {
  return { kind: "left", reason };
}
