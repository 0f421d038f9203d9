/**
 * `npm run chaos`: a cluster of its own in every trouble there is, while people work on it; ends with one line of what was lost,
 * left standing, orphaned or wrongly touched, and exits with 1 unless all of that is nothing.
 */
import { parseArgs } from "node:util";
import { writeResults } from "../../loadtest/results.ts";
import { chooseSeed } from "../support/seeded-random.ts";
import { runChaos } from "./run.ts";
import { isPassed, summaryLine } from "./summary.ts";

const HELP = `Usage: npm run chaos -- [options]

A control plane, Redis, two watchers and three workers of its own; about forty triggers; users, and a vandal; faults of
processes, servers and connections by a seed. Needs what the end-to-end tests need and 2 cores.

Options:
  --minutes N              how long there is trouble, default 5
  --seed S                 what happens, and in which order; default: of the moment, and printed
  --longest-fault SECONDS  default 30
  --output FILE            write the result as JSON, such as loadtest/results/chaos.json
  --logs DIR               copy the logs of all processes there in the end
  --help                   print this`;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    seed: { type: "string" },
    "longest-fault": { type: "string", default: "30" },
    output: { type: "string" },
    logs: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) console.log(HELP);
else await main();

async function main(): Promise<void> {
  const seed = values.seed === undefined ? chooseSeed() : positive("seed", values.seed);
  const options = {
    minutes: positive("minutes", values.minutes),
    seed,
    longestFaultSeconds: positive("longest-fault", values["longest-fault"]),
    logs: values.logs,
    report: (line: string) => console.log(`  ${line}`),
  };
  console.log(`chaos for ${options.minutes} minutes, seed ${seed}`);
  const result = await runChaos(options);
  for (const [what, findings] of Object.entries(result.verdict))
    for (const finding of findings as readonly string[]) console.log(`${what}: ${finding}`);
  if (values.output !== undefined) await writeResults(values.output, "chaos", { ...result });
  console.log(summaryLine(result));
  process.exitCode = isPassed(result) ? 0 : 1;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new Error(`--${name} ${text}: write a number`);
}
