/** Judges a played phase: what is as in the original, what a rule explains, and what is left. */
import { formatJson, type JsonValue } from "../../src/core/json.ts";
import { comparePhase, type Difference } from "./workflows-compare.ts";
import type { WorkflowCase } from "./workflows-corpus.ts";
import { deviationFor } from "./workflows-deviations.ts";
import type { PlayedPhase } from "./workflows-lane.ts";
import { sceneOf } from "./workflows-scene.ts";

export interface ExplainedDifference extends Difference {
  /** Name of the rule. */
  readonly rule: string;
}

/** What one phase came to. */
export interface PhaseVerdict {
  readonly phase: string;
  /** Values compared. */
  readonly compared: number;
  readonly explained: readonly ExplainedDifference[];
  /** Names of the rules that explain something. */
  readonly rules: readonly string[];
  /** Differences that no rule explains. */
  readonly open: readonly Difference[];
}

/**
 * @param before - what was explained in earlier phases of the case
 */
export function judgePhase(
  source: WorkflowCase,
  phase: number,
  { state, isSettled }: PlayedPhase,
  before: readonly ExplainedDifference[],
): PhaseVerdict {
  const compared = comparePhase(source, phase, state);
  const explained: ExplainedDifference[] = [];
  const open: Difference[] = [];
  if (compared.differences.length > 0) {
    const scene = sceneOf(source, phase, compared, []);
    for (const difference of compared.differences) {
      const rule = deviationFor(difference, { ...scene, explained: [...before, ...explained] });
      if (rule === undefined) open.push(difference);
      else explained.push({ ...difference, rule: rule.name });
    }
  }
  // A fight that goes on is no state of rest, here as there.
  const isRestless = !isSettled && source.settles && !explained.some(({ rule }) => rule === "fights-slow-down");
  if (isRestless) open.push({ path: ["settled"], expected: true, actual: false });
  const rules = [...new Set(explained.map(({ rule }) => rule))];
  return { phase: source.phases[phase]?.name ?? "", compared: compared.compared, explained, rules, open };
}

/** A difference as one reads it. */
export function differenceText({ path, expected, actual }: Difference): string {
  const text = (value: JsonValue | undefined) => (value === undefined ? "nothing" : formatJson(value));
  return `${path.join(" ")}: expected ${text(expected)}, got ${text(actual)}`;
}
