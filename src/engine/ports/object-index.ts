/**
 * Which triggers an object concerns: object -> keys, without versions, readonly and not yet existing objects included.
 * A run adds an entry before it first reads or creates the object; watchers turn events into keys with it. It may be
 * lost at any time and is then rebuilt from the inventories on the triggers. Implemented on Redis and in memory.
 */
import type { KeyText } from "../../core/object-key.ts";

/** One relation: the run of `trigger` looks at `object`. */
export interface IndexEntry {
  readonly object: KeyText;
  readonly trigger: KeyText;
}

export interface ObjectIndex {
  /** Adds entries; those already there cost nothing. Batched. */
  add(entries: readonly IndexEntry[]): Promise<void>;
  /** Makes the trigger's objects exactly these: what it no longer names is removed. An empty list forgets the trigger. */
  replace(trigger: KeyText, objects: readonly KeyText[]): Promise<void>;
  /** The triggers of each object, in the order asked; an unknown object has none. */
  triggersOf(objects: readonly KeyText[]): Promise<readonly (readonly KeyText[])[]>;
  /** The objects of a trigger. */
  objectsOf(trigger: KeyText): Promise<readonly KeyText[]>;
  /** All indexed objects of one kind in one cluster, for comparing with a list. `groupKind` is `cluster/group/kind`. */
  objectsOfKind(groupKind: string): AsyncIterable<readonly KeyText[]>;
}
