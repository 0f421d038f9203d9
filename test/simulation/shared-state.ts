/** Redis in a simulation: the memory adapters behind calls that may fail, and that all lose their data at once. */
import { MemoryDefinitionRegistry } from "../../src/adapters/memory/definition-registry.ts";
import { MemoryKeyStore } from "../../src/adapters/memory/key-store.ts";
import { MemoryMembership } from "../../src/adapters/memory/membership.ts";
import { MemoryObjectIndex } from "../../src/adapters/memory/object-index.ts";
import { MemoryObjectLock } from "../../src/adapters/memory/object-lock.ts";
import { MemoryWatchLedger } from "../../src/adapters/memory/watch-ledger.ts";
import type { KindText } from "../../src/core/object-key.ts";
import type { DefinitionRegistry } from "../../src/engine/ports/definition-registry.ts";
import type { Membership } from "../../src/engine/ports/membership.ts";
import type { ObjectIndex } from "../../src/engine/ports/object-index.ts";
import type { ObjectLock } from "../../src/engine/ports/object-lock.ts";
import type { WatchLedger } from "../../src/engine/ports/watch-ledger.ts";
import type { Process } from "./process.ts";
import type { Lane } from "./time.ts";

/** What Redis holds. */
export interface Data {
  readonly keys: MemoryKeyStore;
  readonly index: ObjectIndex;
  readonly lock: ObjectLock;
  readonly ledger: WatchLedger;
  readonly registry: DefinitionRegistry;
  readonly membership: Membership;
}

export class SharedServer {
  readonly #lane: Lane;
  readonly #listeners = new Set<() => void>();
  #wipes = 0;
  data: Data;

  constructor(lane: Lane) {
    this.#lane = lane;
    this.data = freshData(lane, this.epoch);
  }

  /** Everything is gone and every connection was cut: a server that started anew without its files. */
  wipe(): void {
    const before = this.data;
    this.#wipes += 1;
    this.data = freshData(this.#lane, this.epoch);
    void before.keys.close();
    for (const listener of [...this.#listeners]) listener();
  }

  /** What tells this server from the one before. */
  get epoch(): string {
    return String(this.#wipes);
  }

  onReconnect(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Records what belongs to this data set alone, as `scripts/record-2.lua` does. */
class EpochLedger extends MemoryWatchLedger {
  readonly #epoch: string;

  constructor(epoch: string) {
    super();
    this.#epoch = epoch;
  }

  override async record(slot: KindText, changes: ReadonlyMap<string, string | null>, epoch = ""): Promise<void> {
    if (epoch === this.#epoch) await super.record(slot, changes);
  }

  override async recordSpreadPlan(slot: KindText, planHash: string, epoch = ""): Promise<void> {
    if (epoch === this.#epoch) await super.recordSpreadPlan(slot, planHash);
  }
}

/** Whole is what belongs to this data set alone, as `scripts/record-2.lua` says. */
class EpochIndex extends MemoryObjectIndex {
  readonly #epoch: string;

  constructor(epoch: string) {
    super();
    this.#epoch = epoch;
  }

  override async sayWhole(epoch = ""): Promise<void> {
    if (epoch === this.#epoch) await super.sayWhole();
  }
}

function freshData(lane: Lane, epoch: string): Data {
  return {
    keys: new MemoryKeyStore({ clock: lane, leasesEnd: true }),
    index: new EpochIndex(epoch),
    lock: new MemoryObjectLock(lane),
    ledger: new EpochLedger(epoch),
    registry: new MemoryDefinitionRegistry(),
    membership: new MemoryMembership(lane, epoch),
  };
}

/** The ports of one process, but for the queue. */
export type StatePorts = Omit<Data, "keys">;

export function statePorts(server: SharedServer, process: Process): StatePorts {
  const membership = viaProcess(process, "membership", () => server.data.membership);
  return {
    index: viaProcess(process, "index", () => server.data.index),
    lock: viaProcess(process, "lock", () => server.data.lock),
    ledger: viaProcess(process, "ledger", () => server.data.ledger),
    registry: viaProcess(process, "registry", () => server.data.registry),
    membership: {
      heartbeat: async (id, ttlMs) => {
        const view = await membership.heartbeat(id, ttlMs);
        return { ...view, serverRun: server.epoch };
      },
      leave: (id) => membership.leave(id),
      owners: (slots) => membership.owners(slots),
      claim: (id, slots, epoch) => membership.claim(id, slots, epoch),
      overview: () => membership.overview(),
    },
  };
}

/** Every method of a port as a call of the process. */
function viaProcess<T extends object>(process: Process, port: string, current: () => T): T {
  const calls =
    (method: string) =>
    (...given: readonly unknown[]) =>
      process.call({ to: "state", verb: `${port}.${method}`, target: aboutOf(given) }, () => {
        const target = current() as Record<string, (...all: readonly unknown[]) => Promise<unknown>>;
        return target[method]?.(...given) ?? Promise.reject(new Error(`${port} has no ${method}`));
      });
  return new Proxy({} as T, { get: (_target, method) => calls(String(method)) });
}

function aboutOf([first]: readonly unknown[]): string {
  return typeof first === "string" ? first : "";
}
