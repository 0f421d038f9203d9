/**
 * `npm run bench:tracing`: what tracing costs. Batches of triggers converge on a real cluster, in turn with tracing off, with
 * the records of runs alone, at 10 % and at 100 % with export over OTLP, in one warm process; compared is that process' CPU time per trigger within each round.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { loadavg } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { connectCluster, type ClusterAccess } from "../src/adapters/kubernetes/connect.ts";
import { loadKubeConfig } from "../src/adapters/kubernetes/kube-config.ts";
import { systemClock } from "../src/adapters/system/clock.ts";
import { formatTable } from "../src/cli/table.ts";
import type { ResourceType } from "../src/engine/ports/object-store.ts";
import { isTriggerReady, type ObjectBoard } from "../test/support/object-board.ts";
import { startStack, type Stack } from "../test/support/stack.ts";
import { writeResults } from "./results.ts";
import { createTriggers, installPlatform, NAMESPACE, openBoard, READY_WITHIN_MS } from "./platform.ts";
import { figuresOf, type Batch } from "./tracing/figures.ts";
import { MODES, type Command, type Mode, type Reply } from "./tracing/messages.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    triggers: { type: "string", default: "20" },
    output: { type: "string" },
  },
});
/** Rounds that warm the process up and are not counted. */
const WARM_ROUNDS = 3;
/** Between batches: what follows from one must not be counted in the next. */
const QUIET_MS = 700;
const REPLY_WITHIN_MS = 60_000;

let exportedBytes = 0;
const sink = createServer((request, response) => {
  request.on("data", (chunk: Buffer) => (exportedBytes += chunk.length));
  request.on("end", () => response.writeHead(200, { "content-type": "application/json" }).end("{}"));
});
sink.listen(0, "127.0.0.1");
await once(sink, "listening");

const report = (line: string) => console.log(`  ${line}`);
const stack = await startStack({ report, watchers: 0, workers: 0 });
const kubeConfig = loadKubeConfig({ kubeconfig: stack.kubeconfig, context: undefined });
const cluster = connectCluster({ kubeConfig, clock: systemClock });
const child = startProcess(stack, `http://127.0.0.1:${(sink.address() as AddressInfo).port}`);
try {
  await measure(child, cluster);
} finally {
  child.kill();
  await cluster.close();
  await stack.stop();
  sink.closeAllConnections();
  sink.close();
}

async function measure(measured: ChildProcess, access: ClusterAccess): Promise<void> {
  const type = await installPlatform(access);
  const board = await openBoard(access, type);
  const rounds: (readonly Batch[])[] = [];
  for (let round = 0; round < WARM_ROUNDS + Number(values.rounds); round += 1) {
    const batches: Batch[] = [];
    for (const turn of MODES.keys()) {
      const mode = MODES[(round + turn) % MODES.length] ?? "off";
      batches.push(await batch(measured, access, { type, board, mode, name: `round-${round}-${turn}` }));
    }
    if (round >= WARM_ROUNDS) rounds.push(batches);
    report(batches.map(({ mode, cpuMsPerTrigger }) => `${mode}: ${cpuMsPerTrigger.toFixed(1)} ms`).join("  "));
  }
  board.close();
  await print(rounds);
}

async function batch(
  measured: ChildProcess,
  access: ClusterAccess,
  {
    type,
    board,
    mode,
    name,
  }: { readonly type: ResourceType; readonly board: ObjectBoard; readonly mode: Mode; readonly name: string },
): Promise<Batch> {
  await ask(measured, { kind: "begin", mode });
  const count = Number(values.triggers);
  const names = Array.from({ length: count }, (_, index) => `${name}-${index}`);
  const [sinceMs, sinceBytes] = [board.elapsedMs(), exportedBytes];
  await createTriggers(access, type, names);
  const ready = () => names.every((each) => isTriggerReady(board.get(each)));
  const atMs = await board.until(`${name} becoming Ready`, READY_WITHIN_MS, ready);
  await sleep(QUIET_MS);
  const ended = await ask(measured, { kind: "end" });
  if (ended.kind !== "ended") throw new Error(`${ended.kind} instead of the end`);
  return {
    mode,
    cpuMsPerTrigger: ended.cpuMs / count,
    allReadySeconds: (atMs - sinceMs) / 1000,
    exportedBytes: exportedBytes - sinceBytes,
  };
}

function startProcess({ kubeconfig, redis }: Stack, endpoint: string): ChildProcess {
  const file = path.join(import.meta.dirname, "tracing/process.ts");
  return fork(file, [kubeconfig, redis.url, NAMESPACE], {
    env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
  });
}

async function ask(measured: ChildProcess, command: Command): Promise<Reply> {
  const replied = once(measured, "message", { signal: AbortSignal.timeout(REPLY_WITHIN_MS) });
  measured.send(command);
  const [reply] = (await replied) as [Reply];
  return reply.kind === "ready" ? ((await once(measured, "message")) as [Reply])[0] : reply;
}

async function print(rounds: readonly (readonly Batch[])[]): Promise<void> {
  const triggers = Number(values.triggers);
  const figures = MODES.map((mode) => figuresOf(rounds, mode));
  const rows = figures.map(({ mode, cpuMsPerTrigger, cpuRatio, lowestCpuRatio, allReadySeconds, exportedBytes }) => [
    mode,
    cpuMsPerTrigger.toFixed(2),
    `${cpuRatio.median.toFixed(2)} (${cpuRatio.lowerQuartile.toFixed(2)} to ${cpuRatio.upperQuartile.toFixed(2)})`,
    lowestCpuRatio.toFixed(2),
    allReadySeconds.toFixed(2),
    (exportedBytes / 1024 / triggers).toFixed(1),
  ]);
  const heads = ["TRACED", "CPU MS/TRIGGER", "BY OFF (QUARTILES)", "LOWEST BY LOWEST", "ALL READY, S", "KIB/TRIGGER"];
  console.log(`\n${formatTable(heads, rows)}`);
  if (values.output === undefined) return;
  // Above the number of cores others worked on the machine, too.
  const settings = { rounds: rounds.length, triggersPerBatch: triggers, loadAverage: loadavg() };
  await writeResults(values.output, "tracing", { settings, figures, rounds });
}
