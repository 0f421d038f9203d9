/**
 * The scenario `converge`: some triggers, each a config step, two ConfigMaps by forEach, one ConfigMap, then a Deployment
 * that needs what the ConfigMap returns, are created at once on a running cluster. Measured from the first create until all
 * are Ready, beside the rate at which the same API server takes plain creates in the same minute.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { connectCluster, type ClusterAccess } from "../src/adapters/kubernetes/connect.ts";
import { loadKubeConfig } from "../src/adapters/kubernetes/kube-config.ts";
import { systemClock } from "../src/adapters/system/clock.ts";
import { readAuditLog } from "../test/control-plane/start.ts";
import { isTriggerReady } from "../test/support/object-board.ts";
import { startStack, type Stack } from "../test/support/stack.ts";
import { createRate } from "./api-server-rate.ts";
import { costOf, type TriggerCost } from "./audit.ts";
import { createTriggers, installPlatform, NAMESPACE, openBoard, READY_WITHIN_MS } from "./platform.ts";

export interface ConvergeOptions {
  readonly watchers: number;
  readonly workers: number;
  readonly triggers: number;
  readonly report: (line: string) => void;
}

export interface ConvergeResult {
  readonly triggers: number;
  readonly watchers: number;
  readonly workers: number;
  readonly firstReadySeconds: number;
  readonly allReadySeconds: number;
  /** Creates and writes of Koreo and the triggers' own creates, until all are Ready. */
  readonly writesPerSecond: number;
  /** The reference: creates per second that the same server takes, with the same client, in the same minute. */
  readonly apiServerCreatesPerSecond: number;
  /** `writesPerSecond` by the reference. */
  readonly ratio: number;
  /** The worst of all triggers. */
  readonly perTrigger: Omit<TriggerCost, "name">;
  /** Runs per trigger in the quiet seconds after everything had settled: 0 when nothing is woken for nothing. */
  readonly runsWhileSettled: number;
}

/** No request about a trigger for this long: settled. */
const QUIET_MS = 3000;
const SETTLED_WITHIN_MS = 60_000;
const REFERENCE = { creates: 400, concurrency: 32 };

export async function converge(options: ConvergeOptions): Promise<ConvergeResult> {
  const { watchers, workers, report } = options;
  const flags = ["--definition-namespaces", NAMESPACE];
  const stack = await startStack({ report, watchers, workers, flags, audit: true });
  const cluster = connectCluster({
    kubeConfig: loadKubeConfig({ kubeconfig: stack.kubeconfig, context: undefined }),
    clock: systemClock,
  });
  try {
    return await measure(stack, cluster, options);
  } finally {
    await cluster.close();
    await stack.stop();
  }
}

async function measure(stack: Stack, cluster: ClusterAccess, options: ConvergeOptions): Promise<ConvergeResult> {
  const { triggers, watchers, workers, report } = options;

  // 1. The platform, and a board that sees every change of a trigger.
  const type = await installPlatform(cluster, [NAMESPACE, "reference"]);
  const board = await openBoard(cluster, type);

  // 2. All triggers at once, until the last is Ready.
  const names = Array.from({ length: triggers }, (_, index) => `bench-app-${String(index).padStart(2, "0")}`);
  report(`creating ${triggers} triggers`);
  const startedMs = board.elapsedMs();
  const creating = createTriggers(cluster, type, names);
  const ready = await Promise.all(
    names.map(async (name) => {
      const is = () => isTriggerReady(board.get(name));
      return { atMs: await board.until(`${name} becoming Ready`, READY_WITHIN_MS, is), wallMs: Date.now(), name };
    }),
  );
  await creating;
  const seconds = ready.map(({ atMs }) => (atMs - startedMs) / 1000);
  const allReadySeconds = Math.max(...seconds);
  report(`all Ready after ${allReadySeconds.toFixed(2)} s`);

  // 3. Until nothing is asked any more; then the reference on the same server.
  const log = stack.plane?.auditLog ?? "";
  await settled(log, type.plural);
  const costs = await costsOf(log, type.plural, ready);
  report("measuring the API server's own create rate");
  const reference = await createRate(cluster, "reference", REFERENCE.creates, REFERENCE.concurrency);
  const afterwards = await costsOf(log, type.plural, ready);
  board.close();

  const worst = (pick: (cost: TriggerCost) => number) => Math.max(...costs.map(pick));
  const written = costs.reduce((sum, { creates, writes }) => sum + creates + writes + 1, 0);
  return {
    triggers,
    watchers,
    workers,
    firstReadySeconds: Math.min(...seconds),
    allReadySeconds,
    writesPerSecond: written / allReadySeconds,
    apiServerCreatesPerSecond: reference,
    ratio: written / allReadySeconds / reference,
    perTrigger: {
      runsToReady: worst(({ runsToReady }) => runsToReady),
      runs: worst(({ runs }) => runs),
      creates: worst(({ creates }) => creates),
      writes: worst(({ writes }) => writes),
      requests: worst(({ requests }) => requests),
    },
    runsWhileSettled: Math.max(...afterwards.map(({ runs }, index) => runs - (costs[index]?.runs ?? 0))),
  };
}

async function entriesOf(log: string) {
  const entries = await readAuditLog(log);
  return entries.filter(
    ({ objectRef, userAgent }) => objectRef?.namespace === NAMESPACE && userAgent?.startsWith("koreo-cluster") === true,
  );
}

async function costsOf(
  log: string,
  plural: string,
  ready: readonly { readonly name: string; readonly wallMs: number }[],
): Promise<readonly TriggerCost[]> {
  const entries = await entriesOf(log);
  // The triggers' own creates are ours, not Koreo's.
  const theirs = entries.filter(({ verb, objectRef }) => verb !== "create" || objectRef?.resource !== plural);
  return ready.map(({ name, wallMs }) => costOf(theirs, plural, { name, readyAtMs: wallMs }));
}

async function settled(log: string, plural: string): Promise<void> {
  const endMs = Date.now() + SETTLED_WITHIN_MS;
  while (Date.now() < endMs) {
    const looks = (await entriesOf(log)).filter(
      ({ objectRef, verb }) => objectRef?.resource === plural && verb === "get",
    );
    const lastMs = Math.max(0, ...looks.map(({ stageTimestamp }) => Date.parse(stageTimestamp)));
    if (Date.now() - lastMs > QUIET_MS) return;
    await sleep(200);
  }
  throw new Error(`triggers are still being looked at ${SETTLED_WITHIN_MS / 1000} s after they became Ready`);
}
