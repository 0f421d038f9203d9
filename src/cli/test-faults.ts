/** `koreo test --faults`: selects the single faults to play, and reports how to play a failure again. */
import { REQUEST_FAULTS, type Disturbance } from "../processes/workflow-test/disturbed-store.ts";
import type { FaultFailure } from "../processes/workflow-test/faults.ts";
import { ConfigError } from "../processes/shared/settings.ts";

export interface FaultSelection {
  /** Only this fault; undefined: every one. */
  readonly only: Disturbance | undefined;
  /** The files and folders as they were given, for the command that plays a failure again. */
  readonly paths: readonly string[];
  readonly onPlayed: () => void;
}

/** How many failures of one test are shown: the rest usually have the same reason. */
const MAX_TOLD = 5;

/**
 * @param text - such as `7:lost-answer`, the 7th request of the case
 * @throws ConfigError that says how to write it
 */
export function parseFault(text: string): Disturbance {
  const [, number, name] = /^([1-9]\d{0,6}):([a-z-]+)$/.exec(text) ?? [];
  const fault = REQUEST_FAULTS.find((each) => each === name);
  if (number !== undefined && fault !== undefined) return { at: Number(number) - 1, fault };
  throw new ConfigError(
    `--fault ${text}: write NUMBER:FAULT, such as 7:lost-answer; FAULT is one of ${REQUEST_FAULTS.join(", ")}`,
  );
}

/** The failures as cases of their test. */
export function faultCases(failures: readonly FaultFailure[], paths: readonly string[]) {
  const told = failures.slice(0, MAX_TOLD).map(({ label, disturbance, request, problem, unmet }) => {
    const number = disturbance.at + 1;
    const again = `again: koreo test ${[...paths, "--fault", `${number}:${disturbance.fault}`, "--filter", label].map(quoted).join(" ")}`;
    return {
      label: `${label}, request ${number} (${request}): ${disturbance.fault}`,
      status: "failed" as const,
      message: problem === "" ? again : `${problem}; ${again}`,
      outcome: "",
      unmet,
    };
  });
  const others = failures.slice(MAX_TOLD);
  if (others.length === 0) return told;
  const cases = [...new Set(others.map(({ label }) => label))].join("; ");
  const rest = { label: `${cases}: ${others.length} more faults`, status: "failed" as const, outcome: "" };
  return [...told, { ...rest, message: "not told one by one", unmet: [] }];
}

/** Quotes a word for a shell. */
function quoted(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
