/**
 * What watchers share about what they have seen, so that a take-over enqueues only what changed. All of it may be lost:
 * then everything is enqueued again. Implemented on Redis and in memory.
 */
import type { KindText } from "../../core/object-key.ts";

/** By canonical object text: a text that changes when the object has to wake its key. */
export type SeenObjects = ReadonlyMap<string, string>;

/** Namespace ("" for all of them) -> the access that is missing, in words for a condition. */
export type UnwatchedPlaces = Readonly<Record<string, string>>;

export interface WatchLedger {
  /** Everything recorded for a slot. */
  seen(slot: KindText): Promise<SeenObjects>;
  /**
   * Records after (never before) the wake-ups were accepted. `null` forgets an object. Batched.
   *
   * @param epoch - epoch of the store that accepted them, see `membership`; a store that lost them records nothing
   */
  record(slot: KindText, changes: ReadonlyMap<string, string | null>, epoch: string): Promise<void>;
  /** The hash of the plans last spread over all keys of a trigger slot, or "" when never. */
  spreadPlan(slot: KindText): Promise<string>;
  /** @param epoch - as for `record` */
  recordSpreadPlan(slot: KindText, planHash: string, epoch: string): Promise<void>;
  /** Records where a kind cannot be watched; replaces the earlier record of that kind. */
  noteUnwatched(kind: KindText, places: UnwatchedPlaces): Promise<void>;
  /** Where kinds cannot be watched: objects there are only looked at from time to time. */
  unwatched(): Promise<ReadonlyMap<KindText, UnwatchedPlaces>>;
  /** Counts wake-ups by reason, for operators and tests who look into the shared state. */
  count(reason: string, by: number): Promise<void>;
}
