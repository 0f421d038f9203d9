/** How long keys with an unanswered change take to be reconciled, seen by the live view. */
import { setTimeout as sleep } from "node:timers/promises";
import type { LiveView } from "./live-view.ts";
import { placeText, unansweredBy } from "./judge.ts";
import type { Wanted } from "./wanted.ts";

const LOOK_EVERY_MS = 50;

export interface Recovery {
  readonly pendingKeys: number;
  /** Null: not within the time. */
  readonly seconds: number | null;
  /** What was still not answered. */
  readonly left: readonly string[];
}

/** The keys whose last change is not answered now. */
export function pendingKeys(wanted: Wanted, view: LiveView): ReadonlySet<string> {
  const evidence = { state: wanted.state, found: view.found };
  return new Set(wanted.all.filter((trigger) => unansweredBy(trigger, evidence) !== undefined).map(placeText));
}

/**
 * Waits until each of these keys was seen reconciled once: for the change that was pending or a newer one. Those that users
 * delete meanwhile need nothing any more. The time counts from `sinceMs` (monotonic), when the fault was over.
 */
export async function untilRecovered(
  pending: ReadonlySet<string>,
  { wanted, view, sinceMs, withinMs }: { wanted: Wanted; view: LiveView; sinceMs: number; withinMs: number },
): Promise<Recovery> {
  const waiting = new Map([...pending].map((place) => [place, ""]));
  const elapsed = () => performance.now() - sinceMs;
  while (waiting.size > 0 && elapsed() < withinMs) {
    for (const place of waiting.keys()) {
      const trigger = wanted.get(place);
      const why = trigger === undefined ? undefined : unansweredBy(trigger, { state: wanted.state, found: view.found });
      if (why === undefined) waiting.delete(place);
      else waiting.set(place, why);
    }
    if (waiting.size > 0) await sleep(LOOK_EVERY_MS);
  }
  return {
    pendingKeys: pending.size,
    seconds: waiting.size === 0 ? elapsed() / 1000 : null,
    left: [...waiting].map(([place, why]) => `${place}: ${why}`),
  };
}
