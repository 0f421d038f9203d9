/**
 * How fast we may talk to one cluster: a token bucket (requests a second, with a burst), a bound on requests in flight,
 * and a pause when the server asks for one. When there is a queue, status writes go before other writes before reads
 * before questions about our own rights.
 */
import type { Clock } from "../../engine/ports/clock.ts";

/** From the most to the least urgent. */
export const URGENCIES = ["status", "write", "read", "review"] as const;
export type Urgency = (typeof URGENCIES)[number];

export interface BudgetOptions {
  /** Requests a second in the long run. */
  readonly qps: number;
  /** Requests at once after a quiet time. */
  readonly burst: number;
  readonly maxInFlight: number;
}

export const DEFAULT_BUDGET: BudgetOptions = { qps: 200, burst: 400, maxInFlight: 64 };

/** Every so many grants, whoever waits longest goes first: a flood of writes must not starve the reads for ever. */
const FAIR_TURN = 8;

interface Waiter {
  readonly urgency: Urgency;
  readonly grant: (entered: boolean) => void;
}

export class RequestBudget {
  private readonly clock: Clock;
  private readonly options: BudgetOptions;
  /** In the order of arrival. */
  private readonly waiting: Waiter[] = [];
  private tokens: number;
  private filledAtMs: number;
  private pausedUntilMs = 0;
  private inFlight = 0;
  private grants = 0;
  private willLookAgain = false;

  constructor(clock: Clock, options: Partial<BudgetOptions> = {}) {
    this.clock = clock;
    this.options = { ...DEFAULT_BUDGET, ...options };
    this.tokens = this.options.burst;
    this.filledAtMs = clock.nowMs();
  }

  /** Waits for a turn. True: call `leave` once the request is over. False: the signal was aborted first. */
  enter(urgency: Urgency, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const giveUp = () => {
        this.waiting.splice(this.waiting.indexOf(waiter), 1);
        resolve(false);
      };
      const waiter: Waiter = {
        urgency,
        grant: () => {
          signal.removeEventListener("abort", giveUp);
          resolve(true);
        },
      };
      signal.addEventListener("abort", giveUp, { once: true });
      this.waiting.push(waiter);
      this.grantTurns();
    });
  }

  leave(): void {
    this.inFlight -= 1;
    this.grantTurns();
  }

  /** Lets no further request start for this long; a longer pause already running stays. */
  pause(ms: number): void {
    this.pausedUntilMs = Math.max(this.pausedUntilMs, this.clock.nowMs() + ms);
  }

  private grantTurns(): void {
    this.fill();
    while (this.waiting.length > 0 && this.inFlight < this.options.maxInFlight) {
      const waitMs = this.nextTurnMs();
      if (waitMs > 0) {
        this.lookAgainIn(waitMs);
        return;
      }
      this.tokens -= 1;
      this.inFlight += 1;
      this.takeNext()?.grant(true);
    }
  }

  private fill(): void {
    const nowMs = this.clock.nowMs();
    const gained = ((nowMs - this.filledAtMs) / 1000) * this.options.qps;
    this.tokens = Math.min(this.options.burst, this.tokens + gained);
    this.filledAtMs = nowMs;
  }

  private nextTurnMs(): number {
    const pausedMs = this.pausedUntilMs - this.clock.nowMs();
    const missing = 1 - this.tokens;
    return Math.max(pausedMs, missing <= 0 ? 0 : Math.ceil((missing / this.options.qps) * 1000));
  }

  private takeNext(): Waiter | undefined {
    this.grants += 1;
    if (this.grants % FAIR_TURN === 0) return this.waiting.shift();
    for (const urgency of URGENCIES) {
      const index = this.waiting.findIndex((waiter) => waiter.urgency === urgency);
      if (index >= 0) return this.waiting.splice(index, 1)[0];
    }
    return undefined;
  }

  private lookAgainIn(ms: number): void {
    if (this.willLookAgain) return;
    this.willLookAgain = true;
    void this.clock.sleep(ms).then(() => {
      this.willLookAgain = false;
      this.grantTurns();
    });
  }
}
