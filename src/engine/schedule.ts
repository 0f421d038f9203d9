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

/**
 * @param outcome - of the whole run
 * @param resyncIntervalMs - the interval a healthy trigger is looked at again
 * @param random - in [0, 1), for jitter
 */
export function nextLook(outcome: Outcome<unknown>, resyncIntervalMs: number, random: number): NextLook {
  switch (outcome.kind) {
    case "retry":
      return { afterMs: outcome.delaySeconds * 1000, workClass: 2, reason: "retry" };
    case "ok":
    case "skip":
    case "depSkip":
    case "permFail": // only a change can help; the resync is the net under a change nobody told us of
      return {
        afterMs: Math.round(resyncIntervalMs * (1 + RESYNC_JITTER * (2 * random - 1))),
        workClass: 3,
        reason: "resync",
      };
  }
}
