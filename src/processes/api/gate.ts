/** Lets a fixed number through at once; a few more wait for their turn, and all others are told to come back later. */
import { unavailable } from "./problem.ts";

export class Gate {
  readonly #maxInside: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(maxInside: number, maxWaiting: number) {
    this.#maxInside = maxInside;
    this.#maxWaiting = maxWaiting;
  }

  /** @throws Problem 503 when too many are waiting */
  async through<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#maxInside) {
      if (this.#waiting.length >= this.#maxWaiting) throw unavailable("too many questions at once");
      await new Promise<void>((resolve) => this.#waiting.push(resolve)); // its place was kept for it
    } else this.#inside += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#inside -= 1;
      else next();
    }
  }
}
