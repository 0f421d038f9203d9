/** The worker process: takes keys and reconciles them, with the configured concurrency. */
import { KubernetesEventRecorder } from "../../adapters/kubernetes/event-recorder.ts";
import { expressionMetrics } from "../../adapters/telemetry/metrics/expression-metrics.ts";
import { RunMetrics } from "../../adapters/telemetry/metrics/run-metrics.ts";
import { Reconciler } from "../../engine/reconcile.ts";
import { DEFAULT_LIMITS } from "../../engine/run-context.ts";
import type { ClusterConfig } from "../shared/config.ts";
import { ConfigError } from "../shared/settings.ts";
import { definitionsTrouble, openFoundation, type Foundation } from "../shared/foundation.ts";

/** How long the last Events may take after all runs have ended. */
const LAST_EVENTS_MS = 2000;

/** Runs until the signal is aborted; then finishes its runs or hands them back, and returns. */
export async function runWorker(config: ClusterConfig, signal: AbortSignal): Promise<void> {
  if (config.redisUrl === undefined)
    throw new ConfigError("a worker needs Redis: give --redis or KOREO_REDIS_URL (`koreo dev` needs none)");
  const base = await openFoundation("worker", config, signal);
  if (base === undefined) return;
  const ended = new AbortController();
  const definitions = base.definitions.run(ended.signal);
  base.judgeBy({
    redis: () => base.state.trouble(),
    definitions: () => definitionsTrouble(base.definitions),
  });
  try {
    await work(base, config, signal);
  } finally {
    ended.abort();
    await definitions;
    await base.close();
  }
  base.log.info({}, "stopped");
}

/**
 * Works once the definitions are known, until the signal is aborted, then drains. The caller runs the definitions.
 *
 * @throws Error when the consumer died although nobody asked for the end: the process must be restarted
 */
export async function work(base: Foundation, config: ClusterConfig, signal: AbortSignal): Promise<void> {
  const { clock, log, cluster, state, definitions, metrics } = base;
  const { queue, index, lock, ledger, registry } = state;
  const events = new KubernetesEventRecorder({ store: cluster.store, clock, log, instance: base.id });
  const reconciler = new Reconciler(
    { store: cluster.store, index, lock, ledger, queue, events, clock, log },
    definitions,
    registry,
    {
      resyncIntervalMs: config.resyncIntervalMs,
      observer: new RunMetrics(metrics, {
        name: config.name,
        nowMs: () => clock.nowMs(),
        concurrency: config.concurrency,
        catalog: () => definitions.catalog(),
      }),
      limits: { ...DEFAULT_LIMITS, stepDeadlineMs: config.stepDeadlineMs, runDeadlineMs: config.runDeadlineMs },
    },
  );
  expressionMetrics(metrics);
  while (!definitions.isReady && !signal.aborted) await clock.sleep(20, signal);
  if (signal.aborted) return;
  const consumer = state.consumer({ concurrency: config.concurrency, canReach: () => cluster.client.isInReach });
  consumer.start((run) => reconciler.reconcile(run));
  log.info({ concurrency: config.concurrency }, "working");
  const failure = await Promise.race([aborted(signal), consumer.died]);
  log.info({ running: consumer.running(), drainMs: config.drainMs }, "draining");
  await consumer.drain(config.drainMs);
  reconciler.end();
  await events.close(LAST_EVENTS_MS);
  if (failure !== undefined) throw failure;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
