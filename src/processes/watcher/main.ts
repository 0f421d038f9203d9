/** The watcher process: turns events in the cluster into keys on the queue. */
import { watchMetrics } from "../../adapters/telemetry/metrics/watch-metrics.ts";
import { Watcher } from "../../engine/watcher/watcher.ts";
import type { ClusterConfig } from "../shared/config.ts";
import { ConfigError } from "../shared/settings.ts";
import { openFoundation, type Foundation } from "../shared/foundation.ts";
import { together } from "../shared/together.ts";

/** Runs until the signal is aborted. */
export async function runWatcher(config: ClusterConfig, signal: AbortSignal): Promise<void> {
  if (config.redisUrl === undefined)
    throw new ConfigError("a watcher needs Redis: give --redis or KOREO_REDIS_URL (`koreo dev` needs none)");
  const base = await openFoundation("watcher", config, signal);
  if (base === undefined) return;
  const watcher = createWatcher(base, config);
  base.judgeBy({ redis: () => base.state.trouble(), watcher: () => watcherTrouble(watcher) });
  try {
    await together([(until) => base.definitions.run(until), (until) => watcher.run(until)], signal);
  } finally {
    await base.close();
  }
  base.log.info({}, "stopped");
}

export function createWatcher(
  { id, clock, log, cluster, state, definitions, metrics, definitionNamespaces }: Foundation,
  config: ClusterConfig,
): Watcher {
  const { queue, registry, ledger, membership, index } = state;
  const { informers, store, access, client } = cluster;
  const canReach = () => client.isInReach;
  const watcher = new Watcher(
    { informers, store, access, registry, ledger, membership, index, queue, canReach, clock, log },
    definitions,
    {
      id,
      triggerNamespaces: config.triggerNamespaces,
      homeNamespace: definitionNamespaces[0] ?? "default",
      installation: config.name,
      resyncIntervalMs: config.resyncIntervalMs,
    },
  );
  watchMetrics(
    metrics,
    { streams: () => watcher.streams(), heartbeatAgeMs: () => watcher.heartbeatAgeMs() },
    config.name,
  );
  return watcher;
}

export function watcherTrouble(watcher: Watcher): string | undefined {
  const faults = watcher.faults();
  return faults.length === 0 ? undefined : faults.join("; ");
}
