/** Answers that are believed for a short time. Callers share an answer that is on its way; failures are not kept. */
import { BoundedMap } from "../../engine/bounded-map.ts";
import type { Clock } from "../../engine/ports/clock.ts";

export class TimedCache<V> {
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #keepMs: number;
  readonly #known: BoundedMap<string, { readonly value: V; readonly endMs: number }>;
  /** Bounded by the number of waiting callers. */
  readonly #asked = new Map<string, Promise<V>>();

  constructor(clock: Pick<Clock, "nowMs">, keepMs: number, maxEntries: number) {
    this.#clock = clock;
    this.#keepMs = keepMs;
    this.#known = new BoundedMap(maxEntries);
  }

  /** @param load - fetches the answer; its error goes to everybody who waits */
  get(key: string, load: () => Promise<V>): Promise<V> {
    const known = this.#known.get(key);
    if (known !== undefined && known.endMs > this.#clock.nowMs()) return Promise.resolve(known.value);
    const asked = this.#asked.get(key);
    if (asked !== undefined) return asked;
    const loading = load()
      .then((value) => {
        this.#known.set(key, { value, endMs: this.#clock.nowMs() + this.#keepMs });
        return value;
      })
      .finally(() => this.#asked.delete(key));
    this.#asked.set(key, loading);
    return loading;
  }
}
