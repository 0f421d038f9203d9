/**
 * `npm run bench:expressions`: what evaluating and compiling expressions costs, beside the evaluator of the library whose
 * parser we use and beside JavaScript written by hand, in one interleaved run. Needs no cluster.
 */
import { parseArgs } from "node:util";
import { formatTable } from "../src/cli/table.ts";
import { timeCases, type CaseTimes } from "./expressions/engines.ts";
import { heapPerProgram, valueFunctionsPerSecond, workflowCompileMs } from "./expressions/scenarios.ts";
import { geometricMean, lastResult } from "./expressions/timing.ts";
import { writeResults } from "./results.ts";

const HELP = `Usage: npm run bench:expressions -- [options]

Options:
  --rounds N     rounds of every measurement, of which the lowest counts; default 60
  --output FILE  write the result as JSON, such as loadtest/results/expressions.json
  --help         print this`;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "60" },
    output: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) console.log(HELP);
else await main();

async function main(): Promise<void> {
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds ${values.rounds}: write a whole number above 0`);
  const cases = timeCases(rounds);
  const result = {
    cases: cases.map((each) => ({ ...each, ...ratiosOf(each) })),
    geometricMean: {
      libraryOverOurs: geometricMean(cases.map((each) => ratiosOf(each).libraryOverOurs)),
      oursOverByHand: geometricMean(cases.map((each) => ratiosOf(each).oursOverByHand)),
    },
    valueFunctionsPerSecond: valueFunctionsPerSecond(rounds),
    workflowCompileMs: workflowCompileMs(rounds),
    heapPerProgramKiB: heapPerProgram(500) / 1024,
  };
  print(result);
  if (lastResult() === undefined) throw new Error("nothing was measured");
  if (values.output !== undefined) await writeResults(values.output, "expressions", { rounds, result });
}

function ratiosOf({ ours, library, byHand }: CaseTimes) {
  return { libraryOverOurs: library / ours, oursOverByHand: ours / byHand };
}

function print(result: {
  readonly cases: readonly (CaseTimes & ReturnType<typeof ratiosOf>)[];
  readonly geometricMean: ReturnType<typeof ratiosOf>;
  readonly valueFunctionsPerSecond: number;
  readonly workflowCompileMs: number;
  readonly heapPerProgramKiB: number;
}): void {
  const ratios = (each: ReturnType<typeof ratiosOf>) => [
    each.libraryOverOurs.toFixed(1),
    each.oursOverByHand.toFixed(1),
  ];
  const rows = result.cases.map((each) => [
    ...[each.name, ...[each.ours, each.library, each.byHand].map((nanos) => nanos.toFixed(0))],
    ...ratios(each),
  ]);
  const heads = ["EXPRESSION", "OURS, ns", "LIBRARY, ns", "BY HAND, ns", "LIBRARY/OURS", "OURS/BY HAND"];
  console.log(formatTable(heads, [...rows, ["geometric mean", "", "", "", ...ratios(result.geometricMean)]]));
  console.log(
    `\n${formatTable(
      ["FIGURE", "VALUE"],
      [
        ["ValueFunctions a second, one core", result.valueFunctionsPerSecond.toFixed(0)],
        ["a Workflow of 20 steps and 10 functions compiled, ms", result.workflowCompileMs.toFixed(2)],
        ["heap of a program of 1,600 characters, KiB", result.heapPerProgramKiB.toFixed(1)],
      ],
    )}`,
  );
}
