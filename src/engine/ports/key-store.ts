/**
 * The port of a queue of keys: one state per key, and nothing else. `adapters/bullmq` puts BullMQ's Queue and Worker on
 * top of it; `adapters/redis` and `adapters/memory` implement it. Time inside a store is the store's own: every
 * duration that crosses the port is relative, so the clocks of pods do not matter.
 */
import type { KeyText } from "../../core/object-key.ts";

/** 1 user change, deletion, manual request · 2 managed object changed, retry · 3 definition edit, resync, first list. */
export type WorkClass = 1 | 2 | 3;

/** A wish that a key be looked at. `cause` is opaque here, kept per key (the first 8), and handed to the run. */
export interface Trigger {
  readonly key: KeyText;
  readonly workClass: WorkClass;
  /** Milliseconds from now; absent means now. Among several delays of a key the earliest wins. */
  readonly afterMs?: number;
  readonly cause?: string;
}

/**
 * A taken key. The fence rises with every take of any key of this store, below 2^53. A store that was set back (a replica
 * promoted too early, a restore) may forget takes; so a fence counts only in the hands of its owner.
 */
export interface HeldKey {
  readonly key: KeyText;
  readonly fence: number;
  /** Who took it, see `TakeRequest`. */
  readonly owner: string;
}

/** A run to do now. */
export interface TakenRun extends HeldKey {
  readonly workClass: WorkClass;
  /** How long the key was waiting, in milliseconds of the store's clock. */
  readonly waitedMs: number;
  /** At most 8, oldest first. */
  readonly causes: readonly string[];
  /** Failures in a row before this run, lost leases included. */
  readonly failures: number;
}

/** What a take gave: a run, or after how many milliseconds to look again (0: not before a wake-up). */
export type Taken =
  | { readonly run: TakenRun }
  /** `isPassedOver`: keys wait, but all belong to tenants that were to be passed over. */
  | { readonly run?: undefined; readonly lookAgainMs: number; readonly isPassedOver?: boolean };

/** How a run ended, as far as the queue is concerned. */
export type RunEnd =
  /** Looked at. `afterMs` schedules the next look (earliest wins); without it the key goes idle. */
  | { readonly kind: "done"; readonly afterMs?: number; readonly workClass?: WorkClass; readonly cause?: string }
  /** Could not be looked at: backoff by the failures in a row, which only the store knows. */
  | { readonly kind: "failed"; readonly baseMs: number; readonly maxMs: number; readonly cause?: string }
  /** Ended by us (pre-empted, draining): no failure; runs again now. If a trigger waits, it is not pre-empted again. */
  | { readonly kind: "interrupted" };

/**
 * `stale`: the lease was lost before, nothing changed. `again`: waiting at once, because a trigger came during the run or
 * it was interrupted. `later`: delayed. `idle`: nothing is scheduled.
 */
export type RunEndState = "stale" | "idle" | "again" | "later";

/** Who takes, and how long the lease lasts without renewal. */
export interface TakeRequest {
  /** Unique per worker process. */
  readonly owner: string;
  readonly leaseMs: number;
  /** Tenants (see `tenantOf`) whose keys are left to other workers, which are woken for them. Absent: none. */
  readonly passOver?: readonly string[];
}

/** Counts of keys by state, and what went wrong since the store exists. */
export interface QueueStats {
  readonly waiting: number;
  readonly running: number;
  readonly delayed: number;
  /** Keys whose last run failed, in whatever state they are. */
  readonly failing: number;
  /** Leases that ran out or were reclaimed: each a run that was done again. */
  readonly lostLeases: number;
  /** Ends of runs whose lease was gone. */
  readonly staleEnds: number;
}

/** A key as the queue holds it, for people. Times in milliseconds of the store's clock. */
export interface QueuedKey {
  readonly key: KeyText;
  readonly state: "waiting" | "running" | "delayed";
  readonly workClass: WorkClass;
  /** Time since the first wish that its run answers; 0 for a delayed key. */
  readonly ageMs: number;
  /** Time until the lease of a running key ends, or until a delayed key waits; else 0. */
  readonly remainingMs: number;
  readonly failures: number;
  /** Owner of the lease; "" unless the key runs. */
  readonly owner: string;
  readonly causes: readonly string[];
}

/** A part of all keys. While keys move about, one of them may be in two parts, or in none. */
export interface QueuePage<K = QueuedKey> {
  readonly keys: readonly K[];
  /** Where to go on; undefined at the end. */
  readonly next: string | undefined;
}

/** The waiting keys of one tenant in one class. */
export interface TenantLoad {
  readonly workClass: WorkClass;
  readonly cluster: string;
  readonly namespace: string;
  readonly waiting: number;
  /** How long the longest of them has been waiting. */
  readonly oldestMs: number;
}

/**
 * Contract: `test/contract/key-store.ts`. Laws: a trigger is always followed by a run that starts after it; a trigger
 * during a run causes exactly one more run; at most one live lease per key; classes share by weight 16:4:1.
 * Methods throw `StoreUnavailable` for a fault of the connection; the caller may send again.
 */
export interface KeyStore {
  /** Enqueues; any number of items, sent in batches. */
  trigger(items: readonly Trigger[]): Promise<void>;
  take(request: TakeRequest): Promise<Taken>;
  /** One round trip: ends the run and, with `next`, starts another. A lost lease is `stale`, never an error. */
  done(run: HeldKey, end: RunEnd, next?: TakeRequest): Promise<{ readonly state: RunEndState; readonly next?: Taken }>;
  /** Renews leases. Fences: `lost` leases are gone; `urgent` runs may be pre-empted: a class-1 trigger waits. */
  extend(
    runs: readonly HeldKey[],
    leaseMs: number,
  ): Promise<{ readonly lost: readonly number[]; readonly urgent: readonly number[] }>;
  /**
   * Gives back each key that `owner` took through an earlier connection (`everything`: through any) and does not list.
   *
   * @returns how many were given back
   */
  reclaim(owner: string, heldFences: readonly number[], everything?: boolean): Promise<number>;
  /** Resolves on a wake-up, after `ms`, or on abort; may be early for no reason. A wake-up before the call counts. */
  wait(ms: number, abort: AbortSignal): Promise<void>;
  stats(): Promise<QueueStats>;
  /** @param from - `next` of the page before; absent: from the beginning */
  page(from?: string): Promise<QueuePage>;
  /** The load of at most `maxTenants` tenants per class. */
  load(maxTenants: number): Promise<readonly TenantLoad[]>;
  /** Calls the listener on each new connection (never in memory): it must `reclaim`. Returns the unsubscriber. */
  onReconnect(listener: () => void): () => void;
  onError(listener: (error: Error) => void): () => void;
  /** Ends connections; may be called twice. */
  close(): Promise<void>;
  /** Resolves once the store can be used. */
  readonly ready: Promise<void>;
  /** False where leases cannot expire (memory): a stalled event loop is not a dead worker there. */
  readonly leasesEnd: boolean;
  /** Bounds of `wait`, in milliseconds. */
  readonly minWaitMs: number;
  readonly maxWaitMs: number;
}

/** The store cannot be reached; whether it executed the request is unknown. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
}
