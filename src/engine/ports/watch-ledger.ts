/**
 * What watchers share about what they have seen, so that a take-over enqueues only what changed. All of it may be lost:
 * then everything is enqueued again, spread out. Implemented on Redis and in memory.
 */

/** Hash of the fields that wake a key (or a resourceVersion), by canonical object text. */
export type SeenHashes = ReadonlyMap<string, string>;

export interface WatchLedger {
  /** Everything recorded for a slot. */
  seen(slot: string): Promise<SeenHashes>;
  /** Records after (never before) the wake-ups were accepted. `null` forgets an object. Batched. */
  record(slot: string, changes: ReadonlyMap<string, string | null>): Promise<void>;
  /** The hash of the plans last spread over all keys of a trigger slot, or "" when never. */
  spreadPlan(slot: string): Promise<string>;
  recordSpreadPlan(slot: string, planHash: string): Promise<void>;
}
