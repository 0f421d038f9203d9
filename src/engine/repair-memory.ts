/**
 * The guard against fights: counts how often in a row the same content was written to an object because somebody
 * reverts it. After two writes the next ones wait, but never so long that the wanted state comes over 2 s after the
 * other party gives up. Workers pass the counts on as a note in the object index, so a fight shows however many take
 * part. A slow fight, minutes between two rounds, needs no waiting; its rounds are counted so that people are told.
 */
import type { KeyText } from "../core/object-key.ts";
import { BoundedMap } from "./bounded-map.ts";
import type { Clock } from "./ports/clock.ts";

/** How often in a row the same content was written, and how long to wait before it is written again. */
export interface Backoff {
  readonly writes: number;
  readonly waitMs: number;
}

interface Repair {
  readonly desired: string;
  /** Writes in a row, without peace in between. */
  readonly writes: number;
  /** Writes with any peace in between, as long as it was at most an hour. */
  readonly rounds: number;
  /** Monotonic. */
  readonly lastMs: number;
}

const MAX_PLACES = 10_000;
/** Contents remembered per object: several steps, or items, may each write some. */
const MAX_REPAIRS = 4;
/** This many writes of one content go out without a wait: they repair edits by hand. */
const FREE_WRITES = 2;
const FIRST_WAIT_MS = 1000;
/** Together with the time of a look, this stays within 2 s after the other party's last edit. */
const MAX_WAIT_MS = 1700;
/** Writes further apart than this, beyond their wait, are not in a row. */
const ROW_MS = 60_000;
/** Writes of one content further apart than this are not rounds of one fight: controllers that revert look every few minutes. */
const FIGHT_MS = 3_600_000;
/** This many rounds are no accident. */
const CONTESTED_ROUNDS = 5;
/** An object that is as it should be this long after the last write is at peace. */
const PEACE_MS = 10_000;
/** Jitter may bring a look early; the wait must be over by then. */
const EARLY = 0.85;
/** Enough of a hash to tell the contents of one object apart. */
const HASH_DIGITS = 8;

/** The key under which workers remember a place: the trigger and the object, whatever the step. */
export function placeOf(trigger: KeyText, object: KeyText): string {
  return `${trigger} ${object}`;
}

/** A place is a trigger and an object, see `placeOf`. */
export class RepairMemory {
  readonly #clock: Clock;
  readonly #repairs = new BoundedMap<string, readonly Repair[]>(MAX_PLACES);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a write has to wait because the same content was written, and reverted, several times in a row. */
  backoff(place: string, desired: string): Backoff {
    const repair = this.#of(place, desired);
    if (repair === undefined) return { writes: 0, waitMs: 0 };
    const untilMs = repair.lastMs + waitAfter(repair.writes) * EARLY;
    return { writes: repair.writes, waitMs: Math.max(0, Math.ceil(untilMs - this.#clock.nowMs())) };
  }

  /** The write was sent and accepted. */
  sent(place: string, desired: string): void {
    const writes = (this.#of(place, desired)?.writes ?? 0) + 1;
    const rounds = (this.#found(place, desired)?.rounds ?? 0) + 1;
    const repair = { desired: shortened(desired), writes, rounds, lastMs: this.#clock.nowMs() };
    const others = (this.#repairs.get(place) ?? []).filter((each) => each.desired !== repair.desired);
    this.#repairs.set(place, [...others.slice(1 - MAX_REPAIRS), repair]);
  }

  /** A look found the object as it should be. Right after a write this means nothing: it may soon be reverted. */
  calm(place: string): void {
    const last = this.#repairs.get(place)?.at(-1);
    if (last === undefined || this.#clock.nowMs() - last.lastMs < PEACE_MS) return;
    const alive = this.#alive(place).map((each) => ({ ...each, writes: 0 }));
    if (alive.length === 0) this.#repairs.delete(place);
    else this.#repairs.set(place, alive);
  }

  /** Whether the same content was written so often, each time soon enough after the last, that somebody must be reverting it. */
  isContested(place: string, desired: string): boolean {
    return (this.#found(place, desired)?.rounds ?? 0) >= CONTESTED_ROUNDS;
  }

  /** What is known of a place, for other workers; "" when nothing is. */
  note(place: string): string {
    const ahead = this.#clock.wallMs() - this.#clock.nowMs();
    const texts = this.#alive(place).map(({ desired, rounds, lastMs }) => {
      const writes = this.#of(place, desired)?.writes ?? 0;
      return `${desired}:${writes}:${Math.round(lastMs + ahead)}:${rounds}`;
    });
    return texts.join(",");
  }

  /** Takes over what another worker noted, where that is newer. Unreadable parts are ignored. */
  learn(place: string, note: string): void {
    const ahead = this.#clock.wallMs() - this.#clock.nowMs();
    const own = this.#repairs.get(place) ?? [];
    const noted = note.split(",").flatMap((text) => {
      const [desired = "", writes, wallMs, rounds = writes] = text.split(":");
      // A clock that is ahead of ours must not make anybody wait for longer than the longest wait.
      const lastMs = Math.min(Number(wallMs) - ahead, this.#clock.nowMs());
      const isNewer = own.every(
        (each) => each.desired !== desired || lastMs > each.lastMs || Number(writes) > each.writes,
      );
      const isCount = Number(writes) >= 0 && Number(rounds) > 0;
      return Number.isFinite(lastMs) && isCount && isNewer
        ? [{ desired, writes: Number(writes), rounds: Number(rounds), lastMs }]
        : [];
    });
    if (noted.length === 0) return;
    const others = own.filter((each) => noted.every(({ desired }) => desired !== each.desired));
    const all = [...others, ...noted].sort((a, b) => a.lastMs - b.lastMs);
    this.#repairs.set(place, all.slice(-MAX_REPAIRS));
  }

  /** The writes of one content in a row; none once they lie too far back. */
  #of(place: string, desired: string): Repair | undefined {
    const repair = this.#found(place, desired);
    if (repair === undefined || repair.writes === 0) return undefined;
    const endMs = repair.lastMs + waitAfter(repair.writes) + ROW_MS;
    return this.#clock.nowMs() > endMs ? undefined : repair;
  }

  #found(place: string, desired: string): Repair | undefined {
    return this.#alive(place).find((each) => each.desired === shortened(desired));
  }

  /** The repairs that may still count as rounds of a fight. */
  #alive(place: string): readonly Repair[] {
    const nowMs = this.#clock.nowMs();
    return (this.#repairs.get(place) ?? []).filter(({ lastMs }) => nowMs - lastMs <= FIGHT_MS);
  }
}

function shortened(desired: string): string {
  return desired.slice(0, HASH_DIGITS);
}

function waitAfter(writes: number): number {
  return writes < FREE_WRITES ? 0 : Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** (writes - FREE_WRITES));
}
