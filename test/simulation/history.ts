/**
 * What happened to keys and objects in a simulation, in order. Written down where it takes effect: by the store of keys and
 * by the cluster, not by who asked for it.
 */
import type { KeyText } from "../../src/core/object-key.ts";

export type HistoryEvent =
  /** The store accepted a wish; due at `dueMs`. */
  | { readonly kind: "enqueue"; readonly key: KeyText; readonly atMs: number; readonly dueMs: number }
  | {
      readonly kind: "take";
      readonly run: number;
      readonly key: KeyText;
      readonly atMs: number;
      readonly leaseMs: number;
    }
  /** The store made the lease longer. */
  | { readonly kind: "renew"; readonly run: number; readonly atMs: number; readonly leaseMs: number }
  /** The store said that the lease is gone. */
  | { readonly kind: "lost"; readonly run: number; readonly atMs: number }
  /** The cluster accepted a write that changed something; of a run, or of a watcher or a user. */
  | {
      readonly kind: "write";
      readonly run: number | undefined;
      readonly by: string;
      readonly verb: string;
      readonly object: KeyText;
      readonly resourceVersion: string;
      readonly atMs: number;
    }
  /** The store accepted the end of a run; `stale`: refused it, for the lease was gone. */
  | { readonly kind: "done"; readonly run: number; readonly state: string; readonly atMs: number }
  /** The store lost everything it knew. */
  | { readonly kind: "wipe"; readonly atMs: number };

export type WriteEvent = Extract<HistoryEvent, { readonly kind: "write" }>;

export class History {
  readonly events: HistoryEvent[] = [];
  #runs = 0;
  /** Runs by who holds them, for a store that was emptied counts fences anew. */
  readonly #held = new Map<string, number>();

  add(event: HistoryEvent): void {
    this.events.push(event);
  }

  /** Numbers a run: unlike its fence the number is unique. */
  took(held: { readonly owner: string; readonly fence: number; readonly key: KeyText }): number {
    this.#runs += 1;
    this.#held.set(`${held.owner} ${held.fence} ${held.key}`, this.#runs);
    return this.#runs;
  }

  runOf(held: { readonly owner: string; readonly fence: number; readonly key: KeyText }): number {
    return this.#held.get(`${held.owner} ${held.fence} ${held.key}`) ?? 0;
  }
}
