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
