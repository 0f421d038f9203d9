/** Object locks of one process; see the port. */
import type { KeyText } from "../../core/object-key.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import type { ObjectLock } from "../../engine/ports/object-lock.ts";

interface Held {
  holder: KeyText;
  untilMs: number;
  readonly waiting: Set<KeyText>;
}

export class MemoryObjectLock implements ObjectLock {
  readonly #clock: Clock;
  readonly #held = new Map<KeyText, Held>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  acquire(object: KeyText, holder: KeyText, ttlMs: number): Promise<KeyText | undefined> {
    const nowMs = this.#clock.nowMs();
    const current = this.#held.get(object);
    if (current !== undefined && current.holder !== holder && current.untilMs > nowMs) {
      current.waiting.add(holder);
      return Promise.resolve(current.holder);
    }
    const waiting = current?.waiting ?? new Set<KeyText>();
    waiting.delete(holder);
    this.#held.set(object, { holder, untilMs: nowMs + ttlMs, waiting });
    return Promise.resolve(undefined);
  }

  release(object: KeyText, holder: KeyText): Promise<readonly KeyText[]> {
    const current = this.#held.get(object);
    if (current?.holder !== holder) return Promise.resolve([]);
    this.#held.delete(object);
    return Promise.resolve([...current.waiting]);
  }
}
