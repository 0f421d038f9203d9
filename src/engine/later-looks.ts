/**
 * Follows up creates that may come late, on the worker's own account, after the run that sent them: each place once,
 * however many requests went there; bounded per tenant and in total. A worker that stops drops the looks still to come.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock } from "./ports/clock.ts";

/** `over`: nothing is left to do. `again`: more may come later. `unanswered`: nobody knows; it counts as no look. */
export type Looked = "over" | "again" | "unanswered";
/** @param requests - signatures of all requests since the first look was asked for; more may be added */
export type Look = (requests: ReadonlySet<string>, signal: AbortSignal) => Promise<Looked>;

/** What is looked at. */
export interface LaterPlace {
  /** Equal texts name the same object. */
  readonly place: string;
  readonly tenant: string;
  /** What the request was signed with. */
  readonly request: string;
}

/** When to look, after the last request: the last look is later than any request an API server works on (60 s). */
const LOOKS_AT_MS = [0, 5000, 20_000, 75_000];
const UNANSWERED_RETRY_MS = 5000;
/** A place without an answer for this long is given up. */
const GIVE_UP_AFTER_MS = 15 * 60_000;
const MAX_PLACES = 500;
const MAX_PLACES_OF_TENANT = 100;
/** Requests kept of one place; the oldest are forgotten. */
const MAX_REQUESTS = 16;

interface Followed {
  readonly tenant: string;
  readonly requests: Set<string>;
  sinceMs: number;
  /** How many looks have been answered since `sinceMs`. */
  looks: number;
}

export class LaterLooks {
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  /** Runs a look outside the run that asked for it and outside its trace: both are over by then. */
  readonly #outside = AsyncLocalStorage.snapshot();
  readonly #places = new Map<string, Followed>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Looks at once, and again and again until it is over. A place that is already followed starts over.
   *
   * @param wanted - the place, and the request that may have made an object there
   * @param look - must not reject
   * @param onGivenUp - told when nobody answered for 15 minutes
   * @returns false when nothing will be looked at: too many places are followed already, or `end` was called
   */
  add(wanted: LaterPlace, look: Look, onGivenUp: () => void): boolean {
    const { place, tenant, request } = wanted;
    const known = this.#places.get(place);
    if (known !== undefined) {
      known.requests.add(request);
      const [oldest] = known.requests;
      if (known.requests.size > MAX_REQUESTS && oldest !== undefined) known.requests.delete(oldest);
      known.sinceMs = this.#clock.nowMs();
      known.looks = 0;
      return true;
    }
    const ofTenant = [...this.#places.values()].filter((each) => each.tenant === tenant).length;
    const isFull = this.#places.size >= MAX_PLACES || ofTenant >= MAX_PLACES_OF_TENANT;
    if (isFull || this.#ended.signal.aborted) return false;
    const followed = { tenant, requests: new Set([request]), sinceMs: this.#clock.nowMs(), looks: 0 };
    this.#places.set(place, followed);
    void this.#outside(() => this.#follow(followed, look, onGivenUp)).finally(() => this.#places.delete(place));
    return true;
  }

  /** Stops all looks. */
  end(): void {
    this.#ended.abort();
  }

  async #follow(followed: Followed, look: Look, onGivenUp: () => void): Promise<void> {
    const { signal } = this.#ended;
    let retryMs = 0;
    for (;;) {
      const atMs = LOOKS_AT_MS[followed.looks];
      if (atMs === undefined) return;
      await this.#clock.sleep(Math.max(retryMs, followed.sinceMs + atMs - this.#clock.nowMs()), signal);
      if (signal.aborted) return;
      const { sinceMs } = followed;
      const elapsedMs = this.#clock.nowMs() - sinceMs;
      if (elapsedMs < (LOOKS_AT_MS[followed.looks] ?? 0)) continue; // begun anew while we slept
      const looked = await look(followed.requests, signal);
      retryMs = looked === "unanswered" ? UNANSWERED_RETRY_MS : 0;
      if (sinceMs !== followed.sinceMs) continue;
      if (looked === "over") return;
      // One look stands for all that were due.
      if (looked === "again") followed.looks = LOOKS_AT_MS.filter((dueMs) => dueMs <= elapsedMs).length;
      else if (this.#clock.nowMs() - sinceMs >= GIVE_UP_AFTER_MS) {
        onGivenUp();
        return;
      }
    }
  }
}
