/**
 * `npm run bench:watch`: how many triggers of one kind a single watcher carries. Many are there when it starts, then many are
 * edited; no worker runs, so what is measured is the watcher alone. Beside it, in the same run: the same list with the same
 * client and nothing done with it, and how fast the API server takes the edits.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { connectCluster, type ClusterAccess } from "../src/adapters/kubernetes/connect.ts";
import { loadKubeConfig } from "../src/adapters/kubernetes/kube-config.ts";
import { redisKeys } from "../src/adapters/redis/keys.ts";
import { systemClock } from "../src/adapters/system/clock.ts";
import type { JsonObject } from "../src/core/json.ts";
import type { ResourceType } from "../src/engine/ports/object-store.ts";
import { waitFor } from "../test/control-plane/child.ts";
import { startStack, type Stack } from "../test/support/stack.ts";
import { inParallel } from "./in-parallel.ts";
import { printFigures, writeResults } from "./results.ts";
import { installPlatform, NAMESPACE } from "./platform.ts";
import { costOfProcess } from "./process-cost.ts";

const { values } = parseArgs({
  options: {
    triggers: { type: "string", default: "20000" },
    edits: { type: "string", default: "5000" },
    kib: { type: "string", default: "4" },
    repeat: { type: "string", default: "3" },
    output: { type: "string" },
  },
});

/** What Node takes of the chart's limit for a Pod, 512Mi. */
const HEAP_MIB = 256;
/** The load is as much as the API server takes; what a worker would allow itself does not matter here. */
const UNBOUNDED = { qps: 100_000, burst: 100_000, maxInFlight: 1000 };
/** Requests in flight while triggers are created and edited. */
const IN_FLIGHT = 32;
const PAGE = 500;
const WITHIN_MS = 300_000;
/** The watcher has nothing to do for this long before its next figure is taken. */
const QUIET_MS = 3000;

interface WatchResult {
  readonly triggers: number;
  readonly kibPerTrigger: number;
  /** The same list, read and parsed in pages by the same client. */
  readonly plainList: { readonly seconds: number; readonly cpuSeconds: number };
  /** From the start of the process until every key is on the queue. */
  readonly takeOver: { readonly seconds: number; readonly cpuSeconds: number; readonly peakMiB: number };
  readonly settledMiB: number;
  readonly edits: number;
  /** What the API server took of them a second; the watcher ran beside it. */
  readonly editsPerSecond: number;
  /** From the end of the last edit until the last key was on the queue. */
  readonly lagMs: number;
  readonly cpuMsPerEdit: number;
  /** Edits that one core could follow, by `editsPerSecond`. */
  readonly headroom: number;
}

const results: WatchResult[] = [];
for (let run = 1; run <= Number(values.repeat); run += 1) {
  console.log(`run ${run} of ${values.repeat}`);
  results.push(await onFreshCluster());
}
print();
if (values.output !== undefined) await writeResults(values.output, "watch", { results });

