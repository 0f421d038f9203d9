/**
 * `npm run bench`: runs a scenario some times on a cluster of its own and prints, or writes, every figure with the machine
 * it was measured on. Results under `loadtest/results/` are what the documentation's claims are read from.
 */
import { parseArgs } from "node:util";
import { converge, type ConvergeResult } from "./converge.ts";
import { printFigures, writeResults } from "./results.ts";

const HELP = `Usage: npm run bench -- [options]

Scenario converge: N triggers of 4 objects each, created at once; time until all are Ready, cost per trigger, and the API
server's own create rate in the same minute.

Options:
  --triggers N   default 20
  --watchers N   watcher processes, default 1
  --workers N    worker processes, default 1
  --repeat N     default 3; every repetition on a fresh cluster
  --output FILE  write the result as JSON, such as loadtest/results/converge.json
  --help         print this`;

const { values } = parseArgs({
  options: {
    triggers: { type: "string", default: "20" },
    watchers: { type: "string", default: "1" },
    workers: { type: "string", default: "1" },
    repeat: { type: "string", default: "3" },
    output: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) console.log(HELP);
else await main();

async function main(): Promise<void> {
  const options = {
    triggers: count("triggers"),
    watchers: count("watchers"),
    workers: count("workers"),
    report: (line: string) => console.log(`  ${line}`),
  };
  const results: ConvergeResult[] = [];
  for (let run = 1; run <= count("repeat"); run += 1) {
    console.log(`run ${run} of ${values.repeat}`);
    results.push(await converge(options));
  }
  print(results);
  if (values.output !== undefined) await writeResults(values.output, "converge", { results });
}

function count(name: "triggers" | "watchers" | "workers" | "repeat"): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name} ${values[name]}: write a whole number above 0`);
}

function print(results: readonly ConvergeResult[]): void {
  printFigures(results, [
    ["first Ready, s", ({ firstReadySeconds }) => firstReadySeconds.toFixed(2)],
    ["all Ready, s", ({ allReadySeconds }) => allReadySeconds.toFixed(2)],
    ["writes/s", ({ writesPerSecond }) => writesPerSecond.toFixed(0)],
    ["API server creates/s", ({ apiServerCreatesPerSecond }) => apiServerCreatesPerSecond.toFixed(0)],
    ["ratio", ({ ratio }) => ratio.toFixed(2)],
    ["runs to Ready, worst", ({ perTrigger }) => String(perTrigger.runsToReady)],
    ["runs until settled, worst", ({ perTrigger }) => String(perTrigger.runs)],
    ["creates per trigger, worst", ({ perTrigger }) => String(perTrigger.creates)],
    ["writes on a trigger, worst", ({ perTrigger }) => String(perTrigger.writes)],
    ["requests per trigger, worst", ({ perTrigger }) => String(perTrigger.requests)],
    ["runs while settled", ({ runsWhileSettled }) => String(runsWhileSettled)],
  ]);
}
