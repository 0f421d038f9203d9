/**
 * The runs this worker holds a lease on: renews the leases, stops a run whose lease is gone, and knows how long each may
 * still write. BullMQ's own lock manager is not used: it leaves out runs that were taken and not yet started, and it
 * waits for an answer that a silent Redis never gives, while here the local clock decides.
 */
import { tenantOf } from "../../core/object-key.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import type { KeyStore, TakenRun } from "../../engine/ports/key-store.ts";
import type { Interruption } from "../../engine/ports/reconcile-queue.ts";

export interface HeldRunsOptions {
  readonly store: KeyStore;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly onError: (error: unknown) => void;
  /** A lease was lost while its run went on. */
  readonly onLeaseLost: (run: TakenRun) => void;
}

/** One run that is held. */
export interface HeldRun {
  readonly run: TakenRun;
  /** Aborted with an `Interruption` as its reason. */
  readonly signal: AbortSignal;
  /** Milliseconds the run may still write, counted from before its lease was asked for. */
  leaseLeftMs(): number;
}

interface Entry extends HeldRun {
  readonly stopper: AbortController;
  /** On the monotonic clock; 0 once the lease is gone. */
  deadline: number;
}

/** Share of the lease after which it is renewed: 3 s of 10 s, so that two renewals may fail. */
const RENEW_AFTER = 0.3;
/** A tenant may hold up to this many times the free places: alone, four fifths of all places. */
const SHARE_OF_FREE = 4;
/** How often the local clock is looked at: 50 times a lease. */
const BEATS = 50;

/** Runs by job id. */
export class HeldRuns {
  readonly #options: HeldRunsOptions;
  readonly #entries = new Map<string, Entry>();
  #timer: NodeJS.Timeout | undefined;
  #isRenewing = false;
  #renewedAt = 0;

  constructor(options: HeldRunsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Fences of all held runs. */
  fences(): number[] {
    return [...this.#entries.values()].map((entry) => entry.run.fence);
  }

  ids(): string[] {
    return [...this.#entries.keys()];
  }

  /**
   * Tenants that hold so many of `places`, compared with the free ones, that they must start no further run: some place
   * is left for tenants that come later.
   *
   * @param ending - the run that ends with the question
   */
  crowding(places: number, ending?: string): readonly string[] {
    const counts = new Map<string, number>();
    let free = places;
    for (const [id, { run }] of this.#entries) {
      if (id === ending) continue;
      const tenant = tenantOf(run.key);
      counts.set(tenant, (counts.get(tenant) ?? 0) + 1);
      free -= 1;
    }
    return [...counts].flatMap(([tenant, count]) => (count >= SHARE_OF_FREE * free ? [tenant] : []));
  }

  get(id: string): HeldRun | undefined {
    return this.#entries.get(id);
  }

  /**
   * @param askedAt - monotonic time from before the lease was asked for
   * @returns the id of the run: unique, because a worker may take a key again while its superseded run still ends
   */
  add(run: TakenRun, askedAt: number): string {
    const id = `${run.fence}:${run.key}`;
    const stopper = new AbortController();
    const entry: Entry = {
      run,
      stopper,
      signal: stopper.signal,
      deadline: askedAt + this.#options.leaseMs,
      leaseLeftMs: () => Math.max(0, entry.deadline - this.#options.clock.nowMs()),
    };
    this.#entries.set(id, entry);
    return id;
  }

  /** The run ended, or was handed back: it may write no more. */
  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.deadline = 0;
    this.#entries.delete(id);
  }

  interruptAll(why: Interruption): void {
    for (const entry of this.#entries.values()) this.#interrupt(entry, why);
  }

  /** Begins to renew and to watch the clock. */
  start(): void {
    this.#timer ??= setInterval(() => void this.beat(), this.#options.leaseMs / BEATS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Stops runs without a lease and renews what is due. A lease that gets no answer is lost too. */
  async beat(): Promise<void> {
    const { clock, leaseMs } = this.#options;
    this.stopExpired();
    if (clock.nowMs() - this.#renewedAt >= leaseMs * RENEW_AFTER) await this.renew();
  }

  /** Stops the runs whose lease ends before the next beat. A process that was paused learns here what it missed. */
  stopExpired(): void {
    const { store, clock, leaseMs } = this.#options;
    if (!store.leasesEnd) return;
    const nextBeat = clock.nowMs() + leaseMs / BEATS; // too late for a lease that ends before it
    for (const entry of this.#entries.values()) if (entry.deadline <= nextBeat) this.#interrupt(entry, "lease-lost");
  }

  /** Renews all leases now, if that is not under way. Never rejects. */
  async renew(): Promise<void> {
    if (this.#isRenewing || this.#entries.size === 0) return;
    const { store, clock, leaseMs, onError } = this.#options;
    const entries = [...this.#entries.values()];
    const askedAt = clock.nowMs();
    this.#isRenewing = true;
    this.#renewedAt = askedAt;
    try {
      const answer = await store.extend(
        entries.map((entry) => entry.run),
        leaseMs,
      );
      const [lost, urgent] = [new Set(answer.lost), new Set(answer.urgent)];
      const stillHeld = new Set(this.#entries.values()); // the answer says nothing about a run that ended meanwhile
      for (const entry of entries) if (stillHeld.has(entry)) this.#renewed(entry, askedAt, lost, urgent);
    } catch (error) {
      onError(error);
    } finally {
      this.#isRenewing = false;
    }
  }

  #renewed(entry: Entry, askedAt: number, lost: ReadonlySet<number>, urgent: ReadonlySet<number>): void {
    const { fence } = entry.run;
    if (lost.has(fence)) {
      this.#interrupt(entry, "lease-lost");
      return;
    }
    // A run that was stopped stays stopped: somebody may have been told of it.
    if (entry.deadline > 0) entry.deadline = askedAt + this.#options.leaseMs;
    if (urgent.has(fence)) this.#interrupt(entry, "superseded");
  }

  #interrupt(entry: Entry, why: Interruption): void {
    if (why === "lease-lost" && entry.deadline > 0) {
      entry.deadline = 0;
      this.#options.onLeaseLost(entry.run);
    }
    entry.stopper.abort(why);
  }
}
