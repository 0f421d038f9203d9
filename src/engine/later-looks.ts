/**
 * Things a worker comes back to on its own account, after the run that left them: bounded, and without a promise. What a
 * worker has not looked at when it stops is not looked at.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock } from "./ports/clock.ts";

/** Returns whether there is nothing more to look at. */
export type Look = (signal: AbortSignal) => Promise<boolean>;

/** When, from the first moment on: the last one is later than any request an API server still works on (60 s). */
const LOOKS_AT_MS = [0, 5000, 20_000, 75_000];
const MAX_PENDING = 500;

export class LaterLooks {
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  /** Out of the run that asks, and of its trace: both are over when something is looked at. */
  readonly #outside = AsyncLocalStorage.snapshot();
  #pending = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Looks at once, and again and again until it is over.
   *
   * @param look - must not reject
   * @returns false when too much is waited for already, and nothing will be looked at
   */
  add(look: Look): boolean {
    if (this.#pending >= MAX_PENDING || this.#ended.signal.aborted) return false;
    this.#pending += 1;
    void this.#outside(() => this.#follow(look)).finally(() => (this.#pending -= 1));
    return true;
  }

  /** Nothing is looked at any more. */
  end(): void {
    this.#ended.abort();
  }

  async #follow(look: Look): Promise<void> {
    const { signal } = this.#ended;
    const sinceMs = this.#clock.nowMs();
    for (const atMs of LOOKS_AT_MS) {
      await this.#clock.sleep(sinceMs + atMs - this.#clock.nowMs(), signal);
      if (signal.aborted || (await look(signal))) return;
    }
  }
}
