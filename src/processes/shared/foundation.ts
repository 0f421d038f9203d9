/**
 * What every process stands on: log, tracing, the cluster's API, the shared state and the compiled definitions. Opened
 * once by the composition root of a role; closed last.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { connectCluster, type ClusterAccess } from "../../adapters/kubernetes/connect.ts";
import { describeConnection, loadKubeConfig } from "../../adapters/kubernetes/kube-config.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import { createLogger } from "../../adapters/telemetry/logger.ts";
import { createRegistry, type MetricsRegistry } from "../../adapters/telemetry/metrics/exposition.ts";
import { countedQueue, queueMetrics } from "../../adapters/telemetry/metrics/queue-metrics.ts";
import { requestMetrics } from "../../adapters/telemetry/metrics/request-metrics.ts";
import { timedState } from "../../adapters/telemetry/metrics/state-metrics.ts";
import { definitionMetrics } from "../../adapters/telemetry/metrics/watch-metrics.ts";
import { RunRecorder } from "../../adapters/telemetry/run-recorder.ts";
import { tracedState } from "../../adapters/telemetry/traced-state.ts";
import { startTracing } from "../../adapters/telemetry/tracing.ts";
import { DefinitionCache } from "../../engine/definitions.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import type { Logger } from "../../engine/ports/logger.ts";
import type { ClusterConfig } from "./config.ts";
import { readSpecChecks } from "./crds.ts";
import { startHealth, type HealthChecks } from "./health.ts";
import { redisTarget } from "./redis-target.ts";
import { openMemoryState, openRedisState, type SharedState } from "./shared-state.ts";

export type Role = "watcher" | "worker" | "api" | "dev";

export interface Foundation {
  /** Of this process and start, unique. */
  readonly id: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly cluster: ClusterAccess;
  readonly state: SharedState;
  readonly definitions: DefinitionCache;
  readonly metrics: MetricsRegistry;
  /** Where definitions are read, in priority order. */
  readonly definitionNamespaces: readonly string[];
  /** What `/readyz` asks from now on, where a port is configured. */
  judgeBy(checks: HealthChecks): void;
  close(): Promise<void>;
}

/**
 * @returns undefined when the signal was aborted before everything was open
 * @throws Error for a configuration that cannot work, naming what is wrong
 */
export async function openFoundation(
  role: Role,
  config: ClusterConfig,
  signal: AbortSignal,
): Promise<Foundation | undefined> {
  const clock = systemClock;
  const id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const recorder = (role === "worker" || role === "dev") && config.runRecords > 0 ? new RunRecorder(id) : undefined;
  const tracing = startTracing(role, process.env, { recorder });
  const log = createLogger({ level: config.logLevel, fields: { role, id } });

  const kubeConfig = loadKubeConfig({ kubeconfig: config.kubeconfig, context: config.context });
  const contextNamespace = kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace ?? "default";
  const namespaces = config.definitionNamespaces ?? [contextNamespace];
  log.info(
    {
      cluster: describeConnection(kubeConfig),
      triggers: config.triggerNamespaces,
      definitions: namespaces,
      tracing: tracing.enabled,
    },
    "starting",
  );

  const { name, runRecords } = config;
  const target = redisTarget(config);
  const metrics = createRegistry();
  const onRequest = requestMetrics(metrics, new URL(kubeConfig.getCurrentCluster()?.server ?? "http://none").host);
  const cluster = connectCluster({ kubeConfig, clock, onRequest });
  const checks = readSpecChecks();
  // Opened before Redis, which may take long: a process that waits is alive, only not ready.
  const atFirst = { start: () => "waiting for Redis" };
  const health = config.health === undefined ? undefined : await startHealth(config.health, atFirst, metrics);
  if (health !== undefined)
    log.info({ bind: config.health?.bind ?? "all interfaces", port: health.port }, "health endpoint is up");
  const opening =
    target === undefined
      ? Promise.resolve(openMemoryState({ runRecords }, { clock, log }))
      : openRedisState({ target, name, runRecords }, { clock, log }, signal);
  // A process that cannot work must exit; an open health port would keep it alive.
  const opened = await opening.catch(async (error: unknown) => {
    await health?.close();
    throw error;
  });
  if (opened === undefined) {
    await health?.close();
    return undefined;
  }
  recorder?.sendTo(opened.runs, log);

  const { queue, index, lock, ledger, registry, membership } = opened;
  const parts = timedState(metrics, { queue, index, lock, ledger, registry, membership }, () => opened.trouble());
  const measured = { ...opened, ...parts, queue: countedQueue(metrics, parts.queue, name) };
  const isTraced = tracing.enabled || recorder !== undefined;
  const state = isTraced
    ? { ...measured, ...tracedState(measured, target === undefined ? undefined : "redis") }
    : measured;
  queueMetrics(metrics, state.queue, name);
  const definitions = new DefinitionCache(
    { informers: cluster.informers, store: cluster.store, registry: state.registry, clock, log },
    { namespaces, checks },
  );
  definitionMetrics(metrics, () => definitions.catalog());
  return {
    id,
    clock,
    log,
    cluster,
    state,
    definitions,
    metrics,
    definitionNamespaces: namespaces,
    judgeBy: (wanted) => health?.judgeBy(wanted),
    close: async () => {
      await health?.close().catch(() => undefined);
      await state.close();
      await cluster.close();
      await tracing.shutdown().catch(() => undefined);
    },
  };
}

/** Why the definitions are not (all) known, or undefined. */
export function definitionsTrouble(definitions: DefinitionCache): string | undefined {
  if (!definitions.isReady) return "not listed yet";
  const faults = definitions.faults();
  return faults.length === 0 ? undefined : faults.join("; ");
}
