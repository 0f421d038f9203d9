/** What the batches of the benchmark of tracing come to. */
import type { Mode } from "./messages.ts";

/** Some triggers that converged in one mode. */
export interface Batch {
  readonly mode: Mode;
  readonly cpuMsPerTrigger: number;
  readonly allReadySeconds: number;
  readonly exportedBytes: number;
}

/** Of one mode, medians over the rounds; ratios are to no tracing. */
export function figuresOf(rounds: readonly (readonly Batch[])[], mode: Mode) {
  const of = (wanted: Mode, figure: "cpuMsPerTrigger" | "allReadySeconds" | "exportedBytes") =>
    rounds.flatMap((round) => round.filter((batch) => batch.mode === wanted).map((batch) => batch[figure]));
  const [cpu, off] = [of(mode, "cpuMsPerTrigger"), of("off", "cpuMsPerTrigger")];
  const ratios = cpu.map((ms, round) => ms / (off[round] ?? Number.NaN));
  return {
    mode,
    cpuMsPerTrigger: quantile(cpu, 0.5),
    /** Each to the same round without tracing. */
    cpuRatio: {
      median: quantile(ratios, 0.5),
      lowerQuartile: quantile(ratios, 0.25),
      upperQuartile: quantile(ratios, 0.75),
    },
    /** Of the cheapest rounds: other work on the machine only adds. */
    lowestCpuRatio: Math.min(...cpu) / Math.min(...off),
    allReadySeconds: quantile(of(mode, "allReadySeconds"), 0.5),
    exportedBytes: quantile(of(mode, "exportedBytes"), 0.5),
  };
}

function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((left, right) => left - right);
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
  return low + (high - low) * (at - Math.floor(at));
}
