/**
 * Maps objects (in any API version; readonly and not yet existing ones too) to the triggers they concern. A run adds an
 * entry before it first reads or creates the object; watchers turn events into keys with it. Each entry also holds the
 * version that its trigger has looked at, so that the trigger's own write wakes nobody. All of it may be lost at any
 * time and is then rebuilt from the inventories on the triggers. Implemented on Redis and in memory.
 */
import type { KeyText, KindText } from "../../core/object-key.ts";

/** One relation: the run of `trigger` looks at `object`. */
export interface IndexEntry {
  readonly object: KeyText;
  readonly trigger: KeyText;
  /** Version of the object as the run saw it last; "" while it has seen none. Absent: the recorded version stays. */
  readonly resourceVersion?: string;
  /** Only with a version: what workers tell each other about writes to the object; no spaces. Absent: none. */
  readonly note?: string;
  /** Fence of the run that looks. Absent: a watcher adds the entry, from the inventory on the trigger. */
  readonly fence?: number;
  /** This place only reads it. A trigger that manages it anywhere is a manager until its entry goes. Absent: false. */
  readonly readonly?: boolean;
}

/**
 * No version of any object, so that whatever is seen wakes: recorded of an object that a run of the trigger keeps without
 * having seen it.
 */
export const KEPT = "kept";

/** A run that is about to look at an object. */
export type NamingRun = Required<Pick<IndexEntry, "object" | "trigger" | "fence" | "readonly">>;

/** What a run must know about the other triggers that name its object; there may be tens of thousands. */
export interface NamedObject {
  /** What workers have told each other about the trigger's writes to the object; "" for nothing. */
  readonly note: string;
  /** Whether other triggers name it, even if only to read it. */
  readonly isShared: boolean;
  /** Other triggers that manage it, in the order of their names: all of a few, some of many. */
  readonly managers: readonly KeyText[];
}

/** The most `managers` in one answer. */
export const MAX_MANAGERS = 8;

/** A trigger that names an object. */
export interface IndexedTrigger {
  readonly trigger: KeyText;
  /** The version it has looked at; "" for none, be it that it was not there. */
  readonly resourceVersion: string;
  /** "" for none. */
  readonly note: string;
  readonly readonly: boolean;
}

export interface ObjectIndex {
  /** Adds the entry of an object that a run is about to look at; the version it has looked at stays. */
  name(run: NamingRun): Promise<NamedObject>;
  /** Adds or updates entries. A version from a run older than the recorded one is ignored. */
  add(entries: readonly IndexEntry[]): Promise<void>;
  /** Says that a run keeps these objects without having looked at them: where no version is recorded, `KEPT` is. */
  keep(trigger: KeyText, objects: readonly KeyText[], fence: number): Promise<void>;
  /** Whether the trigger names the object. */
  names(trigger: KeyText, object: KeyText): Promise<boolean>;
  /**
   * Takes objects out of a trigger's entries, except those that a newer run has added: a run that lost its lease without
   * knowing must not undo that.
   *
   * @param objects - "all" forgets the trigger
   * @param fence - of the calling run
   */
  drop(trigger: KeyText, objects: readonly KeyText[] | "all", fence: number): Promise<void>;
  /** The triggers of each object, in the order asked; an unknown object has none. */
  triggersOf(objects: readonly KeyText[]): Promise<readonly (readonly IndexedTrigger[])[]>;
  /** The objects of a trigger. */
  objectsOf(trigger: KeyText): Promise<readonly KeyText[]>;
  /** All indexed objects of one kind in one cluster, for comparing with a list. */
  objectsOfKind(kind: KindText): Promise<readonly KeyText[]>;
  /** Every kind that has entries. */
  kinds(): Promise<readonly KindText[]>;
  /**
   * Records that every existing inventory has been added.
   *
   * @param epoch - epoch of the store they were added to, see `membership`; a store that lost them since is not whole
   */
  sayWhole(epoch: string): Promise<void>;
  /** Whether `sayWhole` was called since the store was last empty; until then a missing trigger may just be unknown. */
  isWhole(): Promise<boolean>;
}
