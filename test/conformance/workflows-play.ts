/** Plays cases of the workflows corpus on several lanes at once, and judges each as it ends. */
import type { WorkflowCase } from "./workflows-corpus.ts";
import { differenceText, judgePhase, type ExplainedDifference, type PhaseVerdict } from "./workflows-judge.ts";
import { Lane } from "./workflows-lane.ts";

/** Each lane is a cluster of its own; more than two wait for one another on two cores. */
export const LANES = 2;

export interface CaseVerdict {
  readonly name: string;
  readonly about: string;
  readonly phases: readonly PhaseVerdict[];
  /** Why it could not be played; "" for one that was. */
  readonly failure: string;
  readonly seconds: number;
}

/**
 * Cases with the same kinds one after another: a kind that changes is deleted and made anew, which takes seconds.
 *
 * @param onCase - told of every case as it ends
 */
export async function playAll(
  cases: readonly WorkflowCase[],
  onCase: (verdict: CaseVerdict) => void,
  lanes = LANES,
): Promise<readonly CaseVerdict[]> {
  const waiting = [...cases].sort((a, b) => JSON.stringify(a.kinds).localeCompare(JSON.stringify(b.kinds)));
  const verdicts: CaseVerdict[] = [];
  const work = async () => {
    const lane = await Lane.start();
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const verdict = await playOne(lane, next);
        verdicts.push(verdict);
        onCase(verdict);
      }
    } finally {
      await lane.stop();
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, cases.length) }, work));
  return verdicts.sort((a, b) => a.name.localeCompare(b.name));
}

async function playOne(lane: Lane, source: WorkflowCase): Promise<CaseVerdict> {
  const sinceMs = performance.now();
  const phases: PhaseVerdict[] = [];
  const explained = (): readonly ExplainedDifference[] => phases.flatMap((each) => each.explained);
  let failure = "";
  try {
    await lane.play(
      source,
      (phase, played) => judgePhase(source, phase, played, explained()).open.length === 0,
      (phase, played) => phases.push(judgePhase(source, phase, played, explained())),
    );
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const seconds = (performance.now() - sinceMs) / 1000;
  return { name: source.name, about: source.about, phases, failure, seconds };
}

/** Everything about a case that is not as in the original and that no rule explains, as one reads it. */
export function openTexts({ phases, failure }: CaseVerdict): readonly string[] {
  const open = phases.flatMap((each) => each.open.map((difference) => `${each.phase} / ${differenceText(difference)}`));
  return failure === "" ? open : [...open, `could not be played: ${failure}`];
}

/** One line about a case that has ended. */
export function progressText(verdict: CaseVerdict): string {
  const { name, phases, seconds } = verdict;
  const open = openTexts(verdict).length;
  const rules = new Set(phases.flatMap((each) => each.rules));
  const came =
    open > 0 ? `${open} mismatches` : rules.size > 0 ? `by rule (${[...rules].join(", ")})` : "as the original";
  return `${name}: ${came}, ${seconds.toFixed(1)} s`;
}

/** How many cases are as in the original, how many by rules, how many not. */
export function countsOf(
  verdicts: readonly CaseVerdict[],
): Readonly<Record<"cases" | "same" | "byRule" | "failing", number>> {
  const failing = verdicts.filter((verdict) => openTexts(verdict).length > 0).length;
  const deviating = verdicts.filter(({ phases }) => phases.some(({ rules }) => rules.length > 0));
  const byRule = deviating.filter((verdict) => openTexts(verdict).length === 0).length;
  return { cases: verdicts.length, same: verdicts.length - failing - byRule, byRule, failing };
}

/** The same in one line. */
export function summaryOf(verdicts: readonly CaseVerdict[]): string {
  const { cases, same, byRule, failing } = countsOf(verdicts);
  const compared = verdicts.flatMap(({ phases }) => phases).reduce((sum, phase) => sum + phase.compared, 0);
  return `${cases} cases, ${same} as the original, ${byRule} but for deviation rules, ${failing} with mismatches (${compared} values compared)`;
}
