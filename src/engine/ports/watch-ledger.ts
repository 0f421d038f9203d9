/**
 * What watchers share about what they have seen, so that a take-over enqueues only what changed. All of it may be lost:
 * then everything is enqueued again. Implemented on Redis and in memory.
 */
import type { SlotId } from "../../core/slot.ts";

/** Text that changes with what wakes an object's key, by canonical object text. */
export type SeenObjects = ReadonlyMap<string, string>;

export interface WatchLedger {
  /** Everything recorded for a slot. */
  seen(slot: SlotId): Promise<SeenObjects>;
  /** Records after (never before) the wake-ups were accepted. `null` forgets an object. Batched. */
  record(slot: SlotId, changes: ReadonlyMap<string, string | null>): Promise<void>;
  /** The hash of the plans last spread over all keys of a trigger slot, or "" when never. */
  spreadPlan(slot: SlotId): Promise<string>;
  recordSpreadPlan(slot: SlotId, planHash: string): Promise<void>;
  /** Counts wake-ups by reason, for operators and tests; readable with `counters`. */
  count(reason: string, by: number): Promise<void>;
  counters(): Promise<ReadonlyMap<string, number>>;
}
