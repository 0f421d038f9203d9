/**
 * How objects of a memory cluster go away: finalizers hold them, owner references take dependents along, as the API
 * server and its garbage collector do it together. The real collector needs a moment; this one is done at once.
 */
import { member, memberAt, type JsonObject } from "../../core/json.ts";
import { finalizersOf, isGoing, uidOf } from "../../core/object.ts";
import type { DeletePreconditions } from "../../engine/ports/object-store.ts";
import { terminatingObject, withFinalizers } from "./object-revision.ts";
import { ownersOf, type ObjectTable, type Place, type StoredObject } from "./object-table.ts";

const FOREGROUND = "foregroundDeletion";
const ORPHAN = "orphan";

export class ObjectDeletion {
  readonly #table: ObjectTable;
  readonly #collectsGarbage: boolean;
  readonly #timestamp: () => string;

  /** `timestamp` answers the time now as the API server writes it. */
  constructor(table: ObjectTable, collectsGarbage: boolean, timestamp: () => string) {
    this.#table = table;
    this.#collectsGarbage = collectsGarbage;
    this.#timestamp = timestamp;
  }

  /** A delete request: the object goes at once, or is marked and waits for its finalizers. */
  delete(place: Place, policy: DeletePreconditions["propagationPolicy"]): void {
    const object = this.#table.find(place);
    if (object === undefined) return;
    const own = policy === "Background" || !this.#collectsGarbage ? [] : [policy === "Orphan" ? ORPHAN : FOREGROUND];
    const finalizers = [...new Set([...finalizersOf(object), ...own])];
    if (finalizers.length === 0) {
      this.#vanish(place, object);
      return;
    }
    if (isGoing(object)) return;
    const marked = this.#table.put(place, terminatingObject(object, finalizers, this.#timestamp()));
    if (own.length > 0) this.#releaseOwn({ ...place, object: marked });
  }

  /**
   * Writes an object. If it is marked for deletion and has no finalizer left, it is removed instead; if all its owners
   * are gone, it is deleted right afterwards.
   */
  write(place: Place, object: JsonObject): JsonObject {
    const isMarked = isGoing(object);
    if (isMarked && finalizersOf(object).length === 0) return this.#vanish(place, object);
    const stored = this.#table.put(place, object);
    if (this.#collectsGarbage) this.#collectIfOrphaned({ ...place, object: stored });
    return stored;
  }

  #vanish(place: Place, last: JsonObject): JsonObject {
    const gone = this.#table.remove(place, last);
    if (this.#collectsGarbage) this.#afterRemoval(gone);
    return gone;
  }

  #afterRemoval(gone: JsonObject): void {
    for (const dependent of this.#table.dependentsOf(uidOf(gone))) this.#collectIfOrphaned(dependent);
    for (const uid of ownersOf(gone)) {
      const owner = this.#table.withUid(uid);
      if (owner !== undefined && finalizersOf(owner.object).includes(FOREGROUND)) this.#releaseOwn(owner);
    }
  }

  #collectIfOrphaned(dependent: StoredObject): void {
    const owners = ownersOf(dependent.object);
    if (owners.length === 0 || owners.some((uid) => this.#table.hasUid(uid))) return;
    if (isGoing(dependent.object)) return;
    this.delete(dependent, "Background");
  }

  /** The collector's own finalizers: dependents first (foreground), or cut loose (orphan), then the owner. */
  #releaseOwn(owner: StoredObject): void {
    const uid = uidOf(owner.object);
    if (finalizersOf(owner.object).includes(ORPHAN)) {
      for (const dependent of this.#table.dependentsOf(uid)) this.#cutLoose(dependent, uid);
      this.#dropFinalizer(owner, ORPHAN);
      return;
    }
    for (const dependent of this.#table.dependentsOf(uid)) this.delete(dependent, "Background");
    if (this.#table.dependentsOf(uid).length === 0) this.#dropFinalizer(owner, FOREGROUND);
  }

  #dropFinalizer(owner: StoredObject, finalizer: string): void {
    const current = this.#table.find(owner);
    if (current === undefined || !finalizersOf(current).includes(finalizer)) return;
    const rest = finalizersOf(current).filter((name) => name !== finalizer);
    this.write(owner, withFinalizers(current, rest));
  }

  #cutLoose(dependent: StoredObject, ownerUid: string): void {
    const metadata = member(dependent.object, "metadata") as JsonObject;
    const owners = memberAt(metadata, ["ownerReferences"]) as readonly JsonObject[];
    const rest = owners.filter((owner) => member(owner, "uid") !== ownerUid);
    const others = Object.fromEntries(Object.entries(metadata).filter(([name]) => name !== "ownerReferences"));
    const kept = rest.length === 0 ? others : { ...others, ownerReferences: rest };
    this.#table.put(dependent, { ...dependent.object, metadata: kept });
  }
}
