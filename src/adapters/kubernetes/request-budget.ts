/**
 * How fast we may talk to one cluster: a token bucket (requests a second, with a burst), a bound on requests in flight,
 * and a pause when the server asks for one. When there is a queue, status writes go before other writes before reads
 * before questions about our own rights, and tenants take turns: one whose requests hang (a slow webhook) or are many
 * leaves room for the others.
 */
import type { Clock } from "../../engine/ports/clock.ts";
import { TurnQueue, type Waiting } from "./turn-queue.ts";

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

/** Once in this many grants the longest waiter goes first: a flood of writes must not starve the reads for ever. */
const FAIR_TURN = 8;
/** How long, at most, a request waits for its turn. */
const TURN_TIMEOUT_MS = 60_000;

/** On whose behalf a request is made, and how urgent it is. */
export interface Asker {
  /** Absent: the process's own. */
  readonly tenant: string | undefined;
  readonly urgency: Urgency;
}

/** The result of waiting: `late` after a minute without a turn. */
export type Turn = "granted" | "aborted" | "late";

interface Waiter extends Asker, Waiting {
  readonly settle: (turn: Turn) => void;
}

export class RequestBudget {
  readonly #clock: Clock;
  readonly #options: BudgetOptions;
  readonly #waiting: Readonly<Record<Urgency, TurnQueue<Waiter>>> = {
    status: new TurnQueue(),
    write: new TurnQueue(),
    read: new TurnQueue(),
    review: new TurnQueue(),
  };
  /** How many requests each tenant has in flight, if any. */
  readonly #inFlightOf = new Map<string | undefined, number>();
  #tokens: number;
  #filledAtMs: number;
  #pausedUntilMs = 0;
  #inFlight = 0;
  #grants = 0;
  #arrivals = 0;
  #willLookAgain = false;

  constructor(clock: Clock, options: Partial<BudgetOptions> = {}) {
    this.#clock = clock;
    this.#options = { ...DEFAULT_BUDGET, ...options };
    this.#tokens = this.#options.burst;
    this.#filledAtMs = clock.nowMs();
  }

  /** Waits for a turn. Granted: call `leave` once the request is over. */
  enter(asker: Asker, signal: AbortSignal): Promise<Turn> {
    if (signal.aborted) return Promise.resolve("aborted");
    return new Promise((resolve) => {
      const settled = new AbortController();
      const giveUp = (turn: Turn) => {
        this.#waiting[asker.urgency].remove(waiter);
        waiter.settle(turn);
      };
      const abort = () => giveUp("aborted");
      const waiter: Waiter = {
        ...asker,
        arrival: (this.#arrivals += 1),
        settle: (turn) => {
          signal.removeEventListener("abort", abort);
          settled.abort();
          resolve(turn);
        },
      };
      this.#waiting[asker.urgency].add(waiter);
      this.#grantTurns();
      if (settled.signal.aborted) return;
      signal.addEventListener("abort", abort, { once: true });
      void this.#clock.sleep(TURN_TIMEOUT_MS, settled.signal).then(() => {
        if (!settled.signal.aborted) giveUp("late");
      });
    });
  }

  /** @param tenant - the tenant that entered */
  leave(tenant: string | undefined): void {
    this.#count(tenant, -1);
    this.#grantTurns();
  }

  /** Lets no further request start for this long; a longer pause already running stays. */
  pause(ms: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#clock.nowMs() + ms);
  }

  #grantTurns(): void {
    this.#fill();
    for (let waiter = this.#next(); waiter !== undefined; waiter = this.#next()) {
      const waitMs = this.#nextTurnMs();
      if (waitMs > 0) {
        this.#lookAgainIn(waitMs);
        return;
      }
      this.#tokens -= 1;
      this.#grants += 1;
      this.#count(waiter.tenant, 1);
      this.#waiting[waiter.urgency].take(waiter);
      waiter.settle("granted");
    }
  }

  /**
   * The waiter whose turn is next. A tenant may start another request while it has fewer in flight than are free: alone
   * it gets half of all, and later tenants find room. Undefined while the rest is kept for tenants that do not wait.
   */
  #next(): Waiter | undefined {
    const free = this.#options.maxInFlight - this.#inFlight;
    const mayStart = (tenant: string | undefined) => (this.#inFlightOf.get(tenant) ?? 0) < free;
    if ((this.#grants + 1) % FAIR_TURN === 0) {
      const oldest = URGENCIES.map((urgency) => this.#waiting[urgency].oldest(mayStart));
      return oldest.reduce((a, b) => (a === undefined || (b?.arrival ?? Infinity) < a.arrival ? b : a));
    }
    for (const urgency of URGENCIES) {
      const waiter = this.#waiting[urgency].next(mayStart);
      if (waiter !== undefined) return waiter;
    }
    return undefined;
  }

  #count(tenant: string | undefined, more: number): void {
    this.#inFlight += more;
    const own = (this.#inFlightOf.get(tenant) ?? 0) + more;
    if (own === 0) this.#inFlightOf.delete(tenant);
    else this.#inFlightOf.set(tenant, own);
  }

  #fill(): void {
    const nowMs = this.#clock.nowMs();
    const gained = ((nowMs - this.#filledAtMs) / 1000) * this.#options.qps;
    this.#tokens = Math.min(this.#options.burst, this.#tokens + gained);
    this.#filledAtMs = nowMs;
  }

  #nextTurnMs(): number {
    const pausedMs = this.#pausedUntilMs - this.#clock.nowMs();
    const missing = 1 - this.#tokens;
    return Math.max(pausedMs, missing <= 0 ? 0 : Math.ceil((missing / this.#options.qps) * 1000));
  }

  #lookAgainIn(ms: number): void {
    if (this.#willLookAgain) return;
    this.#willLookAgain = true;
    void this.#clock.sleep(ms).then(() => {
      this.#willLookAgain = false;
      this.#grantTurns();
    });
  }
}
