/** A short chaos run, as `npm run chaos` makes long ones: what it found, and its summary line, are printed. */
import { expect, it } from "vitest";
import { runChaos } from "../chaos/run.ts";
import { isPassed, summaryLine } from "../chaos/summary.ts";
import { chooseSeed } from "../support/seeded-random.ts";

const SEED = chooseSeed();
const MINUTES = 1.1;
const LONGEST_FAULT_SECONDS = 12;

it(`a minute of trouble of many sorts, seed ${SEED}, leaves nothing lost, superseded, orphaned or wrongly touched`, async () => {
  const lines: string[] = [];
  const report = (line: string) => void lines.push(line);
  const result = await runChaos({
    minutes: MINUTES,
    seed: SEED,
    longestFaultSeconds: LONGEST_FAULT_SECONDS,
    report,
  });
  console.log([...lines, summaryLine(result)].join("\n"));
  expect(result.verdict).toEqual({ lost: [], superseded: [], orphans: [], foreign: [] });
  expect(isPassed(result), summaryLine(result)).toBe(true);
});
