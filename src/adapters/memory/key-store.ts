/**
 * The queue of keys for one process: the semantics of `adapters/redis` without a server. It is what `dev`, small
 * installations and unit tests run on; a restart lists and enqueues anew.
 */
import type { KeyText } from "../../core/object-key.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import type {
  HeldKey,
  KeyStore,
  QueuedKey,
  QueuePage,
  QueueStats,
  RunEnd,
  RunEndState,
  Taken,
  TakeRequest,
  TenantLoad,
  Trigger,
  WorkClass,
} from "../../engine/ports/key-store.ts";
import { FairKeys } from "./fair-keys.ts";
import { KeyHeap } from "./key-heap.ts";

export interface MemoryKeyStoreOptions {
  readonly clock: Clock;
  /**
   * True: a lease that is not renewed is lost, as on Redis; for tests. Default false: within one process a stalled event
   * loop stalls everybody, so an expired lease would only make two runs of a key overlap.
   */
  readonly leasesEnd?: boolean;
}

/** A wish for a run: its class, since when, why. */
interface Wish {
  workClass: WorkClass;
  readonly since: number;
  readonly causes: readonly string[];
}

/** A key that waits or runs; a running one has a `lease`, and `dirty` if a wish came. Idle keys have no state. */
interface State extends Wish {
  /** Not to be pre-empted: it follows a pre-empted run. */
  readonly isCalm: boolean;
  readonly lease?: { readonly fence: number; readonly owner: string };
  dirty?: Wish;
}

const MAX_CAUSES = 8;
const POISON_FAILURES = 3;
const POISON_BASE_MS = 1000;
const POISON_MAX_MS = 300_000;

/** KeyStore in one process. */
export class MemoryKeyStore implements KeyStore {
  readonly ready = Promise.resolve();
  readonly leasesEnd: boolean;
  readonly minWaitMs = 1;
  readonly maxWaitMs = 2 ** 31 - 1;
  readonly #clock: Clock;
  readonly #states = new Map<KeyText, State>();
  readonly #waiting = new FairKeys();
  /** Running keys by the end of their lease. */
  readonly #running = new KeyHeap();
  readonly #due = new KeyHeap();
  readonly #dueWishes = new Map<KeyText, Wish>();
  readonly #failures = new Map<KeyText, number>();
  readonly #sleepers = new Set<() => void>();
  #isWakePending = false;
  #fence = 0;
  #lostLeases = 0;
  #staleEnds = 0;

  constructor(options: MemoryKeyStoreOptions) {
    this.#clock = options.clock;
    this.leasesEnd = options.leasesEnd ?? false;
  }

  trigger(items: readonly Trigger[]): Promise<void> {
    const now = this.#clock.nowMs();
    for (const { key, workClass, afterMs = 0, cause } of items) {
      const causes = cause === undefined ? [] : [cause];
      if (afterMs > 0) this.#delay(key, now + afterMs, { workClass, since: now, causes });
      else this.#enqueue(key, { workClass, since: now, causes });
    }
    return Promise.resolve();
  }

