/** The watch ledger of one process. */
import type { SlotId } from "../../core/slot.ts";
import type { SeenObjects, UnwatchedPlaces, WatchLedger } from "../../engine/ports/watch-ledger.ts";

export class MemoryWatchLedger implements WatchLedger {
  readonly #seen = new Map<SlotId, Map<string, string>>();
  readonly #plans = new Map<SlotId, string>();
  readonly #unwatched = new Map<string, UnwatchedPlaces>();
  readonly #counters = new Map<string, number>();

  seen(slot: SlotId): Promise<SeenObjects> {
    return Promise.resolve(new Map(this.#seen.get(slot)));
  }

  record(slot: SlotId, changes: ReadonlyMap<string, string | null>): Promise<void> {
    const seen = this.#seen.get(slot) ?? new Map<string, string>();
    this.#seen.set(slot, seen);
    for (const [object, text] of changes) {
      if (text === null) seen.delete(object);
      else seen.set(object, text);
    }
    return Promise.resolve();
  }

  spreadPlan(slot: SlotId): Promise<string> {
    return Promise.resolve(this.#plans.get(slot) ?? "");
  }

  recordSpreadPlan(slot: SlotId, planHash: string): Promise<void> {
    this.#plans.set(slot, planHash);
    return Promise.resolve();
  }

  noteUnwatched(kind: string, places: UnwatchedPlaces): Promise<void> {
    if (Object.keys(places).length === 0) this.#unwatched.delete(kind);
    else this.#unwatched.set(kind, places);
    return Promise.resolve();
  }

  unwatched(): Promise<ReadonlyMap<string, UnwatchedPlaces>> {
    return Promise.resolve(new Map(this.#unwatched));
  }

  count(reason: string, by: number): Promise<void> {
    this.#counters.set(reason, (this.#counters.get(reason) ?? 0) + by);
    return Promise.resolve();
  }

  counters(): Promise<ReadonlyMap<string, number>> {
    return Promise.resolve(new Map(this.#counters));
  }
}
