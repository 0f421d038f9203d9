/** What a worker process remembers between runs to spare requests. All of it may be lost at any time. */
import { BoundedMap } from "./bounded-map.ts";
import type { Clock } from "./ports/clock.ts";
import { LaterLooks } from "./later-looks.ts";
import { RepairMemory } from "./repair-memory.ts";
import { UnservedKinds } from "./unserved-kinds.ts";
import { WriteMemory } from "./write-memory.ts";

/** A status that the API server does not store as we sent it, because the kind's schema drops fields of it. */
export interface PrunedStatus {
  /** Hash of the status as it should be. */
  readonly desired: string;
  /** Hash of the status as the server stored it. */
  readonly stored: string;
}

export interface WorkerMemory {
  readonly writes: WriteMemory;
  readonly repairs: RepairMemory;
  readonly later: LaterLooks;
  readonly unserved: UnservedKinds;
  /** By uid of the trigger. */
  readonly prunedStatuses: BoundedMap<string, PrunedStatus>;
}

/** A resync may come early by its jitter and must find nothing that holds it back. */
const SHARE_OF_RESYNC = 0.8;
const MAX_TRIGGERS = 10_000;

export function createWorkerMemory(clock: Clock, resyncIntervalMs: number): WorkerMemory {
  return {
    writes: new WriteMemory(clock, resyncIntervalMs * SHARE_OF_RESYNC),
    repairs: new RepairMemory(clock),
    later: new LaterLooks(clock),
    unserved: new UnservedKinds(clock),
    prunedStatuses: new BoundedMap(MAX_TRIGGERS),
  };
}
