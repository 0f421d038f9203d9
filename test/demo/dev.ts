/**
 * `npm run dev`: the whole stack in the foreground for working on Koreo Cluster itself: control plane, Redis, one watcher, one
 * worker, the example platform. Saving a source file restarts the processes; saving an example applies it again.
 */
import { watch } from "node:fs";
import path from "node:path";
import { connectCluster } from "../../src/adapters/kubernetes/connect.ts";
import { loadKubeConfig } from "../../src/adapters/kubernetes/kube-config.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import type { Connection } from "../../src/cli/connection.ts";
import { abortOnSignals } from "../../src/processes/shared/signals.ts";
import { PLATFORM_FILES } from "../support/manifest-files.ts";
import { ROOT, startStack, type Stack, type StackProcess } from "../support/stack.ts";
import { followLog } from "./follow-log.ts";
import { DEFINITIONS, Platform } from "./platform.ts";

/** Editors write a file in several steps: what comes this soon is one save. */
const SETTLE_MS = 300;

const startedMs = performance.now();
const signal = abortOnSignals();

function say(line: string): void {
  console.log(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(7)} s  ${line}`);
}

try {
  await main();
} catch (error) {
  console.error(`dev failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const flags = ["--definition-namespaces", DEFINITIONS];
  const stack = await startStack({ report: say, watchers: 1, workers: 1, flags });
  const cluster = connectCluster({
    kubeConfig: loadKubeConfig({ kubeconfig: stack.kubeconfig, context: undefined }),
    clock: systemClock,
  });
  const connection: Connection = { ...cluster, namespace: DEFINITIONS, signal };
  try {
    await applyAll(connection);
    for (const { name, logFile } of stack.processes) void followLog(name, logFile, signal);
    introduce(stack);
    await Promise.all([
      onSave("src", () => restart(stack.processes)),
      onSave("charts/koreo/files/crds", () => applyAll(connection)),
      onSave(PLATFORM_FILES, () => applyAll(connection)),
    ]);
  } finally {
    await cluster.close();
    await stack.stop();
    say("everything is stopped");
  }
}

function introduce({ kubeconfig, redis }: Stack): void {
  console.log(`
Running, with the example platform (WebApps in the namespace web). In another terminal:
  export KUBECONFIG=${kubeconfig} KOREO_REDIS_URL=${redis.url}
  npm run -s koreo -- get webapps -n web
Save a file under src/ to restart the processes, one under ${PLATFORM_FILES}/ to apply it. Ctrl-C ends it all.
`);
}

async function applyAll(connection: Connection): Promise<void> {
  const platform = new Platform(connection);
  const objects = (await platform.installCrds()) + (await platform.installDefinitions());
  const triggers = await platform.createTriggers();
  say(`applied ${objects + triggers.length} objects`);
}

async function restart(processes: readonly StackProcess[]): Promise<void> {
  say("a source file was saved: restarting");
  for (const each of processes) {
    await each.stop();
    await each.start();
  }
  say("restarted");
}

/** Calls `act` after each save below a folder, one call at a time, until the signal is aborted. */
async function onSave(folder: string, act: () => Promise<void>): Promise<void> {
  let changed = Promise.withResolvers<void>();
  const watcher = watch(path.join(ROOT, folder), { recursive: true }, () => changed.resolve());
  const isStopped = () => signal.aborted;
  const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  while (!isStopped()) {
    await Promise.race([changed.promise, stopped]);
    await systemClock.sleep(SETTLE_MS, signal);
    changed = Promise.withResolvers<void>();
    if (!isStopped()) await act().catch((error: unknown) => say(`that did not work: ${String(error)}`));
  }
  watcher.close();
}
