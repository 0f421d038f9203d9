/**
 * `npm test`: every suite, or those that are named, against real servers that it sets up and starts itself. What reads the
 * corpus runs beside what computes; what starts many processes, and the end-to-end tests in which short times count, come
 * after it, alone. Ends with the minutes per suite, what was skipped, and the line `N passed, N failed` that CI reads. Called
 * through bootstrap.mjs, which brings Node and the npm packages.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { provideCompose } from "../control-plane/compose.ts";
import { provideHelm } from "../control-plane/helm.ts";
import { provideJaeger } from "../control-plane/jaeger.ts";
import { providePrometheus } from "../control-plane/prometheus.ts";
import { hasOldest, OLDEST, provideControlPlane } from "../control-plane/provide.ts";
import { provideRedis, startRedis } from "../control-plane/redis.ts";
import { startControlPlane } from "../control-plane/start.ts";
import { provideContainers } from "../support/containers.ts";
import { checkResult, countsOf, summaryOf, type SuiteResult, type TestReport } from "./suite-summary.ts";

const root = path.resolve(import.meta.dirname, "../..");
const only = process.argv.slice(2);
const SUITE_DEADLINE_MS = 25 * 60_000;

interface Task {
  readonly name: string;
  readonly kind: "check" | "vitest";
  readonly needsServers: boolean;
  /** Those of a stage begin when all of the stage before have ended. */
  readonly stage: 1 | 2 | 3;
  /** At the same time as the others of its stage, which go one by one. */
  readonly beside: boolean;
  readonly command: readonly string[];
  /** The command that mends what a check finds. */
  readonly fix?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const vitest = (project: string): readonly string[] => [
  "node_modules/vitest/vitest.mjs",
  "run",
  "--config",
  "test/tooling/vitest.config.ts",
  "--project",
  project,
];

const TASKS: readonly Task[] = [
  check("types", ["node_modules/typescript/bin/tsc", "-p", ".", "--noEmit"]),
  check("lint", [
    "node_modules/eslint/bin/eslint.js",
    "--config",
    "test/tooling/eslint.config.ts",
    "--flag",
    "unstable_native_nodejs_ts_config",
    "--max-warnings",
    "0",
    "src",
    "test",
    "loadtest",
    "charts",
  ]),
  check("layers", [
    "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs",
    "--config",
    "test/tooling/layers.cjs",
    "src",
  ]),
  check("drawing", ["test/tooling/draw-layers.ts", "--check"]),
  {
    ...check("format", [
      "node_modules/prettier/bin/prettier.cjs",
      "--config",
      "test/tooling/prettier.json",
      "--check",
      ".",
    ]),
    fix: "npm run format:write",
  },
  check("unused", ["node_modules/knip/bin/knip.js", "--config", "test/tooling/knip.json"]),
  check("audit", ["test/tooling/audit.ts"]),
  suite("unit", { stage: 1 }),
  suite("simulation", { stage: 1 }),
  suite("conformance", { stage: 1, beside: true }),
  suite("integration", { stage: 2 }),
  // Alone: an image build and a chaos run beside fleets with 10,000 keys leave two cores nothing for either.
  suite("e2e-patient", { stage: 3 }),
  suite("e2e", { stage: 3 }),
  { ...suite("e2e-oldest", { stage: 3 }), env: OLDEST.env },
];

function check(name: string, command: readonly string[]): Task {
  return { name, kind: "check", needsServers: false, stage: 1, beside: false, command };
}

function suite(name: string, when: Pick<Task, "stage"> & Partial<Pick<Task, "beside">>): Task {
  return {
    name,
    kind: "vitest",
    needsServers: name !== "unit" && name !== "simulation",
    beside: false,
    ...when,
    command: vitest(name),
  };
}

/** Told to stop: the suite that runs ends with all it has started, and no other begins. */
const stopped = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => stopped.abort());

const results: SuiteResult[] = [];
const chosen = await chosenTasks();
const scratch = await mkdtemp(path.join(tmpdir(), "koreo-test-"));
const started = Date.now();
const { env, stop } = chosen.some((task) => task.needsServers)
  ? await startServers()
  : { env: {}, stop: async () => {} };
const servers = Math.round((Date.now() - started) / 1000);
try {
  for (const stage of [1, 2, 3]) {
    const tasks = chosen.filter((task) => task.stage === stage);
    const [beside, others] = [tasks.filter((task) => task.beside), tasks.filter((task) => !task.beside)];
    // What would get between the lines of another is printed when it has ended.
    const ended = await Promise.all([runInTurn(others, beside.length > 0), runInTurn(beside, false)]);
    results.push(...ended.flat());
  }
} finally {
  await stop();
  await rm(scratch, { recursive: true, force: true });
}
report();

