/**
 * `npm run demo`: the main job end to end. Sets up what is missing, starts a cluster of two watchers and two workers,
 * installs the example platform, and shows its triggers becoming Ready, an edit arriving, and damage being repaired.
 */
import { parseArgs } from "node:util";
import { connectCluster } from "../../src/adapters/kubernetes/connect.ts";
import { loadKubeConfig } from "../../src/adapters/kubernetes/kube-config.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { formatTable } from "../../src/cli/table.ts";
import { abortOnSignals } from "../../src/processes/shared/signals.ts";
import { startStack, type Stack } from "../support/stack.ts";
import { DEFINITIONS, Platform } from "./platform.ts";
import { play, type Measurement } from "./scenario.ts";

const HELP = `Usage: npm run demo -- [options]

Starts a Koreo cluster with everything it needs and shows it at work; leaves nothing running.

Options:
  --kubeconfig FILE   use the cluster of this kubeconfig instead of starting one; what the demo created there is
                      removed at the end
  --context NAME      context of the kubeconfig (default: the current one)
  --keep              leave everything running and installed, say how to reach it; Ctrl-C ends it
  --help              print this

On the first run on a machine Redis is fetched and a Kubernetes API server is built (up to 15 minutes); see
KUBEBUILDER_ASSETS in docs/development.md for bringing your own.`;

const startedMs = performance.now();
const signal = abortOnSignals();

function say(line: string): void {
  console.log(`${((performance.now() - startedMs) / 1000).toFixed(2).padStart(7)} s  ${line}`);
}

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === "number") return options;
  const { kubeconfig, context, keep } = options;
  if (kubeconfig !== undefined) loadKubeConfig({ kubeconfig, context }); // says at once what is wrong with it
  const stack = await startStack({
    report: say,
    watchers: 2,
    workers: 2,
    kubeconfig,
    context,
    flags: ["--definition-namespaces", DEFINITIONS],
  });
  try {
    say(`running: ${stack.processes.map(({ name, pid }) => `${name} (pid ${pid})`).join(", ")}`);
    const measured = await Promise.race([show(stack, { context, keep }), stopped()]);
    if (measured === undefined) return 130;
    printTable(measured);
    if (keep) await untilStopped(stack, context);
    return 0;
  } finally {
    await stack.stop();
    if (!keep) say("everything is stopped");
  }
}

async function show(
  stack: Stack,
  { context, keep }: { readonly context: string | undefined; readonly keep: boolean },
): Promise<readonly Measurement[]> {
  const kubeConfig = loadKubeConfig({ kubeconfig: stack.kubeconfig, context });
  const cluster = connectCluster({ kubeConfig, clock: systemClock });
  const connection = { ...cluster, namespace: DEFINITIONS, signal };
  const platform = new Platform(connection);
  try {
    const installMs = performance.now();
    say(`installing ${await platform.installCrds()} CustomResourceDefinitions`);
    say(`applying examples/platform: ${await platform.installDefinitions()} objects`);
    const installed = { what: "installing CRDs and definitions", seconds: (performance.now() - installMs) / 1000 };
    const measured = [installed, ...(await play({ connection, platform, say }))];
    return [...measured, { what: "whole demo", seconds: (performance.now() - startedMs) / 1000 }];
  } finally {
    if (stack.plane === undefined && !keep) {
      say("removing what the demo created and stopping the processes");
      await platform.removeTriggers();
      await Promise.all(stack.processes.map((each) => each.stop()));
      await platform.remove();
    }
    await cluster.close();
  }
}

/** Resolves once the demo is asked to stop. */
function stopped(): Promise<undefined> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true }));
}

function printTable(measured: readonly Measurement[]): void {
  const rows = measured.map(({ what, seconds }) => [seconds.toFixed(2), what]);
  console.log(`\n${formatTable(["SECONDS", "WHAT"], rows)}\n`);
}

async function untilStopped(stack: Stack, context: string | undefined): Promise<void> {
  const flags = context === undefined ? "" : ` --context ${context}`;
  console.log(`Everything is running. In another terminal:
  export KUBECONFIG=${stack.kubeconfig} KOREO_REDIS_URL=${stack.redis.url}
  npm run -s koreo -- get webapps -n web${flags}
  npm run -s koreo -- get webapp shop -n web${flags}
  kubectl edit webapp shop -n web${flags}          # if you have kubectl
Logs: ${stack.dir}/logs. Press Ctrl-C to end it all.`);
  if (!signal.aborted) await stopped();
}

/** @returns the options, or the exit code when there is nothing to run */
function readOptions(): { kubeconfig: string | undefined; context: string | undefined; keep: boolean } | number {
  try {
    const { values } = parseArgs({
      options: {
        kubeconfig: { type: "string" },
        context: { type: "string" },
        keep: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      return 0;
    }
    return { kubeconfig: values.kubeconfig, context: values.context, keep: values.keep };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 2;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
