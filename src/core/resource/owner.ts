/** Owner references to the trigger: when an object gets one, and whether it is there. Others' references are never touched. */
import { type JsonObject, type JsonValue, listOf, member, textMember } from "../json.ts";

/** The trigger, as an owner of what its run manages. */
export interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  /** "" for a cluster-scoped trigger, which owns nothing. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Whether the trigger owns an object there: they must share a namespace, for references never cross one. */
export function isOwner(owner: Owner, place: { readonly owned: boolean; readonly namespace: string }): boolean {
  return place.owned && owner.namespace !== "" && owner.namespace === place.namespace;
}

/** The reference to the owner as it is written. */
export function ownerReference({ apiVersion, kind, name, uid }: Owner): JsonObject {
  return { apiVersion, kind, blockOwnerDeletion: true, controller: false, name, uid };
}

/** The owner references of an object. */
export function ownerReferencesOf(object: JsonObject): readonly JsonValue[] {
  const references = member(member(object, "metadata"), "ownerReferences");
  return listOf(references);
}

/** Judged by uid alone. */
export function hasOwner(references: readonly JsonValue[], owner: Owner): boolean {
  return references.some((reference) => textMember(reference, "uid") === owner.uid);
}
