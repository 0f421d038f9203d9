/**
 * Keeps one watch from listing too often: lists are the most expensive requests there are. The first list is free and
 * one more may follow at once (the first may have met an unlucky moment); after that each interval allows one, and
 * unused ones do not add up.
 */
export class ListLimiter {
  readonly #intervalMs: number;
  #tokens = 2;
  #filledAtMs: number | undefined;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** How long to wait before the next list. */
  waitMs(nowMs: number): number {
    this.#fill(nowMs);
    return this.#tokens >= 1 ? 0 : Math.ceil((1 - this.#tokens) * this.#intervalMs);
  }

  /** Counts a list that the server has begun to answer; a refused one costs nothing, and only the backoff delays it. */
  count(nowMs: number): void {
    this.#fill(nowMs);
    this.#tokens -= 1;
  }

  #fill(nowMs: number): void {
    const gained = (nowMs - (this.#filledAtMs ?? nowMs)) / this.#intervalMs;
    this.#tokens = Math.max(this.#tokens, Math.min(1, this.#tokens + gained));
    this.#filledAtMs = nowMs;
  }
}

/** The limiters of watches that follow one another: a watch that starts over gains no extra list by that. */
export class ListLimiters {
  readonly #intervalMs: number;
  /** By series, and by what the series watches. A series that nobody holds any more is forgotten. */
  readonly #bySeries = new WeakMap<object, Map<string, ListLimiter>>();

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /**
   * @param series - absent: the watch stands for itself
   * @param what - which of the things that the series watches
   */
  of(series: object | undefined, what: string): ListLimiter {
    const limiters = (series && this.#bySeries.get(series)) ?? new Map<string, ListLimiter>();
    if (series !== undefined) this.#bySeries.set(series, limiters);
    const limiter = limiters.get(what) ?? new ListLimiter(this.#intervalMs);
    limiters.set(what, limiter);
    return limiter;
  }
}
