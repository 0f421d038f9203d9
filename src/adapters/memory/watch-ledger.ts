/** The watch ledger of one process. */
import type { KindText } from "../../core/object-key.ts";
import type { SeenObjects, UnwatchedPlaces, WatchLedger } from "../../engine/ports/watch-ledger.ts";

export class MemoryWatchLedger implements WatchLedger {
  readonly #seen = new Map<KindText, Map<string, string>>();
  readonly #plans = new Map<KindText, string>();
  readonly #unwatched = new Map<KindText, UnwatchedPlaces>();

  seen(slot: KindText): Promise<SeenObjects> {
    return Promise.resolve(new Map(this.#seen.get(slot)));
  }

  record(slot: KindText, changes: ReadonlyMap<string, string | null>): Promise<void> {
    const seen = this.#seen.get(slot) ?? new Map<string, string>();
    this.#seen.set(slot, seen);
    for (const [object, text] of changes) {
      if (text === null) seen.delete(object);
      else seen.set(object, text);
    }
    return Promise.resolve();
  }

  spreadPlan(slot: KindText): Promise<string> {
    return Promise.resolve(this.#plans.get(slot) ?? "");
  }

  recordSpreadPlan(slot: KindText, planHash: string): Promise<void> {
    this.#plans.set(slot, planHash);
    return Promise.resolve();
  }

  noteUnwatched(kind: KindText, places: UnwatchedPlaces): Promise<void> {
    if (Object.keys(places).length === 0) this.#unwatched.delete(kind);
    else this.#unwatched.set(kind, places);
    return Promise.resolve();
  }

  unwatched(): Promise<ReadonlyMap<KindText, UnwatchedPlaces>> {
    return Promise.resolve(new Map(this.#unwatched));
  }

  /** Does nothing: in one process nobody could read the counts. */
  count(): Promise<void> {
    return Promise.resolve();
  }
}
