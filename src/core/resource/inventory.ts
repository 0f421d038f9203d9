/**
 * The inventory on a trigger: every object its runs named, existing or not, read only or managed. It says where to look
 * and is never a permission. It belongs to the uid it was written for; text written for another uid is not read.
 */
import { isJsonObject, member, textMember, type JsonObject } from "../json.ts";
import type { DeletePolicy, ObjectIdentity } from "./mark.ts";
import { isPacked, pack, unpack } from "./packed-text.ts";

/** Longer text is packed: people hardly read it any more, and it shares its room with other annotations. */
const PACK_ABOVE = 32 * 1024;
/** Each entry costs a request in every run, so whoever may write the annotation must not choose the number. */
export const MAX_INVENTORY_ENTRIES = 10_000;

export interface InventoryEntry extends ObjectIdentity {
  /** The version in which the object was last read; "" when only its name is known. */
  readonly version: string;
  /** "" until the object is seen. */
  readonly uid: string;
  /** Labels of the steps that lead to it, joined by `/`. */
  readonly step: string;
  /** Layer of the step in the dependency graph. */
  readonly wave: number;
  readonly policy: DeletePolicy;
  readonly readonly: boolean;
  /** The ResourceFunction that manages or reads it, as `namespace/name`. */
  readonly function: string;
}

/**
 * @param standing - the present text: kept when it says the same in other bytes, so that workers of two versions do not
 * rewrite it in turn
 * @returns compact text, equal for equal entries in any order; packed when long; "" for no entries
 */
export function formatInventory(entries: readonly InventoryEntry[], triggerUid: string, standing = ""): string {
  if (entries.length === 0) return "";
  const objects = [...entries]
    .sort((a, b) => (identityText(a) < identityText(b) ? -1 : 1))
    .map(({ group, version, kind, namespace, name, uid, step, wave, policy, readonly, function: by }) => ({
      group,
      ...(version === "" ? {} : { version }),
      kind,
      ...(namespace === "" ? {} : { namespace }),
      name,
      ...(uid === "" ? {} : { uid }),
      step,
      wave,
      ...(policy === "default" ? {} : { policy }),
      ...(readonly ? { readonly } : {}),
      ...(by === "" ? {} : { function: by }),
    }));
  const text = JSON.stringify({ trigger: triggerUid, objects });
  if (text.length <= PACK_ABOVE) return text;
  return isPacked(standing) && unpack(standing) === text ? standing : pack(text);
}

/** @returns the readable entries, at most the first 10,000; none when the text is damaged or belongs to another uid */
export function parseInventory(text: string, triggerUid: string): readonly InventoryEntry[] {
  if (text === "") return [];
  try {
    const value = JSON.parse(unpack(text) ?? "") as unknown;
    if (!isJsonObject(value) || textMember(value, "trigger") !== triggerUid) return [];
    const objects = member(value, "objects");
    if (!Array.isArray(objects)) return [];
    return objects.slice(0, MAX_INVENTORY_ENTRIES).filter(isJsonObject).flatMap(entryOf);
  } catch {
    return [];
  }
}

/**
 * The inventory after a run: everything the run named, and everything earlier runs named until it is pruned. An object
 * that was never seen may exist because the answer to its create was lost; only a read-only one is dropped.
 */
export function mergeInventory(
  before: readonly InventoryEntry[],
  named: readonly InventoryEntry[],
): readonly InventoryEntry[] {
  const merged = new Map<string, InventoryEntry>();
  for (const entry of before) if (entry.uid !== "" || !entry.readonly) merged.set(identityText(entry), entry);
  for (const [identity, entry] of distinct(named)) {
    const known = merged.get(identity);
    // A failed read says nothing about the object, so its uid stays.
    merged.set(identity, entry.uid === "" && known !== undefined ? { ...entry, uid: known.uid } : entry);
  }
  return [...merged.values()];
}

/** When several steps name an object, keeps the first that manages it, with the uid that any of them saw. */
function distinct(named: readonly InventoryEntry[]): ReadonlyMap<string, InventoryEntry> {
  const entries = new Map<string, InventoryEntry>();
  for (const entry of named) {
    const first = entries.get(identityText(entry)) ?? entry;
    const standing = first.readonly && !entry.readonly ? entry : first;
    entries.set(identityText(entry), { ...standing, uid: entry.uid || first.uid });
  }
  return entries;
}

function entryOf(value: JsonObject): readonly InventoryEntry[] {
  const wave = member(value, "wave");
  const policy = textMember(value, "policy");
  const entry: InventoryEntry = {
    group: textMember(value, "group"),
    version: textMember(value, "version"),
    kind: textMember(value, "kind"),
    namespace: textMember(value, "namespace"),
    name: textMember(value, "name"),
    uid: textMember(value, "uid"),
    step: textMember(value, "step"),
    wave: typeof wave === "number" ? wave : 0,
    policy: policy === "" ? "default" : policy === "destroy" ? "destroy" : "abandon",
    readonly: member(value, "readonly") === true,
    function: textMember(value, "function"),
  };
  return entry.kind === "" || entry.name === "" ? [] : [entry];
}

/** The identity of an object as a text to compare, without version. */
export function identityText({ group, kind, namespace, name }: ObjectIdentity): string {
  return `${group}/${kind}/${namespace}/${name}`;
}
