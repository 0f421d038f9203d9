/** What a chaos run came to: as data for a result file, and as the one line that says whether it passed. */
import type { Verdict } from "./judge.ts";

export interface InjectedFault {
  readonly fault: string;
  /** What it befell. */
  readonly target: string;
  /** Since the run began. */
  readonly atSeconds: number;
  readonly lastedSeconds: number;
  /** Other faults of the same moment. */
  readonly together: readonly string[];
  /** Keys with a change that had not been answered when the last fault of the moment was over. */
  readonly pendingKeys: number;
  /** From then until all of them were reconciled; null: not within the time they had. */
  readonly recoverySeconds: number | null;
}

export interface ChaosResult {
  readonly seed: number;
  readonly minutes: number;
  readonly kubernetes: string;
  readonly faults: readonly InjectedFault[];
  readonly traffic: Readonly<Record<string, number>>;
  /** From the end of all trouble until everything was as it should be; null: never. */
  readonly convergenceSeconds: number | null;
  readonly verdict: Verdict;
}

export function isPassed({ faults, verdict, convergenceSeconds }: ChaosResult): boolean {
  const findings = Object.values(verdict).flat();
  return faults.length > 0 && findings.length === 0 && convergenceSeconds !== null && unrecovered(faults).length === 0;
}

export function summaryLine({ faults, verdict, convergenceSeconds }: ChaosResult): string {
  const { lost, superseded, orphans, foreign } = verdict;
  const seconds = faults.flatMap(({ recoverySeconds }) => recoverySeconds ?? []);
  const parts = [
    `${faults.length} faults injected`,
    `${lost.length} keys lost`,
    `${superseded.length} superseded writes left standing`,
    `${orphans.length} orphans`,
    `${foreign.length} foreign objects touched`,
    `recovery p50 ${text(percentile(seconds, 0.5))} s p99 ${text(percentile(seconds, 0.99))} s`,
    ...(unrecovered(faults).length > 0 ? [`${unrecovered(faults).length} faults not recovered from in time`] : []),
    ...(convergenceSeconds === null ? ["not converged in time"] : []),
  ];
  return `chaos: ${parts.join(", ")}`;
}

/** The smallest value that at least this share is not above; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

function unrecovered(faults: readonly InjectedFault[]): readonly InjectedFault[] {
  return faults.filter(({ recoverySeconds }) => recoverySeconds === null);
}

function text(seconds: number): string {
  return seconds.toFixed(1);
}