  take(request: TakeRequest): Promise<Taken> {
    return Promise.resolve(this.#take(request));
  }

  done(run: HeldKey, end: RunEnd, next?: TakeRequest): Promise<{ state: RunEndState; next?: Taken }> {
    const state = this.#finish(run, end);
    return Promise.resolve(next === undefined ? { state } : { state, next: this.#take(next) });
  }

  extend(runs: readonly HeldKey[], leaseMs: number): Promise<{ lost: number[]; urgent: number[] }> {
    const lost: number[] = [];
    const urgent: number[] = [];
    for (const run of runs) {
      const { key, fence } = run;
      const state = this.#heldState(run);
      if (state === undefined) {
        lost.push(fence);
        continue;
      }
      this.#running.put(key, this.#leaseEnd(leaseMs));
      if (state.dirty?.workClass === 1 && !state.isCalm) urgent.push(fence);
    }
    return Promise.resolve({ lost, urgent });
  }

  reclaim(owner: string, heldFences: readonly number[], everything = false): Promise<number> {
    if (!everything) return Promise.resolve(0); // in memory there is no earlier connection
    const held = new Set(heldFences);
    const lost = [...this.#states].filter(([, { lease }]) => lease?.owner === owner && !held.has(lease.fence));
    for (const [key, state] of lost) this.#lose(key, state, false);
    if (!this.#waiting.isEmpty) this.#wake();
    return Promise.resolve(lost.length);
  }

  async wait(ms: number, abort: AbortSignal): Promise<void> {
    if (this.#isWakePending || abort.aborted) {
      this.#isWakePending = false;
      return;
    }
    const woken = new AbortController();
    const wake = () => woken.abort();
    this.#sleepers.add(wake);
    await this.#clock.sleep(Math.min(ms, this.maxWaitMs), AbortSignal.any([woken.signal, abort]));
    this.#sleepers.delete(wake);
  }

  stats(): Promise<QueueStats> {
    return Promise.resolve({
      waiting: this.#states.size - this.#running.size,
      running: this.#running.size,
      delayed: this.#due.size,
      failing: this.#failures.size,
      lostLeases: this.#lostLeases,
      staleEnds: this.#staleEnds,
    });
  }

  /** All keys at once: one process has few. */
  page(): Promise<QueuePage> {
    const now = this.#clock.nowMs();
    const failures = (key: KeyText) => this.#failures.get(key) ?? 0;
    const states = [...this.#states].map(([key, { workClass, since, causes, lease }]): QueuedKey => {
      const leftMs = (this.#running.timeOf(key) ?? now) - now;
      return {
        key,
        workClass,
        causes,
        failures: failures(key),
        ageMs: now - since,
        owner: lease?.owner ?? "",
        ...(lease === undefined ? { state: "waiting", remainingMs: 0 } : { state: "running", remainingMs: leftMs }),
      };
    });
    const delayed = [...this.#dueWishes].map(([key, { workClass, causes }]): QueuedKey => {
      const remainingMs = Math.max(0, (this.#due.timeOf(key) ?? now) - now);
      return { key, state: "delayed", workClass, causes, failures: failures(key), ageMs: 0, remainingMs, owner: "" };
    });
    return Promise.resolve({ keys: [...states, ...delayed], next: undefined });
  }

  load(maxTenants: number): Promise<readonly TenantLoad[]> {
    return Promise.resolve(this.#waiting.load(this.#clock.nowMs(), maxTenants));
  }

  onReconnect(): () => void {
    return () => undefined;
  }

  onError(): () => void {
    return () => undefined;
  }

  close(): Promise<void> {
    for (const wake of this.#sleepers) wake();
    return Promise.resolve();
  }

  #enqueue(key: KeyText, wish: Wish): void {
    const state = this.#states.get(key);
    if (state === undefined) {
      this.#makeWaiting(key, wish);
    } else if (state.lease !== undefined) {
      state.dirty = state.dirty === undefined ? wish : merged(state.dirty, wish);
    } else {
      const better = merged(state, wish);
      if (better.workClass !== state.workClass) {
        this.#waiting.remove(key, state.workClass);
        this.#waiting.put(key, better.workClass, state.since);
      }
      this.#states.set(key, { ...better, isCalm: state.isCalm });
    }
  }

  #makeWaiting(key: KeyText, wish: Wish, isCalm = false): void {
    const { workClass, since, causes } = wish;
    this.#states.set(key, { workClass, since, causes, isCalm });
    this.#waiting.put(key, workClass, since);
    this.#wake();
  }

  /** The earliest time and the best class of several delays stand; a waiting key runs sooner anyway. */
  #delay(key: KeyText, time: number, wish: Wish): void {
    const state = this.#states.get(key);
    if (state !== undefined && state.lease === undefined) return;
    const [earlier, earlierTime] = [this.#dueWishes.get(key), this.#due.timeOf(key)];
    this.#dueWishes.set(key, earlier === undefined ? wish : merged(earlier, wish));
    this.#due.put(key, Math.min(time, earlierTime ?? time));
    if (this.#due.first()?.key === key) this.#wake(); // sleepers know only of later times
  }

  #takeDueCauses(key: KeyText): readonly string[] {
    const causes = this.#dueWishes.get(key)?.causes ?? [];
    this.#due.delete(key);
    this.#dueWishes.delete(key);
    return causes;
  }

  #take(request: TakeRequest): Taken {
    const now = this.#clock.nowMs();
    this.#upkeep(now);
    const key = this.#waiting.pop(new Set(request.passOver));
    const state = key === undefined ? undefined : this.#states.get(key);
    if (key === undefined || state === undefined) {
      if (this.#waiting.isEmpty) return { lookAgainMs: this.#lookAgainMs(now) };
      this.#wake(); // somebody else takes what was passed over
      return { lookAgainMs: this.#lookAgainMs(now), isPassedOver: true };
    }
    const { workClass, since, isCalm } = state;
    const causes = joined(state.causes, this.#takeDueCauses(key)); // this run supersedes any later look
    const fence = (this.#fence += 1);
    const { owner } = request;
    this.#states.set(key, { workClass, since, causes, isCalm, lease: { fence, owner } });
    this.#running.put(key, this.#leaseEnd(request.leaseMs));
    if (!this.#waiting.isEmpty) this.#wake();
    const waitedMs = Math.round(now - since);
    return { run: { key, fence, owner, workClass, waitedMs, causes, failures: this.#failures.get(key) ?? 0 } };
  }

  #finish(run: HeldKey, end: RunEnd): RunEndState {
    const { key } = run;
    const state = this.#heldState(run);
    if (state === undefined) {
      this.#staleEnds += 1;
      return "stale";
    }
    this.#running.delete(key);
    const { dirty } = state;
    if (end.kind === "interrupted") {
      this.#makeWaiting(key, dirty === undefined ? state : merged(state, dirty), dirty !== undefined);
      return "again";
    }
    const own = end.cause === undefined ? [] : [end.cause];
    const causes = end.kind === "failed" ? joined(state.causes, own) : own; // the causes are still unanswered
    const afterMs = end.kind === "failed" ? this.#backoffMs(key, end.baseMs, end.maxMs) : end.afterMs;
    if (end.kind === "done") this.#failures.delete(key);
    if (dirty !== undefined) {
      this.#makeWaiting(key, end.kind === "failed" ? { ...dirty, causes: joined(causes, dirty.causes) } : dirty);
      return "again";
    }
    this.#states.delete(key);
    const now = this.#clock.nowMs();
    const workClass = end.kind === "failed" ? 2 : (end.workClass ?? 3);
    if (afterMs !== undefined) this.#delay(key, now + afterMs, { workClass, since: now, causes });
    return this.#dueWishes.has(key) ? "later" : "idle";
  }

  /** The state of a key while the asker holds it. */
  #heldState({ key, fence, owner }: HeldKey): State | undefined {
    const state = this.#states.get(key);
    return state?.lease?.fence === fence && state.lease.owner === owner ? state : undefined;
  }

  #backoffMs(key: KeyText, baseMs: number, maxMs: number): number {
    const failures = this.#countFailure(key);
    return Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30)) * (0.5 + this.#clock.random() / 2);
  }

  #countFailure(key: KeyText): number {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    return failures;
  }

  /** Ends a lease whose run did not end. A key that keeps killing its workers pauses. */
  #lose(key: KeyText, state: State, isFailure: boolean): void {
    this.#running.delete(key);
    this.#lostLeases += 1;
    const wish = state.dirty === undefined ? state : merged(state, state.dirty);
    const failures = isFailure ? this.#countFailure(key) : 0;
    if (failures < POISON_FAILURES) {
      this.#makeWaiting(key, wish);
      return;
    }
    this.#states.delete(key);
    const pauseMs = Math.min(POISON_MAX_MS, POISON_BASE_MS * 2 ** (failures - POISON_FAILURES));
    this.#delay(key, this.#clock.nowMs() + pauseMs, wish);
  }

  /** Ends delays that are over and leases that ran out. */
  #upkeep(now: number): void {
    for (let due = this.#due.first(); due !== undefined && due.time <= now; due = this.#due.first()) {
      const wish = this.#dueWishes.get(due.key);
      this.#takeDueCauses(due.key);
      if (wish !== undefined) this.#enqueue(due.key, { ...wish, since: now });
    }
    for (let held = this.#running.first(); held !== undefined && held.time <= now; held = this.#running.first()) {
      const state = this.#states.get(held.key);
      if (state !== undefined) this.#lose(held.key, state, true);
    }
  }

  #leaseEnd(leaseMs: number): number {
    return this.leasesEnd ? this.#clock.nowMs() + leaseMs : Infinity;
  }

  #lookAgainMs(now: number): number {
    const soonest = Math.min(this.#due.first()?.time ?? Infinity, this.#running.first()?.time ?? Infinity);
    return soonest === Infinity ? 0 : Math.max(1, Math.ceil(soonest - now));
  }

  /** Wakes one sleeper, or the next one to come; it passes the wake on when more is waiting. */
  #wake(): void {
    const [first] = this.#sleepers;
    if (first === undefined) {
      this.#isWakePending = true;
      return;
    }
    this.#sleepers.delete(first);
    first();
  }
}

/** The first wish, with the better class of the two and the causes of both. */
function merged(wish: Wish, other: Wish): Wish {
  const workClass = other.workClass < wish.workClass ? other.workClass : wish.workClass;
  return { workClass, since: wish.since, causes: joined(wish.causes, other.causes) };
}

/** The first causes stay: they tell where the work began. */
function joined(causes: readonly string[], more: readonly string[]): readonly string[] {
  return more.length === 0 ? causes : [...causes, ...more].slice(0, MAX_CAUSES);
}