async function chosenTasks(): Promise<readonly Task[]> {
  const unknown = only.filter((name) => TASKS.every((task) => task.name !== name));
  if (unknown.length > 0) {
    console.error(`no suite is called ${unknown.join(", ")}; there are ${TASKS.map(({ name }) => name).join(", ")}`);
    process.exit(2);
  }
  if (only.length > 0) return TASKS.filter((task) => only.includes(task.name));
  if (await hasOldest()) return TASKS;
  console.log(
    `[set-up] the tests on the oldest Kubernetes, ${OLDEST.version}, are left out: it is not built here. ` +
      "`npm test -- e2e-oldest` builds it, once, about 6 minutes, and needs Debian and root.",
  );
  results.push({ name: "e2e-oldest", passed: 0, failed: 0, skipped: 1, seconds: 0 });
  return TASKS.filter(({ name }) => name !== "e2e-oldest");
}

async function runInTurn(tasks: readonly Task[], printsAtEnd: boolean): Promise<readonly SuiteResult[]> {
  const ended: SuiteResult[] = [];
  for (const task of tasks) if (!stopped.signal.aborted) ended.push(await run(task, printsAtEnd));
  return ended;
}

async function startServers(): Promise<{ env: Record<string, string>; stop: () => Promise<void> }> {
  const say = (line: string) => console.log(`[set-up] ${line}`);
  const [binaries, redisBinary] = await Promise.all([provideControlPlane(say), provideRedis(say)]);
  // Here rather than in the tests, whose time is limited.
  if (chosen.some(({ name }) => name === "e2e-oldest")) await provideControlPlane(say, OLDEST.env);
  const isPatient = chosen.some(({ name }) => name === "e2e-patient");
  if (isPatient || chosen.some(({ name }) => name === "integration")) await providePrometheus(say);
  const hasHelm = !isPatient || (await provideHelm(say)).length > 0;
  const hasTraceStore = !isPatient || (await provideJaeger(say)) !== undefined;
  const compose = isPatient ? await provideCompose(say) : undefined;
  if (isPatient) await provideContainers(compose, say);
  const redis = await startRedis({ ...redisBinary, dir: path.join(scratch, "redis") });
  const plane = await startControlPlane({ binaries, dir: path.join(scratch, "plane"), audit: true });
  say(`Kubernetes ${plane.version} (from ${binaries.source}) at ${plane.url}, Redis at ${redis.url}`);
  return {
    env: {
      KOREO_TEST_KUBECONFIG: plane.kubeconfig,
      KOREO_TEST_REDIS_URL: redis.url,
      KOREO_TEST_REDIS_SERVER: redisBinary.server,
      ...(plane.auditLog === undefined ? {} : { KOREO_TEST_AUDIT_LOG: plane.auditLog }),
      ...(hasHelm ? {} : { KOREO_TEST_HELM: "none" }),
      ...(hasTraceStore ? {} : { KOREO_TEST_JAEGER: "none" }),
      ...(isPatient && compose === undefined ? { KOREO_TEST_COMPOSE: "none" } : {}),
      ...redisBinary.env,
    },
    stop: async () => {
      await Promise.allSettled([plane.stop(), redis.stop()]);
    },
  };
}

async function run(task: Task, printsAtEnd: boolean): Promise<SuiteResult> {
  if (!printsAtEnd) console.log(`\n=== ${task.name} ===`);
  const output = path.join(scratch, `${task.name}.json`);
  const extra = task.kind === "vitest" ? ["--reporter=default", "--reporter=json", `--outputFile.json=${output}`] : [];
  const since = Date.now();
  const { code, output: said } = await execute(task, extra, printsAtEnd);
  if (printsAtEnd) console.log(`\n=== ${task.name} ===\n${said}`);
  const seconds = Math.round((Date.now() - since) / 1000);
  if (task.kind === "check") {
    const result = checkResult(task.name, code, seconds);
    if (result.failed > 0 && task.fix !== undefined) console.log(`Fix: ${task.fix}`);
    return result;
  }
  const counted = await countTests(output);
  // A runner that fails without a failed test (no test found, a crashed worker) must not look green.
  const failed = counted.failed === 0 && code !== 0 ? 1 : counted.failed;
  return { name: task.name, ...counted, failed, seconds };
}

/** @returns the exit code; and what was said, where it is to be printed later */
function execute(task: Task, more: readonly string[], isKept: boolean): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    let output = "";
    const child = spawn(process.execPath, [...task.command, ...more], {
      cwd: root,
      env: { ...process.env, ...env, ...task.env, CI: "true" },
      stdio: isKept ? ["ignore", "pipe", "pipe"] : "inherit",
      timeout: SUITE_DEADLINE_MS,
      killSignal: "SIGKILL",
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
    }
    const stop = () => child.kill("SIGTERM");
    stopped.signal.addEventListener("abort", stop);
    child.on("error", (error) => resolve({ code: 1, output: `${output}${error.message}\n` }));
    child.on("close", (code) => {
      stopped.signal.removeEventListener("abort", stop);
      resolve({ code: code ?? 1, output });
    });
  });
}

async function countTests(file: string): Promise<Omit<SuiteResult, "name" | "seconds">> {
  try {
    return countsOf(JSON.parse(await readFile(file, "utf8")) as TestReport, root);
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }; // no report: the runner did not get that far
  }
}

function report(): void {
  if (stopped.signal.aborted) console.log("\nStopped before the end.");
  console.log(`\n${summaryOf(results, servers).join("\n")}`);
  process.exitCode = results.every(({ failed }) => failed === 0) && !stopped.signal.aborted ? 0 : 1;
}
