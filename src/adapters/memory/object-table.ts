/** The objects of a memory cluster by kind and name, and by the owners they name. Every write goes to the history. */
import { memberAt, textMember, type JsonObject } from "../../core/json.ts";
import { uidOf } from "../../core/object.ts";
import type { GroupKind } from "../../core/object-key.ts";
import type { ObjectHistory } from "./object-history.ts";
import { withResourceVersion } from "./object-revision.ts";

/** Where an object is stored; versions of a kind share one place. */
export interface Place extends GroupKind {
  readonly namespace: string;
  readonly name: string;
}

export interface StoredObject extends Place {
  readonly object: JsonObject;
}

export class ObjectTable {
  readonly #history: ObjectHistory;
  readonly #kinds = new Map<string, Map<string, StoredObject>>();
  readonly #byUid = new Map<string, StoredObject>();
  readonly #dependents = new Map<string, Map<string, StoredObject>>();

  constructor(history: ObjectHistory) {
    this.#history = history;
  }

  find(place: Place): JsonObject | undefined {
    return this.#kinds.get(kindText(place))?.get(placeText(place))?.object;
  }

  /** The objects of a kind in the API server's order: by namespace, then name. */
  ofKind(kind: GroupKind): readonly StoredObject[] {
    const stored = [...(this.#kinds.get(kindText(kind)) ?? [])];
    return stored.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  }

  hasUid(uid: string): boolean {
    return this.#byUid.has(uid);
  }

  withUid(uid: string): StoredObject | undefined {
    return this.#byUid.get(uid);
  }

  /** Objects that name this uid in their owner references. */
  dependentsOf(uid: string): readonly StoredObject[] {
    return [...(this.#dependents.get(uid)?.values() ?? [])];
  }

  /** Stores a new or changed object under the next resourceVersion, and returns it as stored. */
  put(place: Place, object: JsonObject): JsonObject {
    const former = this.find(place);
    if (former !== undefined) this.#unlink(former);
    const stored = withResourceVersion(object, this.#history.next());
    const entry = {
      group: place.group,
      kind: place.kind,
      namespace: place.namespace,
      name: place.name,
      object: stored,
    };
    const kind = this.#kinds.get(kindText(place)) ?? new Map<string, StoredObject>();
    this.#kinds.set(kindText(place), kind.set(placeText(place), entry));
    this.#link(entry);
    this.#history.append({ ...kindOf(place), type: former === undefined ? "added" : "modified", object: stored });
    return stored;
  }

  /** Takes an object out; watchers are told its last state. */
  remove(place: Place, last: JsonObject): JsonObject {
    this.#unlink(this.find(place) ?? last);
    this.#kinds.get(kindText(place))?.delete(placeText(place));
    const gone = withResourceVersion(last, this.#history.next());
    this.#history.append({ ...kindOf(place), type: "deleted", object: gone });
    return gone;
  }

  #link(entry: StoredObject): void {
    const uid = uidOf(entry.object);
    this.#byUid.set(uid, entry);
    for (const owner of ownersOf(entry.object)) {
      const known = this.#dependents.get(owner) ?? new Map<string, StoredObject>();
      this.#dependents.set(owner, known.set(uid, entry));
    }
  }

  #unlink(object: JsonObject): void {
    const uid = uidOf(object);
    this.#byUid.delete(uid);
    for (const owner of ownersOf(object)) {
      const known = this.#dependents.get(owner);
      known?.delete(uid);
      if (known?.size === 0) this.#dependents.delete(owner);
    }
  }
}

/** The uids of its owners. */
export function ownersOf(object: JsonObject): readonly string[] {
  const owners = memberAt(object, ["metadata", "ownerReferences"]);
  return Array.isArray(owners) ? (owners as readonly JsonObject[]).map((owner) => textMember(owner, "uid")) : [];
}

const kindOf = ({ group, kind }: GroupKind): GroupKind => ({ group, kind });
const kindText = ({ group, kind }: GroupKind): string => `${group}/${kind}`;
const placeText = ({ namespace, name }: Place): string => `${namespace}/${name}`;
