/**
 * Finds the objects of a run that nobody watches, because no watcher has the right to: the run says so on its trigger
 * and looks again soon by itself. The watchers' notes are read at most every few seconds.
 */
import type { InventoryEntry } from "../core/resource/inventory.ts";
import type { ConditionDraft } from "../core/status/condition.ts";
import { formatKind, type KindText } from "../core/object-key.ts";
import type { Clock } from "./ports/clock.ts";
import type { UnwatchedPlaces, WatchLedger } from "./ports/watch-ledger.ts";

/** How old the notes that a run relies on may be. */
const FRESH_MS = 5000;
/** A condition names this many kinds and counts the rest. */
const MAX_NAMED = 5;
/** How soon objects that are not watched are looked at again, in seconds. */
export const POLL_SECONDS = 60;

export class UnwatchedObjects {
  readonly #ledger: Pick<WatchLedger, "unwatched">;
  readonly #clock: Clock;
  #known: Promise<ReadonlyMap<KindText, UnwatchedPlaces>> = Promise.resolve(new Map());
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(ledger: Pick<WatchLedger, "unwatched">, clock: Clock) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /**
   * @returns the condition `Watched=False` naming the missing rights, or undefined when all of these objects are watched
   * @throws StoreUnavailable when the ledger cannot be read
   */
  async conditionFor(inventory: readonly InventoryEntry[], cluster: string): Promise<ConditionDraft | undefined> {
    const places = await this.#read();
    if (places.size === 0) return undefined;
    const missing = new Set(
      inventory.flatMap((entry) => {
        const noted = places.get(formatKind({ cluster, ...entry }));
        const right = noted?.[entry.namespace] ?? noted?.[""];
        return right === undefined ? [] : [right];
      }),
    );
    if (missing.size === 0) return undefined;
    const [named, rest] = [[...missing].slice(0, MAX_NAMED), missing.size - MAX_NAMED];
    const message =
      `Some managed objects are not watched but looked at every ${POLL_SECONDS} s. ` +
      `Grant the watchers' identity: ${named.join("; ")}${rest > 0 ? ` and ${rest} more` : ""}.`;
    return { type: "Watched", status: "False", reason: "MissingAccess", message, location: "watch" };
  }

  #read(): Promise<ReadonlyMap<KindText, UnwatchedPlaces>> {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#readAtMs < FRESH_MS) return this.#known;
    this.#readAtMs = nowMs;
    this.#known = this.#ledger.unwatched();
    this.#known.catch(() => (this.#readAtMs = Number.NEGATIVE_INFINITY)); // whoever awaits it gets the fault
    return this.#known;
  }
}
