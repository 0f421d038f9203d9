/** Logs faults that repeat without end while a server is down: the first at once, then at most one line per period. */
import type { Clock } from "../../engine/ports/clock.ts";
import type { Logger } from "../../engine/ports/logger.ts";

const PERIOD_MS = 10_000;

/** Errors of one source. */
export class FaultLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #message: string;
  #count = 0;
  #silent = 0;
  #loggedAt = -Infinity;

  /** @param message - the message of every line */
  constructor(options: { readonly logger: Logger; readonly clock: Clock; readonly message: string }) {
    this.#logger = options.logger;
    this.#clock = options.clock;
    this.#message = options.message;
  }

  /** Faults so far, logged or not. */
  get count(): number {
    return this.#count;
  }

  add(error: unknown): void {
    this.#count += 1;
    const now = this.#clock.nowMs();
    if (now - this.#loggedAt < PERIOD_MS) {
      this.#silent += 1;
      return;
    }
    this.#logger.warn({ error, notLogged: this.#silent }, this.#message);
    this.#loggedAt = now;
    this.#silent = 0;
  }
}
