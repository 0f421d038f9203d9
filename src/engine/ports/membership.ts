/**
 * Who the live watchers are, and whether the store still is the one we knew. One heartbeat answers all of it.
 * Implemented on Redis (time from Redis) and in memory (one process, always alone).
 */
import type { KindText } from "../../core/object-key.ts";

export interface Membership {
  /**
   * Says that `watcherId` lives for another `ttlMs`.
   *
   * @returns every live watcher, and the identity of the store: `epoch` changes when its data was lost, `serverRun`
   *   when another server process answers (restart or failover)
   */
  heartbeat(watcherId: string, ttlMs: number): Promise<MembershipView>;
  /** Leaves at once (drain), so that others take over without waiting for the ttl. */
  leave(watcherId: string): Promise<void>;
  /** Who serves each slot now, as last claimed; for make-before-break handover. */
  owners(slots: readonly KindText[]): Promise<ReadonlyMap<KindText, string>>;
  /**
   * Says that `watcherId` has listed and watches these slots; from now on the former owner may stop.
   *
   * @param epoch - epoch of the store that recorded what it listed; a store that lost it since records no claim
   */
  claim(watcherId: string, slots: readonly KindText[], epoch: string): Promise<void>;
  /** Lists live watchers and claims, for people; it changes nothing and makes nobody a member. */
  overview(): Promise<MembershipOverview>;
}

export interface MembershipOverview {
  /** Live watchers, each with the time it has left. */
  readonly watchers: readonly { readonly id: string; readonly remainingMs: number }[];
  /** Every slot ever claimed, with its last claimant, which may be gone. */
  readonly owners: ReadonlyMap<KindText, string>;
}

export interface MembershipView {
  readonly watchers: readonly string[];
  readonly epoch: string;
  readonly serverRun: string;
}
