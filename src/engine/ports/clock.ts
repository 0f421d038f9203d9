/** Time and chance as the engine gets them; tests pass a manual clock. */
export interface Clock {
  /** Monotonic milliseconds, for durations and deadlines. */
  nowMs(): number;
  /** Wall clock in milliseconds since the epoch, for timestamps people read. */
  wallMs(): number;
  /** Resolves after `ms`, or at once when the signal is aborted; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** A number in [0, 1), for jitter. */
  random(): number;
}

/** A wait of about `ms`, between three and five quarters of it, so that waiters come back spread out. */
export function jittered(ms: number, clock: Pick<Clock, "random">): number {
  return ms * (0.75 + clock.random() / 2);
}
