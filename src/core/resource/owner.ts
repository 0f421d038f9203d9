/** Owner references to the trigger: when an object gets one, and whether it has one. Others' references stay. */
import { isJsonObject, type JsonObject, type JsonValue, listOf, member, textMember } from "../json.ts";

/** The trigger, as owner of what its run manages. */
export interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  /** "" for a cluster-scoped trigger, which owns nothing. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Whether the trigger owns an object: they must share a namespace, because references never cross namespaces. */
export function isOwner(owner: Owner, place: { readonly owned: boolean; readonly namespace: string }): boolean {
  return place.owned && owner.namespace !== "" && owner.namespace === place.namespace;
}

/** The reference to the owner. */
export function ownerReference({ apiVersion, kind, name, uid }: Owner): JsonObject {
  return { apiVersion, kind, blockOwnerDeletion: true, controller: false, name, uid };
}

/** The owner references of an object. */
export function ownerReferencesOf(object: JsonObject): readonly JsonValue[] {
  const references = member(member(object, "metadata"), "ownerReferences");
  return listOf(references);
}

/** Compares only the uid. */
export function hasOwner(references: readonly JsonValue[], owner: Owner): boolean {
  return references.some((reference) => isTo(owner, reference));
}

/**
 * Whether a reference to the owner names another API version than the one it is read in. Once the API server no longer
 * serves that version, the garbage collector cannot find the owner, and leaves the object when the owner goes.
 */
export function hasOutdatedOwner(references: readonly JsonValue[], owner: Owner): boolean {
  return references.some(
    (reference) => isTo(owner, reference) && textMember(reference, "apiVersion") !== owner.apiVersion,
  );
}

/** The references with a single one to the owner, in the version it is read in; its other fields stay. */
export function withCurrentOwner(references: readonly JsonValue[], owner: Owner): readonly JsonValue[] {
  const { apiVersion } = owner;
  const first = references.find((reference) => isTo(owner, reference));
  return references.flatMap((reference) => {
    if (!isTo(owner, reference)) return [reference];
    return reference === first && isJsonObject(reference) ? [{ ...reference, apiVersion }] : [];
  });
}

function isTo(owner: Owner, reference: JsonValue): boolean {
  return textMember(reference, "uid") === owner.uid;
}
