/** A watcher process, as `processes/watcher` wires it. */
import { DefinitionCache } from "../../src/engine/definitions.ts";
import { Watcher } from "../../src/engine/watcher/watcher.ts";
import { ClusterAccess } from "./cluster-access.ts";
import { DEFINITION_NAMESPACE, RESYNC_MS } from "./kinds.ts";
import { KeyQueue } from "./key-queue.ts";
import { logTo } from "./log.ts";
import type { Process } from "./process.ts";
import { statePorts } from "./shared-state.ts";
import type { World } from "./world.ts";

export function startWatcher(world: World, process: Process, id: string): void {
  const { lane } = process;
  const access = new ClusterAccess(world, process);
  const state = statePorts(world.server, process);
  const base = { store: access, informers: access, clock: lane, log: logTo(world, process) };
  const definitions = new DefinitionCache(
    { ...base, registry: state.registry },
    { namespaces: [DEFINITION_NAMESPACE], checks: new Map() },
  );
  const watcher = new Watcher(
    { ...base, ...state, access, canReach: () => true, queue: new KeyQueue(world, process) },
    definitions,
    {
      id,
      triggerNamespaces: "all",
      homeNamespace: DEFINITION_NAMESPACE,
      installation: "koreo",
      resyncIntervalMs: RESYNC_MS,
    },
  );
  void definitions.run(lane.died);
  void watcher.run(lane.died).catch((error: unknown) => world.noteBug(error));
}
