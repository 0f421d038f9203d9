/** `koreo test`: runs the FunctionTests and WorkflowTests in files, once or after every save. Needs no cluster. */
import { statSync, watch } from "node:fs";
import path from "node:path";
import { CoverageRecorder } from "../../core/coverage/recorder.ts";
import { coverageOf, type DefinitionCoverage } from "../../core/coverage/summary.ts";
import { readSpecChecks } from "../../processes/shared/crds.ts";
import { abortOnSignals } from "../../processes/shared/signals.ts";
import { readDefinitions, type DefinitionFiles } from "../definition-files.ts";
import { CommandFailed } from "../failure.ts";
import { formatCoverage } from "../coverage-format.ts";
import { formatTests, type TestFormat } from "../test-formats.ts";
import { parseFault } from "../test-faults.ts";
import { FaultProgress } from "../test-progress.ts";
import { runTests, type TestReport } from "../test-results.ts";

export interface TestOptions {
  readonly output: TestFormat;
  readonly filter?: string;
  readonly watch?: true;
  readonly coverage?: true;
  readonly faults?: true;
  readonly fault?: string;
}

/** @throws CommandFailed when a test fails, a file cannot be read, or there is no test */
export async function test(targets: readonly string[], options: TestOptions): Promise<void> {
  const paths = targets.length === 0 ? ["."] : targets;
  const first = await run(paths, options);
  print(first, options);
  if (options.watch === true) await watchAndRun(paths, options, first.reports);
  else check(first, options);
}

interface Ran {
  readonly definitions: DefinitionFiles;
  readonly reports: readonly TestReport[];
  /** Undefined when nobody asked for coverage. */
  readonly coverage: readonly DefinitionCoverage[] | undefined;
  readonly seconds: number;
}

async function run(paths: readonly string[], options: TestOptions): Promise<Ran> {
  const since = performance.now();
  const definitions = readDefinitions(paths, readSpecChecks());
  const recorder = options.coverage === true ? new CoverageRecorder() : undefined;
  const progress = new FaultProgress();
  const only = options.fault === undefined ? undefined : parseFault(options.fault);
  const isAsked = options.faults === true || only !== undefined;
  const faults = isAsked ? { only, paths, onPlayed: () => progress.count() } : undefined;
  const reports = await runTests(definitions, { filter: options.filter, coverage: recorder, faults });
  progress.end();
  const coverage = recorder === undefined ? undefined : coverageOf(definitions.catalog, recorder.hits);
  return { definitions, reports, coverage, seconds: (performance.now() - since) / 1000 };
}

function print({ definitions, reports, coverage, seconds }: Ran, { output }: TestOptions): void {
  for (const { file, line, column, message } of definitions.unreadable)
    console.error(`${file}:${line}:${column}: ${message}`);
  if (reports.length > 0 || output !== "text") console.log(formatTests(output, reports, { seconds, coverage }));
  // JUnit and TAP have no place for coverage.
  if (coverage !== undefined && (output === "junit" || output === "tap")) console.error(formatCoverage(coverage));
}

function check({ definitions, reports }: Ran, { filter, faults, fault }: TestOptions): void {
  const failed = reports.filter(({ success }) => !success).length;
  if (failed > 0) throw new CommandFailed(`${failed} of ${reports.length} tests failed`);
  const broken = definitions.unreadable.length;
  if (broken > 0) throw new CommandFailed(`${broken} ${broken === 1 ? "file" : "files"} could not be read`);
  const played = reports.reduce((sum, report) => sum + (report.faults?.played ?? 0), 0);
  if (reports.length > 0 && (faults === true || fault !== undefined) && played === 0)
    throw new CommandFailed(
      `no fault was played: there is no case of a WorkflowTest with ${fault === undefined ? "an end to come to" : `such a request (--fault ${fault})`}`,
    );
  if (reports.length > 0) return;
  const what =
    filter === undefined ? "no FunctionTest or WorkflowTest" : `no test or case whose name holds "${filter}"`;
  throw new CommandFailed(`${what} found in ${definitions.files.size} manifest files`);
}

/** Editors write a file in several steps: changes this close together are one save. */
const SETTLE_MS = 100;

/** After a save, reports the tests that changed, themselves or in what they use, and those that failed before. */
async function watchAndRun(
  paths: readonly string[],
  options: TestOptions,
  first: readonly TestReport[],
): Promise<void> {
  const signal = abortOnSignals();
  let before = first;
  let timer: NodeJS.Timeout | undefined;
  const again = async () => {
    const ran = await run(paths, options);
    const known = new Map(before.map((each) => [`${each.namespace}/${each.name}`, each]));
    const affected = ran.reports.filter((each) => {
      const old = known.get(`${each.namespace}/${each.name}`);
      return old === undefined || old.hash !== each.hash || !old.success;
    });
    before = ran.reports;
    console.log(`\n${ran.reports.length - affected.length} tests are not affected`);
    print({ ...ran, reports: affected }, options);
  };
  const onChange = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void again().catch(console.error), SETTLE_MS);
  };
  const watchers = paths.map((target) => {
    const isFolder = statSync(target).isDirectory();
    // A file is watched through its folder: editors replace files, and a replaced file is no longer watched.
    return watch(isFolder ? target : path.dirname(target), { recursive: isFolder }, onChange);
  });
  console.error("watching for changes; Ctrl-C ends it");
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  clearTimeout(timer);
  for (const watcher of watchers) watcher.close();
}
