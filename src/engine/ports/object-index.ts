/**
 * Which triggers an object concerns: object -> keys, without versions, readonly and not yet existing objects included.
 * A run adds an entry before it first reads or creates the object; watchers turn events into keys with it. Each entry
 * also holds the version of the object its trigger has looked at, so that the echo of an own write wakes nobody. All of
 * it may be lost at any time and is then rebuilt from the inventories on the triggers. Implemented on Redis and in memory.
 */
import type { KeyText, KindText } from "../../core/object-key.ts";

/** One relation: the run of `trigger` looks at `object`. */
export interface IndexEntry {
  readonly object: KeyText;
  readonly trigger: KeyText;
  /** Of the object as the run saw it last; "" while it has seen none. Absent: what is recorded stays. */
  readonly resourceVersion?: string;
  /** With a version: what the workers tell each other of writes on the object; no spaces. Absent: none. */
  readonly note?: string;
  /** Of the run that looks. Absent: said by a watcher, from the inventory on the trigger. */
  readonly fence?: number;
  /** The object is only read, at this place. Who manages it at any counts as its manager until the entry goes. Absent: false. */
  readonly readonly?: boolean;
}

/**
 * No version of any object, so that whatever is seen wakes: recorded of an object that a run of the trigger keeps without
 * having seen it.
 */
export const KEPT = "kept";

/** A run that is about to look at an object. */
export type NamingRun = Required<Pick<IndexEntry, "object" | "trigger" | "fence" | "readonly">>;

/** What a run must know of the other triggers that name its object, of which there may be tens of thousands. */
export interface NamedObject {
  /** What workers have told each other of the trigger's writes on it; "" for nothing. */
  readonly note: string;
  /** Whether other triggers name it, be it for reading. */
  readonly isShared: boolean;
  /** Others that manage it, in the order of their names: all of a few sharers, some of many. */
  readonly managers: readonly KeyText[];
}

/** The most `managers` that are answered. */
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
  /** Adds entries, or brings them up to date. What an older run than the one recorded says of a version is passed over. */
  add(entries: readonly IndexEntry[]): Promise<void>;
  /** Says that a run keeps these objects without having looked at them: where no version is recorded, `KEPT` is. */
  keep(trigger: KeyText, objects: readonly KeyText[], fence: number): Promise<void>;
  /** Whether the trigger names the object. */
  names(trigger: KeyText, object: KeyText): Promise<boolean>;
  /**
   * Takes out every object of the trigger that is not among these, but what a newer run has added: a run whose lease is lost
   * without its knowledge must not undo it. An empty list forgets the trigger.
   *
   * @param fence - of the run that says so
   */
  trim(trigger: KeyText, objects: readonly KeyText[], fence: number): Promise<void>;
  /** The triggers of each object, in the order asked; an unknown object has none. */
  triggersOf(objects: readonly KeyText[]): Promise<readonly (readonly IndexedTrigger[])[]>;
  /** The objects of a trigger. */
  objectsOf(trigger: KeyText): Promise<readonly KeyText[]>;
  /** All indexed objects of one kind in one cluster, for comparing with a list. */
  objectsOfKind(kind: KindText): Promise<readonly KeyText[]>;
  /** Every kind that has entries. */
  kinds(): Promise<readonly KindText[]>;
  /**
   * Says that every inventory there is has been added.
   *
   * @param epoch - of the store it was added to, see `membership`; one that lost it since is not whole
   */
  sayWhole(epoch: string): Promise<void>;
  /** Whether that was said since the store is empty: until then a trigger that is missing may only not be known again. */
  isWhole(): Promise<boolean>;
}
