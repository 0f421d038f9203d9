/** Decides when a key is looked at again, from what its run came to. An event may wake it earlier; this is the latest. */
import type { Outcome } from "../core/outcome.ts";
import type { WorkClass } from "./ports/key-store.ts";

/** When, in which class, and why. */
export interface NextLook {
  readonly afterMs: number;
  readonly workClass: WorkClass;
  readonly reason: "retry" | "resync";
}

/** Share of the resync interval by which it is moved, so that keys never come in step. */
const RESYNC_JITTER = 0.1;
/** Share of a retry's delay by which it may come earlier; a manifest's delay is an upper bound. */
export const RETRY_JITTER = 0.1;

/** What decides on the next look. */
export interface LookRequest {
  /** Of the whole run. */
  readonly outcome: Outcome<unknown>;
  /** The soonest retry any part of the run asked for, whatever the whole came to. */
  readonly retryAfterSeconds?: number | undefined;
  /** The interval a healthy trigger is looked at again. */
  readonly resyncIntervalMs: number;
  /** In [0, 1), for jitter. */
  readonly random: number;
}

export function nextLook({ outcome, retryAfterSeconds, resyncIntervalMs, random }: LookRequest): NextLook {
  const seconds = retryAfterSeconds ?? (outcome.kind === "retry" ? outcome.delaySeconds : undefined);
  if (seconds !== undefined) {
    return { afterMs: Math.round(seconds * 1000 * (1 - RETRY_JITTER * random)), workClass: 2, reason: "retry" };
  }
  // Settled, or nothing but a change can help: the resync is the net under a change nobody told us of.
  const afterMs = Math.round(resyncIntervalMs * (1 + RESYNC_JITTER * (2 * random - 1)));
  return { afterMs, workClass: 3, reason: "resync" };
}
