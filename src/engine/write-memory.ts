/**
 * What a worker remembers of its writes on managed objects, so that it sends none in vain: a write that the API server
 * refused, or that changed nothing, is not sent again before something it depends on changes. The memory is bounded and
 * local to this process: losing it costs one request per write.
 */
import type { NotOk } from "../core/outcome.ts";
import { BoundedMap } from "./bounded-map.ts";
import type { Clock } from "./ports/clock.ts";

/** A write that is about to be sent. */
export interface PlannedWrite {
  /** Which step of which trigger writes which object. */
  readonly site: string;
  /** Which trigger writes which object. */
  readonly place: string;
  /** Hash of what is written. */
  readonly desired: string;
  /** resourceVersion of the object it was decided on; "" when there is none. */
  readonly version: string;
  /** Fingerprint of the trigger: an edit of the trigger means another try. */
  readonly basis: string;
}

interface Answer extends PlannedWrite {
  readonly outcome: NotOk;
  readonly atMs: number;
}

const MAX_SITES = 10_000;

export class WriteMemory {
  readonly #clock: Clock;
  readonly #keptMs: number;
  readonly #answers = new BoundedMap<string, Answer>(MAX_SITES);

  /** `keptMs`: how long an answer stands; a little less than the resync interval, so that every resync tries again. */
  constructor(clock: Clock, keptMs: number) {
    this.#clock = clock;
    this.#keptMs = keptMs;
  }

  /** The known outcome of this very write; undefined when it must be sent to find out. */
  answer({ site, desired, version, basis }: PlannedWrite): NotOk | undefined {
    const known = this.#answers.get(site);
    if (known === undefined || this.#clock.nowMs() - known.atMs > this.#keptMs) return undefined;
    const isSame = known.desired === desired && known.version === version && known.basis === basis;
    return isSame ? known.outcome : undefined;
  }

  /** Notes what sending this write leads to: it was refused, or leaves the object as it is. */
  remember(write: PlannedWrite, outcome: NotOk): void {
    this.#answers.set(write.site, { ...write, outcome, atMs: this.#clock.nowMs() });
  }
}
