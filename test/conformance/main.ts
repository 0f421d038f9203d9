/**
 * `npm run conformance -- DIR [--json FILE]`: runs any corpus of the layout in `README.md` here, ours or another, against
 * this engine: functions in this process, workflows on clusters of their own. Prints counts per topic and every mismatch,
 * ends with one line, and exits with 1 on any mismatch, and when it finds no case.
 */
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { provideControlPlane } from "../control-plane/provide.ts";
import { provideRedis } from "../control-plane/redis.ts";
import { ReportBook } from "./report.ts";
import { topics } from "./functions-corpus.ts";
import { judgeTopic } from "./functions-judge.ts";
import { caseNames, CORPUS, readCase, type WorkflowCase } from "./workflows-corpus.ts";
import { playAll } from "./workflows-play.ts";

const USAGE = "usage: npm run conformance -- [DIR] [--json FILE]   (DIR holds functions/, workflows/ or both)";

const { dir, json } = readArguments();
const book = new ReportBook((line) => console.log(line));
const { corpus, functions, workflows } = partsOf(dir);

// 1. Functions: milliseconds each.
for (const topic of functions) book.topic(topic, () => judgeTopic(topic, corpus));

// 2. Workflows: each on a real API server, through queue and worker.
const cases = workflows.flatMap((name) => readable(name));
if (cases.length > 0) {
  // Built once where there are none: that takes minutes, and says so.
  const say = (line: string) => console.log(`[set-up] ${line}`);
  await Promise.all([provideControlPlane(say), provideRedis(say)]);
  console.log(`playing ${cases.length} workflow cases on a real API server ...`);
  await playAll(cases, (verdict) => book.workflow(verdict, cases.length));
}

// 3. What came of it.
if (json !== undefined) writeFileSync(json, `${JSON.stringify(book.asJson(), undefined, 2)}\n`);
console.log(book.summary());
process.exitCode = book.isGood ? 0 : 1;

function readArguments(): { readonly dir: string; readonly json: string | undefined } {
  try {
    const options = { json: { type: "string" } } as const;
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    if (positionals.length > 1) throw new Error(`one folder, not ${positionals.length}`);
    return { dir: path.resolve(positionals[0] ?? CORPUS), json: values.json };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(1);
  }
}

/** A folder that holds either, or is one of them. */
function partsOf(folder: string): {
  readonly corpus: string;
  readonly functions: readonly string[];
  readonly workflows: readonly string[];
} {
  const holds = ["functions", "workflows"].some((name) => existsSync(path.join(folder, name)));
  const corpus = holds ? folder : path.dirname(folder);
  const isWanted = (name: string) => holds || path.basename(folder) === name;
  return {
    corpus,
    functions: isWanted("functions") ? topics(corpus) : [],
    workflows: isWanted("workflows") ? caseNames(corpus) : [],
  };
}

function readable(name: string): readonly WorkflowCase[] {
  try {
    return [readCase(name, corpus)];
  } catch (error) {
    book.unreadable(name, error);
    return [];
  }
}
