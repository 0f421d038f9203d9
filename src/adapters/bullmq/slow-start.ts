/**
 * After an outage of the shared state, everything that fell due meanwhile is due at once, for all workers. A worker
 * that comes back takes few keys at first and soon as many as it can, which spares API server and store the burst.
 */
import type { Clock } from "../../engine/ports/clock.ts";

/** A shorter outage lets little fall due. */
const OUTAGE_MS = 5000;
/** Keys that may be taken at once in the beginning; the number taken since then may double every second. */
const FIRST_KEYS = 5;
/** From then on nothing is held back: some 5,000 keys could have been taken. */
const ENDED_AFTER_MS = 10_000;

export class SlowStart {
  readonly #clock: Clock;
  /** Since when the store has not answered; undefined: it does. All times are monotonic. */
  #failingSinceMs: number | undefined;
  #startedMs = Number.NEGATIVE_INFINITY;
  #taken = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The store could not be used. */
  failed(): void {
    this.#failingSinceMs ??= this.#clock.nowMs();
  }

  /** The store answered. */
  answered(): void {
    const nowMs = this.#clock.nowMs();
    const sinceMs = this.#failingSinceMs ?? nowMs;
    this.#failingSinceMs = undefined;
    if (nowMs - sinceMs < OUTAGE_MS) return;
    this.#startedMs = nowMs;
    this.#taken = 0;
  }

  /** A key was taken. */
  took(): void {
    this.#taken += 1;
  }

  /** Whether one more key may be taken now. */
  mayTake(): boolean {
    const sinceMs = this.#clock.nowMs() - this.#startedMs;
    return sinceMs >= ENDED_AFTER_MS || this.#taken < FIRST_KEYS * 2 ** (sinceMs / 1000);
  }
}
