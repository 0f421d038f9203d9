/**
 * The one clock of a simulation. Everything that takes time waits on it, so the order of all that happens is the order in
 * which its sleepers are woken: by time, then by arrival, or by a seed's choice. Each process sleeps in a lane of its own,
 * which can be stopped for a while (SIGSTOP) or for good (SIGKILL): then nothing of the process goes on.
 */
import type { Clock } from "../../src/engine/ports/clock.ts";

interface Sleeper {
  atMs: number;
  /** Decides between sleepers of the same moment. */
  readonly rank: number;
  readonly lane: Lane;
  wake: (() => void) | undefined;
}

const START_MS = Date.UTC(2026, 0, 1);

export class SimulatedTime {
  #nowMs = 0;
  #sleepers: Sleeper[] = [];
  #arrivals = 0;
  readonly #random: () => number;
  readonly #isShuffled: boolean;

  /** @param isShuffled - whether what is due at one moment comes in random order */
  constructor(random: () => number, isShuffled: boolean) {
    this.#random = random;
    this.#isShuffled = isShuffled;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  random(): number {
    return this.#random();
  }

  /** When the next sleeper is due; undefined when nobody sleeps. */
  get nextMs(): number | undefined {
    this.#dropCancelled();
    return this.#sleepers[0]?.atMs;
  }

  /** Wakes the next sleeper at its moment and lets run what follows from it. */
  async step(): Promise<void> {
    this.#dropCancelled();
    const next = this.#pop();
    if (next === undefined) throw new Error("nobody sleeps: nothing will ever happen again");
    if (next.atMs > this.#nowMs) this.#nowMs = next.atMs;
    if (next.lane.hasDied()) return;
    if (next.lane.stoppedUntilMs > this.#nowMs) {
      next.atMs = next.lane.stoppedUntilMs;
      this.#push(next);
      return;
    }
    next.wake?.();
    await everythingReady();
  }

  /** Time passes though nobody wakes. */
  passTo(ms: number): void {
    this.#nowMs = Math.max(this.#nowMs, ms);
  }

  sleep(lane: Lane, ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return lane.hasDied() ? never() : Promise.resolve();
    return new Promise((resolve) => {
      this.#arrivals += 1;
      const rank = this.#isShuffled ? this.#random() : this.#arrivals;
      const sleeper: Sleeper = { atMs: this.#nowMs + Math.max(0, ms), rank, lane, wake: undefined };
      const wake = () => {
        sleeper.wake = undefined;
        signal?.removeEventListener("abort", wake);
        if (!lane.hasDied()) resolve();
      };
      sleeper.wake = wake;
      this.#push(sleeper);
      signal?.addEventListener("abort", wake, { once: true });
    });
  }

  #push(sleeper: Sleeper): void {
    const heap = this.#sleepers;
    let at = heap.push(sleeper) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(heap[at], heap[parent])) break;
      swap(heap, at, parent);
      at = parent;
    }
  }

  #pop(): Sleeper | undefined {
    const heap = this.#sleepers;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || last === first) return first;
    heap[0] = last;
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < heap.length && isBefore(heap[left], heap[least])) least = left;
      if (right < heap.length && isBefore(heap[right], heap[least])) least = right;
      if (least === at) return first;
      swap(heap, at, least);
      at = least;
    }
  }

  #dropCancelled(): void {
    for (let first = this.#sleepers[0]; first !== undefined; first = this.#sleepers[0]) {
      if (first.wake !== undefined && !first.lane.hasDied()) return;
      this.#pop();
    }
  }
}

/** The clock of one process. */
export class Lane implements Clock {
  readonly #time: SimulatedTime;
  readonly #death = new AbortController();
  stoppedUntilMs = 0;

  constructor(time: SimulatedTime) {
    this.#time = time;
  }

  hasDied(): boolean {
    return this.#death.signal.aborted;
  }

  /** Aborted when the process is killed: its connections break. */
  get died(): AbortSignal {
    return this.#death.signal;
  }

  /** The process does nothing for so long; what was due meanwhile comes afterwards. */
  stop(ms: number): void {
    this.stoppedUntilMs = this.#time.nowMs + ms;
  }

  kill(): void {
    this.#death.abort();
  }

  nowMs(): number {
    return this.#time.nowMs;
  }

  wallMs(): number {
    return START_MS + this.#time.nowMs;
  }

  random(): number {
    return this.#time.random();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#time.sleep(this, ms, signal);
  }
}

/** What a killed process waits for. */
export function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

function isBefore(left: Sleeper | undefined, right: Sleeper | undefined): boolean {
  if (left === undefined || right === undefined) return false;
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.rank < right.rank);
}

function swap(heap: Sleeper[], left: number, right: number): void {
  const moved = heap[left];
  const other = heap[right];
  if (moved === undefined || other === undefined) return;
  heap[left] = other;
  heap[right] = moved;
}

/** Ticks come when no promise has anything left to do, and nothing here waits for anything else; the event loop may rest. */
function everythingReady(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
