/** Every interval of the reflector, in milliseconds, in one place; tests pass their own. */
export interface WatchTiming {
  /** No byte for this long: the stream is dead. The server sends a bookmark about once a minute. */
  readonly silentAfterMs: number;
  /** The server ends a watch after this and up to twice as long, so that load spreads over its replicas again. */
  readonly serverTimeoutMs: number;
  /** One list per watch in this time, and at its beginning one more at once (a list that met an unlucky moment). */
  readonly listIntervalMs: number;
  /** First and longest wait between attempts; doubled in between, jittered by half. */
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  /** Lists after an expired resourceVersion spread over this: a server that restarted has forgotten everybody's place. */
  readonly relistSpreadMs: number;
  /** A kind that is not served is asked for again this often: a new CRD is watched within 5 s. */
  readonly unservedRetryMs: number;
  /** A stream that ends sooner than this, having said nothing, counts as a failure. */
  readonly shortStreamMs: number;
}

export const WATCH_TIMING: WatchTiming = {
  silentAfterMs: 150_000,
  serverTimeoutMs: 300_000,
  listIntervalMs: 30_000,
  firstRetryMs: 200,
  maxRetryMs: 5000,
  relistSpreadMs: 1000,
  unservedRetryMs: 2000,
  shortStreamMs: 1000,
};
