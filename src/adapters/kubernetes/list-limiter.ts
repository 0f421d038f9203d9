/** Keeps one watch from listing too often: lists are the most expensive requests there are. */
export class ListLimiter {
  private readonly intervalMs: number;
  private tokens = 2;
  private filledAtMs: number | undefined;

  /** @param intervalMs - one list in this time, and one more that may follow at once */
  constructor(intervalMs: number) {
    this.intervalMs = intervalMs;
  }

  /** How long to wait before the next list. */
  waitMs(nowMs: number): number {
    this.fill(nowMs);
    return this.tokens >= 1 ? 0 : Math.ceil((1 - this.tokens) * this.intervalMs);
  }

  /** The server has begun to answer a list; one it refused costs it nothing and is held back by the backoff alone. */
  count(nowMs: number): void {
    this.fill(nowMs);
    this.tokens -= 1;
  }

  private fill(nowMs: number): void {
    const gained = (nowMs - (this.filledAtMs ?? nowMs)) / this.intervalMs;
    this.tokens = Math.min(2, this.tokens + gained);
    this.filledAtMs = nowMs;
  }
}
