/** A worker process: the definitions, the reconciler and the consumer, as `processes/worker` wires them. */
import { DefinitionCache } from "../../src/engine/definitions.ts";
import { Reconciler } from "../../src/engine/reconcile.ts";
import { ClusterAccess } from "./cluster-access.ts";
import { SimulatedConsumer } from "./consumer.ts";
import { DEFINITION_NAMESPACE, RESYNC_MS } from "./kinds.ts";
import { KeyQueue } from "./key-queue.ts";
import { logTo } from "./log.ts";
import type { Process } from "./process.ts";
import { statePorts } from "./shared-state.ts";
import type { World } from "./world.ts";

const CONCURRENCY = 4;
const READY_CHECK_MS = 20;

export function startWorker(world: World, process: Process, id: string): void {
  const { lane } = process;
  const access = new ClusterAccess(world, process);
  const state = statePorts(world.server, process);
  const keys = new KeyQueue(world, process);
  const log = logTo(world, process);
  const base = { store: access, clock: lane, log };
  const definitions = new DefinitionCache(
    { ...base, informers: access, registry: state.registry },
    { namespaces: [DEFINITION_NAMESPACE], checks: new Map() },
  );
  const reconciler = new Reconciler(
    { ...base, ...state, queue: keys, events: { emit: () => undefined } },
    definitions,
    state.registry,
    { resyncIntervalMs: RESYNC_MS },
  );
  const consumer = new SimulatedConsumer({
    owner: id,
    keys,
    lane,
    concurrency: CONCURRENCY,
    handle: (run) => reconciler.reconcile(run),
    runOf: (run) => world.history.runOf(run),
    onBug: (error) => world.noteBug(error),
  });
  void definitions.run(lane.died);
  const work = async () => {
    while (!definitions.isReady) await lane.sleep(READY_CHECK_MS);
    await consumer.run();
  };
  void work().catch((error: unknown) => world.noteBug(error));
}
