/**
 * Creates a worker comes back to on its own account, after the run that sent them: one place is looked at once, however many
 * requests went there; bounded for each tenant and for all. What a worker has not looked at when it stops is not looked at.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock } from "./ports/clock.ts";

/** `over`: nothing is left to do. `again`: there may be, later. `unanswered`: nobody could say; it counts as no look. */
export type Looked = "over" | "again" | "unanswered";
/** @param requests - all that went there since somebody first had to look; more may be added */
export type Look = (requests: ReadonlySet<string>, signal: AbortSignal) => Promise<Looked>;

/** What is looked at. */
export interface LaterPlace {
  /** Objects of the same text are one. */
  readonly place: string;
  readonly tenant: string;
  /** What the request was signed with. */
  readonly request: string;
}

/** When, after the last request: the last look is later than any request an API server still works on (60 s). */
const LOOKS_AT_MS = [0, 5000, 20_000, 75_000];
const UNANSWERED_RETRY_MS = 5000;
/** Without an answer for so long it is given up. */
const GIVE_UP_AFTER_MS = 15 * 60_000;
const MAX_PLACES = 500;
const MAX_PLACES_OF_TENANT = 100;
/** Of one place; the oldest are forgotten. */
const MAX_REQUESTS = 16;

interface Followed {
  readonly tenant: string;
  readonly requests: Set<string>;
  sinceMs: number;
  /** How many looks have been answered since then. */
  looks: number;
}

export class LaterLooks {
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  /** Out of the run that asks, and of its trace: both are over when something is looked at. */
  readonly #outside = AsyncLocalStorage.snapshot();
  readonly #places = new Map<string, Followed>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Looks at once, and again and again until it is over. A place that is looked at already is so from the beginning again.
   *
   * @param wanted - what is looked at, and the request that makes it worth while
   * @param look - must not reject
   * @param onGivenUp - told when nobody answered for 15 minutes
   * @returns false when too much is waited for already, and nothing will be looked at
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

  /** Nothing is looked at any more. */
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
