/** Waits out an outage of the shared state: asks again with growing, jittered pauses until it answers. */
import { jittered, type Clock } from "../ports/clock.ts";
import { StoreUnavailable } from "../ports/key-store.ts";
import type { Logger } from "../ports/logger.ts";

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;

/**
 * @param doing - for the log: what cannot be done meanwhile
 * @returns the answer, or undefined once the signal is aborted
 */
export async function untilReached<T>(
  act: () => Promise<T>,
  doing: string,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<T | undefined> {
  for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      log.warn({ doing, error: error.message, pauseMs }, "shared state cannot be reached, trying again");
      await clock.sleep(jittered(pauseMs, clock), signal);
    }
  }
  return undefined;
}
