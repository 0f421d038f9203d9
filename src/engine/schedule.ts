/** Decides from the outcome of a run when its key is looked at again at the latest. An event may wake it earlier. */
import type { Outcome } from "../core/outcome.ts";
import type { WorkClass } from "./ports/key-store.ts";

/** When, in which class, and why. */
export interface NextLook {
  readonly afterMs: number;
  readonly workClass: WorkClass;
  readonly reason: "retry" | "resync";
}

/** Share of the resync interval by which a resync is shifted, so that keys never fall into step. */
const RESYNC_JITTER = 0.1;
/** Share of a retry's delay by which it may come earlier; a manifest's delay is an upper bound. */
export const RETRY_JITTER = 0.1;

/** What decides on the next look. */
export interface LookRequest {
  /** Outcome of the whole run. */
  readonly outcome: Outcome<unknown>;
  /** The soonest retry that any part of the run asked for, whatever the outcome of the whole. */
  readonly retryAfterSeconds?: number | undefined;
  /** The interval at which a healthy trigger is looked at again. */
  readonly resyncIntervalMs: number;
  /** In [0, 1), for jitter. */
  readonly random: number;
}

export function nextLook({ outcome, retryAfterSeconds, resyncIntervalMs, random }: LookRequest): NextLook {
  const seconds = retryAfterSeconds ?? (outcome.kind === "retry" ? outcome.delaySeconds : undefined);
  if (seconds !== undefined) {
    return { afterMs: Math.round(seconds * 1000 * (1 - RETRY_JITTER * random)), workClass: 2, reason: "retry" };
  }
  // Settled, or only a change can help: the resync catches changes that nobody told us about.
  const afterMs = Math.round(resyncIntervalMs * (1 + RESYNC_JITTER * (2 * random - 1)));
  return { afterMs, workClass: 3, reason: "resync" };
}
