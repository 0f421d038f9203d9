/** Keys ordered by a time: what is due next, what waits longest. A binary heap that forgets removed keys lazily. */
import type { KeyText } from "../../core/object-key.ts";

interface Entry {
  readonly key: KeyText;
  readonly time: number;
  /** Order of arrival, for equal times. */
  readonly order: number;
}

/** Keys by time, each at most once. `put`, `delete` and `pop` cost the logarithm of the number of keys. */
export class KeyHeap {
  readonly #current = new Map<KeyText, Entry>();
  #heap: Entry[] = [];
  #order = 0;

  get size(): number {
    return this.#current.size;
  }

  timeOf(key: KeyText): number | undefined {
    return this.#current.get(key)?.time;
  }

  /** Adds a key, or gives it another time. */
  put(key: KeyText, time: number): void {
    const entry = { key, time, order: this.#order++ };
    this.#current.set(key, entry);
    this.#heap.push(entry);
    this.#siftUp(this.#heap.length - 1);
    if (this.#heap.length > 64 && this.#heap.length > 2 * this.#current.size) this.#rebuild();
  }

  /** @returns whether it was there */
  delete(key: KeyText): boolean {
    return this.#current.delete(key);
  }

  /** The key with the smallest time. */
  first(): { readonly key: KeyText; readonly time: number } | undefined {
    let top = this.#heap[0];
    while (top !== undefined && this.#current.get(top.key) !== top) {
      this.#removeTop();
      top = this.#heap[0];
    }
    return top;
  }

  /** Takes out the key with the smallest time. */
  pop(): KeyText | undefined {
    const top = this.first();
    if (top === undefined) return undefined;
    this.#removeTop();
    this.#current.delete(top.key);
    return top.key;
  }

  #rebuild(): void {
    this.#heap = [...this.#current.values()].sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  #siftUp(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfBefore(index, parent)) return;
      index = parent;
    }
  }

  #removeTop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const child = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#swapIfBefore(child, index)) return;
      index = child;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    return a !== undefined && b !== undefined && isBefore(a, b);
  }

  /** Swaps the two places when the first belongs before the second. */
  #swapIfBefore(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a === undefined || b === undefined || !isBefore(a, b)) return false;
    this.#heap[one] = b;
    this.#heap[other] = a;
    return true;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}