async function onFreshCluster(): Promise<WatchResult> {
  const flags = ["--definition-namespaces", NAMESPACE];
  const report = (line: string) => console.log(`  ${line}`);
  const env = { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` };
  const stack = await startStack({ report, watchers: 1, workers: 1, flags, env });
  const kubeConfig = loadKubeConfig({ kubeconfig: stack.kubeconfig, context: undefined });
  const cluster = connectCluster({ kubeConfig, clock: systemClock, budget: UNBOUNDED });
  const redis = new Redis(stack.redis.url);
  try {
    return await measure(stack, cluster, redis, report);
  } finally {
    redis.disconnect();
    await cluster.close();
    await stack.stop();
  }
}

async function measure(
  stack: Stack,
  cluster: ClusterAccess,
  redis: Redis,
  report: (line: string) => void,
): Promise<WatchResult> {
  const [watcher, worker] = stack.processes;
  if (watcher === undefined || worker === undefined) throw new Error("the stack lacks a process");
  const keys = redisKeys("koreo");
  const [triggers, edits] = [Number(values.triggers), Number(values.edits)];

  // 1. The Workflow is known, and the triggers are there before anybody watches them.
  const type = await installPlatform(cluster);
  await worker.stop();
  await watcher.stop();
  report(`creating ${triggers} triggers`);
  await inParallel(triggers, IN_FLIGHT, (index) => create(cluster, type, `app-${index}`));
  const plainList = await list(cluster, type);

  // 2. A watcher starts.
  const startedMs = performance.now();
  await watcher.start();
  const waiting = async () => (await redis.hlen(keys.queue[0] ?? "")) >= triggers;
  await waitFor("every key being on the queue", WITHIN_MS, waiting);
  const seconds = (performance.now() - startedMs) / 1000;
  const begun = costOfProcess(watcher.pid);
  report(`every key is on the queue after ${seconds.toFixed(1)} s`);
  await sleep(QUIET_MS);

  // 3. Some are edited.
  const settled = costOfProcess(watcher.pid);
  const seen = async () => Number((await redis.hget(keys.wakeUpCounters, "modified")) ?? 0);
  const seenBefore = await seen();
  const editedMs = performance.now();
  await inParallel(edits, IN_FLIGHT, (index) => edit(cluster, type, `app-${index}`));
  const editSeconds = (performance.now() - editedMs) / 1000;
  const lastMs = performance.now();
  await waitFor("every edit being on the queue", WITHIN_MS, async () => (await seen()) - seenBefore >= edits);
  const lagMs = performance.now() - lastMs;
  await sleep(QUIET_MS);
  const cpuMsPerEdit = (costOfProcess(watcher.pid).cpuMs - settled.cpuMs) / edits;
  const editsPerSecond = edits / editSeconds;
  return {
    triggers,
    kibPerTrigger: Number(values.kib),
    plainList,
    takeOver: { seconds, cpuSeconds: begun.cpuMs / 1000, peakMiB: begun.peakMiB },
    settledMiB: settled.residentMiB,
    edits,
    editsPerSecond,
    lagMs,
    cpuMsPerEdit,
    headroom: 1000 / cpuMsPerEdit / editsPerSecond,
  };
}

async function list({ store }: ClusterAccess, type: ResourceType): Promise<WatchResult["plainList"]> {
  const [startedMs, cpu] = [performance.now(), process.cpuUsage()];
  let continueToken: string | undefined;
  do {
    const options = { limit: PAGE, ...(continueToken !== undefined && { continueToken }) };
    const page = await store.list(type, options, new AbortController().signal);
    if (page.kind === "fault") throw new Error(page.fault.detail);
    ({ continueToken } = page.value);
  } while (continueToken !== undefined);
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - startedMs) / 1000, cpuSeconds: (user + system) / 1e6 };
}

async function create({ store }: ClusterAccess, type: ResourceType, name: string): Promise<void> {
  // Something that is read and hashed, and that no Workflow minds.
  const environments = Array.from({ length: Number(values.kib) * 16 }, (_, index) => `environment-${index}`.padEnd(61));
  const metadata = { name, namespace: NAMESPACE };
  const body: JsonObject = {
    apiVersion: "loadtest.koreo.dev/v1",
    kind: "BenchApp",
    metadata,
    spec: { image: "pause:3.10", environments },
  };
  const answer = await store.create({ type, namespace: NAMESPACE, name }, body, new AbortController().signal);
  if (answer.kind === "fault") throw new Error(answer.fault.detail);
}

async function edit({ store }: ClusterAccess, type: ResourceType, name: string): Promise<void> {
  const ref = { type, namespace: NAMESPACE, name };
  const answer = await store.patch(ref, { spec: { image: "pause:3.11" } }, new AbortController().signal);
  if (answer.kind === "fault") throw new Error(answer.fault.detail);
}

function print(): void {
  printFigures(results, [
    ["triggers", ({ triggers, kibPerTrigger }) => `${triggers} of ${kibPerTrigger} KiB`],
    ["list alone, s (CPU)", ({ plainList: { seconds, cpuSeconds } }) => figures(seconds, cpuSeconds)],
    ["start to last key, s (CPU)", ({ takeOver: { seconds, cpuSeconds } }) => figures(seconds, cpuSeconds)],
    [
      "memory, peak and then, MiB",
      ({ takeOver, settledMiB }) => `${takeOver.peakMiB.toFixed(0)}, ${settledMiB.toFixed(0)}`,
    ],
    ["edits/s of the API server", ({ editsPerSecond }) => editsPerSecond.toFixed(0)],
    ["last edit to last key, ms", ({ lagMs }) => lagMs.toFixed(0)],
    ["CPU ms per edit", ({ cpuMsPerEdit }) => cpuMsPerEdit.toFixed(2)],
    ["what one core follows, by edits/s", ({ headroom }) => headroom.toFixed(1)],
  ]);
}

function figures(seconds: number, cpuSeconds: number): string {
  return `${seconds.toFixed(1)} (${cpuSeconds.toFixed(1)})`;
}
