/** How a scenario tells what it measured: as a table with a column per repetition, and as a file with the machine beside it. */
import { writeFile } from "node:fs/promises";
import { formatTable } from "../src/cli/table.ts";
import { describeMachine } from "./machine.ts";

/** A row: its name, and how its cell is read from one repetition's result. */
type Figure<Result> = readonly [name: string, read: (result: Result) => string];

export function printFigures<Result>(results: readonly Result[], figures: readonly Figure<Result>[]): void {
  const heads = ["FIGURE", ...results.map((_, index) => `RUN ${index + 1}`)];
  const rows = figures.map(([name, read]) => [name, ...results.map(read)]);
  console.log(`\n${formatTable(heads, rows)}`);
}

/** @param path - such as `loadtest/results/watch.json` */
export async function writeResults(
  path: string,
  scenario: string,
  content: Readonly<Record<string, unknown>>,
): Promise<void> {
  const file = { scenario, measured: new Date().toISOString(), machine: describeMachine(), ...content };
  await writeFile(path, `${JSON.stringify(file, null, 2)}\n`);
  console.log(`\nwritten to ${path}`);
}
