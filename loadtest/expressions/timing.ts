/** Timing in one process: several functions in turn, so that what disturbs the machine disturbs all of them. */

/** Keeps results alive, so that nothing is optimised away. */
let sink: unknown;

/** Nanoseconds of one call, over enough calls to fill `ms`. */
function nanosOf(run: () => unknown, ms: number): number {
  for (let count = 1; ; count *= 2) {
    const start = performance.now();
    for (let call = 0; call < count; call += 1) sink = run();
    const passed = performance.now() - start;
    if (passed >= ms) return (passed / count) * 1e6;
  }
}

/** The median of each over the rounds, in nanoseconds a call; the order is that of `runs`. */
export function interleaved(runs: readonly (() => unknown)[], rounds: number): readonly number[] {
  for (const run of runs) nanosOf(run, 30); // until it is compiled
  const measured = runs.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, run] of runs.entries()) measured[index]?.push(nanosOf(run, 15));
  }
  return measured.map(median);
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1] ?? NaN;
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** What was measured last; reading it makes it count. */
export function lastResult(): unknown {
  return sink;
}
