/** Time for spans: since the epoch, with fractions of a millisecond, so that a child never seems to begin before its parent. */

/** A larger difference from the system's time, in milliseconds, means that the time was set, or the machine slept. */
const MAX_DRIFT_MS = 2;

/** @returns a clock that answers milliseconds since the epoch and runs evenly between corrections */
export function createSpanClock(): () => number {
  let originMs = performance.timeOrigin;
  return () => {
    const [wholeMs, sinceMs] = [Date.now(), performance.now()];
    if (Math.abs(originMs + sinceMs - wholeMs) > MAX_DRIFT_MS) originMs = wholeMs - sinceMs;
    return originMs + sinceMs;
  };
}
