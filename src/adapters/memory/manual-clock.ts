/** A clock that only moves when it is told to; sleepers wake in order, and what they start runs before the next one. */
import type { Clock } from "../../engine/ports/clock.ts";

export class ManualClock implements Clock {
  /** What `random` answers. */
  chance = 0.5;
  #timeMs = 0;
  readonly #sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();

  nowMs(): number {
    return this.#timeMs;
  }

  wallMs(): number {
    return Date.UTC(2026, 0, 1) + this.#timeMs;
  }

  random(): number {
    return this.chance;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper = { atMs: this.#timeMs + ms, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", wake, { once: true });
    });
  }

  /** Moves the time, waking every sleeper at its own moment. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#timeMs + ms;
    await settled();
    for (let next = this.#nextBefore(untilMs); next !== undefined; next = this.#nextBefore(untilMs)) {
      this.#timeMs = next.atMs;
      next.wake();
      await settled();
    }
    this.#timeMs = untilMs;
  }

  /** Runs all that is ready, and moves the time to the next sleeper when nothing is, until the promise ends. */
  async drive<T>(promise: Promise<T>): Promise<T> {
    const ended = new AbortController();
    const end = () => ended.abort();
    promise.then(end, end);
    await settled();
    while (!ended.signal.aborted) {
      const next = this.#nextBefore(Infinity);
      if (next === undefined) throw new Error("waits for something that no time brings");
      await this.advance(next.atMs - this.#timeMs);
      await settled();
    }
    return promise;
  }

  #nextBefore(untilMs: number) {
    return [...this.#sleepers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
  }
}

/** Lets everything that is ready run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
