/**
 * What every process stands on: log, tracing, the cluster's API, the shared state and the compiled definitions. Opened
 * once by the composition root of a role; closed last.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { connectCluster, type ClusterAccess } from "../../adapters/kubernetes/connect.ts";
import { describeConnection, loadKubeConfig } from "../../adapters/kubernetes/kube-config.ts";
import type { RedisTarget } from "../../adapters/redis/target.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import { createLogger } from "../../adapters/telemetry/logger.ts";
import { createRegistry, type MetricsRegistry } from "../../adapters/telemetry/metrics/exposition.ts";
import { countedQueue, queueMetrics } from "../../adapters/telemetry/metrics/queue-metrics.ts";
import { readinessMetric } from "../../adapters/telemetry/metrics/readiness-metric.ts";
import { requestMetrics } from "../../adapters/telemetry/metrics/request-metrics.ts";
import { timedState } from "../../adapters/telemetry/metrics/state-metrics.ts";
import { definitionMetrics, streamMetrics } from "../../adapters/telemetry/metrics/watch-metrics.ts";
import { RunRecorder } from "../../adapters/telemetry/run-recorder.ts";
import { tracedState } from "../../adapters/telemetry/traced-state.ts";
import { startTracing, type Tracing } from "../../adapters/telemetry/tracing.ts";
import { DefinitionCache } from "../../engine/definitions.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import type { Logger } from "../../engine/ports/logger.ts";
import type { ClusterConfig } from "./config.ts";
import { readSpecChecks } from "./crds.ts";
import { startHealth, type HealthChecks, type HealthEndpoint } from "./health.ts";
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
  const telemetry = openTelemetry(role, config);
  const { id, log, metrics, recorder, tracing } = telemetry;
  const { cluster, namespaces } = openCluster(config, clock, telemetry);
  const target = redisTarget(config);
  const checks = readSpecChecks();
  // Opened before Redis, which may take long: a process that waits is alive, only not ready.
  const health = await openHealth(config, metrics, log);
  const opened = await orClosed(openState(config, target, { clock, log }, signal), health);
  if (opened === undefined) return undefined;
  recorder?.sendTo(opened.runs, log);

  const state = observedState(opened, target, telemetry, config);
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

/** Who this process is, and how it tells what it does. */
interface Telemetry extends Pick<Foundation, "id" | "log" | "metrics"> {
  readonly tracing: Tracing;
  /** Of runs; absent where there are none, or none are to be remembered. */
  readonly recorder: RunRecorder | undefined;
}

function openTelemetry(role: Role, config: ClusterConfig): Telemetry {
  const id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const recorder = (role === "worker" || role === "dev") && config.runRecords > 0 ? new RunRecorder(id) : undefined;
  const tracing = startTracing(role, process.env, { recorder });
  const log = createLogger({ level: config.logLevel, fields: { role, id } });
  return { id, log, metrics: createRegistry(), tracing, recorder };
}

/**
 * @returns the cluster, and the namespaces with definitions
 * @throws Error for a kubeconfig that cannot be used
 */
function openCluster(config: ClusterConfig, clock: Clock, { log, metrics, tracing }: Telemetry) {
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
  const onRequest = requestMetrics(metrics, new URL(kubeConfig.getCurrentCluster()?.server ?? "http://none").host);
  return { cluster: connectCluster({ kubeConfig, clock, onRequest, onStream: streamMetrics(metrics) }), namespaces };
}

/** @returns undefined where no port is configured */
async function openHealth(
  { name, health: place }: ClusterConfig,
  metrics: MetricsRegistry,
  log: Logger,
): Promise<HealthEndpoint | undefined> {
  if (place === undefined) return undefined;
  const health = await startHealth(place, { start: () => "waiting for Redis" }, metrics);
  readinessMetric(metrics, name, () => health.isReady()); // before Redis: the alert on a process that waits for it
  log.info({ bind: place.bind ?? "all interfaces", port: health.port }, "health endpoint is up");
  return health;
}

async function openState(
  { name, runRecords }: ClusterConfig,
  target: RedisTarget | undefined,
  tools: Pick<Foundation, "clock" | "log">,
  signal: AbortSignal,
): Promise<SharedState | undefined> {
  if (target === undefined) return openMemoryState({ runRecords }, tools);
  return openRedisState({ target, name, runRecords }, tools, signal);
}

/** A process that cannot work must exit; an open health port would keep it alive. */
async function orClosed(
  opening: Promise<SharedState | undefined>,
  health: HealthEndpoint | undefined,
): Promise<SharedState | undefined> {
  let opened: SharedState | undefined;
  try {
    opened = await opening;
  } finally {
    if (opened === undefined) await health?.close();
  }
  return opened;
}

/** The same state, whose answers are measured, and traced where somebody keeps the traces. */
function observedState(
  opened: SharedState,
  target: RedisTarget | undefined,
  { metrics, tracing, recorder }: Telemetry,
  { name }: ClusterConfig,
): SharedState {
  const { queue, index, lock, ledger, registry, membership } = opened;
  const parts = timedState(metrics, { queue, index, lock, ledger, registry, membership }, () => opened.trouble());
  const measured = { ...opened, ...parts, queue: countedQueue(metrics, parts.queue, name) };
  const isTraced = tracing.enabled || recorder !== undefined;
  const state = isTraced
    ? { ...measured, ...tracedState(measured, target === undefined ? undefined : "redis") }
    : measured;
  queueMetrics(metrics, state.queue, name);
  return state;
}

/** Why the definitions are not (all) known, or undefined. */
export function definitionsTrouble(definitions: DefinitionCache): string | undefined {
  if (!definitions.isReady) return "not listed yet";
  const faults = definitions.faults();
  return faults.length === 0 ? undefined : faults.join("; ");
}
