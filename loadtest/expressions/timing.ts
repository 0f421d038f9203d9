/** Timing in one process: several functions in turn, so that what disturbs the machine disturbs all of them. */

/** Keeps results alive, so that nothing is optimised away. */
let sink: unknown;

/** How many calls fill about `ms`. */
function callsFor(run: () => unknown, ms: number): number {
  for (let calls = 1; ; calls *= 2) {
    const passed = msOf(run, calls);
    if (passed >= ms) return Math.ceil((calls * ms) / passed);
  }
}

function msOf(run: () => unknown, calls: number): number {
  const start = performance.now();
  for (let call = 0; call < calls; call += 1) sink = run();
  return performance.now() - start;
}

/**
 * Nanoseconds a call of each, in their order: the lowest of the rounds, because whatever else runs on the machine only adds.
 * A round is short, so that some of them are left alone.
 */
export function interleaved(runs: readonly (() => unknown)[], rounds: number): readonly number[] {
  for (const run of runs) callsFor(run, 100); // until it is compiled
  const calls = runs.map((run) => callsFor(run, 4));
  const lowest = runs.map(() => Infinity);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, run] of runs.entries()) {
      const each = calls[index] ?? 1;
      lowest[index] = Math.min(lowest[index] ?? Infinity, (msOf(run, each) / each) * 1e6);
    }
  }
  return lowest;
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** What was measured last; reading it makes it count. */
export function lastResult(): unknown {
  return sink;
}
