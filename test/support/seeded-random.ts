/** Chance that can be repeated: a test prints its seed when it fails, and KOREO_TEST_SEED brings the same case back. */

export interface SeededRandom {
  readonly seed: number;
  /** In [0, 1). */
  next(): number;
  /** A whole number from 0 up to but not including `bound`. */
  below(bound: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** One of them; undefined only of none. */
  pick<T>(from: readonly T[]): T | undefined;
}

/** Mulberry32. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number) => Math.floor(next() * bound);
  return { seed, next, below, chance: (probability) => next() < probability, pick: (from) => from[below(from.length)] };
}

/** A seed of the day, or the one asked for. */
export function chooseSeed(): number {
  const asked = process.env["KOREO_TEST_SEED"];
  return asked === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(asked);
}
