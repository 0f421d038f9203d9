/**
 * What a worker remembers of its writes on managed objects, so that it sends none in vain. A write that the API server
 * refused, or that changed nothing, is not sent again before something it depends on changes; one that somebody reverts
 * again and again is sent ever more rarely. Bounded, in this process alone: losing it costs one request a write.
 */
import type { NotOk } from "../core/outcome.ts";
import { BoundedMap } from "./bounded-map.ts";
import type { Clock } from "./ports/clock.ts";

/** A write that is about to be sent. */
export interface PlannedWrite {
  /** Which step of which trigger writes which object. */
  readonly site: string;
  /** Hash of what is written. */
  readonly desired: string;
  /** resourceVersion of the object it was decided on; "" when there is none. */
  readonly version: string;
  /** Fingerprint of the trigger: whoever edits it wants to see it tried again. */
  readonly basis: string;
}

/** How often in a row the same content was written, and how long to wait before it is written again. */
export interface Backoff {
  readonly writes: number;
  readonly waitMs: number;
}

interface Answer extends PlannedWrite {
  readonly outcome: NotOk;
  readonly atMs: number;
}

interface Repair {
  readonly desired: string;
  readonly writes: number;
  readonly lastMs: number;
}

interface Entry {
  readonly answer?: Answer | undefined;
  /** Newest last. Several, for a step may write several contents on one object: two items that name the same one. */
  readonly repairs: readonly Repair[];
}

const MAX_SITES = 10_000;
const MAX_REPAIRS = 4;
/** So many writes of one content go out at once: repairs of edits by hand. */
const FREE_WRITES = 2;
/** The first wait; it doubles with every further write. */
const FIRST_WAIT_MS = 2000;
const MAX_WAIT_MS = 5 * 60_000;
/** Writes further apart than this, beyond their wait, are not in a row. */
const ROW_MS = 60_000;
/** An object found as it should be this long after the last write is in peace. */
const PEACE_MS = 10_000;
/** A look may come early by jitter; it must not find the wait unfinished. */
const EARLY = 0.85;

export class WriteMemory {
  readonly #clock: Clock;
  readonly #keptMs: number;
  readonly #entries = new BoundedMap<string, Entry>(MAX_SITES);

  /** `keptMs`: how long an answer stands; a little less than the resync interval, so that every resync tries again. */
  constructor(clock: Clock, keptMs: number) {
    this.#clock = clock;
    this.#keptMs = keptMs;
  }

  /** What this very write is known to come to; undefined when it must be sent to find out. */
  answer({ site, desired, version, basis }: PlannedWrite): NotOk | undefined {
    const known = this.#entries.get(site)?.answer;
    if (known === undefined || this.#clock.nowMs() - known.atMs > this.#keptMs) return undefined;
    const isSame = known.desired === desired && known.version === version && known.basis === basis;
    return isSame ? known.outcome : undefined;
  }

  /** Sending this write would come to that outcome: it was refused, or leaves the object as it is. */
  remember(write: PlannedWrite, outcome: NotOk): void {
    const repairs = this.#entries.get(write.site)?.repairs ?? [];
    this.#entries.set(write.site, { repairs, answer: { ...write, outcome, atMs: this.#clock.nowMs() } });
  }

  /** Whether a write has to wait because the same content was written, and reverted, several times in a row. */
  backoff(write: PlannedWrite): Backoff {
    const repair = this.#repair(write);
    if (repair === undefined) return { writes: 0, waitMs: 0 };
    const untilMs = repair.lastMs + waitAfter(repair.writes) * EARLY;
    return { writes: repair.writes, waitMs: Math.max(0, Math.ceil(untilMs - this.#clock.nowMs())) };
  }

  /** The write was sent and accepted. */
  sent(write: PlannedWrite): void {
    const writes = (this.#repair(write)?.writes ?? 0) + 1;
    const entry = this.#entries.get(write.site);
    const others = (entry?.repairs ?? []).filter(({ desired }) => desired !== write.desired).slice(1 - MAX_REPAIRS);
    const repair = { desired: write.desired, writes, lastMs: this.#clock.nowMs() };
    this.#entries.set(write.site, { answer: entry?.answer, repairs: [...others, repair] });
  }

  /**
   * A look found the object as it should be. Right after a write that says nothing: who reverts it may be about to.
   */
  calm(site: string): void {
    const last = this.#entries.get(site)?.repairs.at(-1);
    if (last === undefined || this.#clock.nowMs() - last.lastMs >= PEACE_MS) this.#entries.delete(site);
  }

  /** The writes of one content in a row; none once they lie too far back. */
  #repair({ site, desired }: PlannedWrite): Repair | undefined {
    const repair = this.#entries.get(site)?.repairs.find((each) => each.desired === desired);
    if (repair === undefined) return undefined;
    const endMs = repair.lastMs + waitAfter(repair.writes) + ROW_MS;
    return this.#clock.nowMs() > endMs ? undefined : repair;
  }
}

function waitAfter(writes: number): number {
  return writes < FREE_WRITES ? 0 : Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** (writes - FREE_WRITES));
}
