/** Watcher and worker in one process for laptops and tests: with Redis, or with everything in memory. */
import type { ClusterConfig } from "../shared/config.ts";
import { openFoundation } from "../shared/foundation.ts";
import { together } from "../shared/together.ts";
import { createWatcher, watcherTrouble } from "../watcher/main.ts";
import { work } from "../worker/main.ts";

/** Runs until the signal is aborted; then finishes its runs and returns. */
export async function runDev(config: ClusterConfig, signal: AbortSignal): Promise<void> {
  const base = await openFoundation("dev", config, signal);
  if (base === undefined) return;
  const watcher = createWatcher(base, config);
  base.judgeBy({ state: () => base.state.trouble(), watcher: () => watcherTrouble(watcher) });
  if (config.redisUrl === undefined) base.log.info({}, "no Redis given: queue and shared state live in this process");
  const ended = new AbortController();
  const definitions = base.definitions.run(ended.signal);
  try {
    await together([(until) => watcher.run(until), (until) => work(base, config, until)], signal);
  } finally {
    ended.abort();
    await definitions;
    await base.close();
  }
  base.log.info({}, "stopped");
}
