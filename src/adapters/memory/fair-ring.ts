/**
 * Fair sharing by virtual time: the member with the smallest time is served next, and being served moves it on by
 * 1 / weight. The same rules as `adapters/redis/scripts/lib/rings.lua`, for one process.
 */

/** What a ring shares among: it has something to serve while `size` is above 0. */
export interface Sized {
  readonly size: number;
}

/** Shares turns among members that each hold something to serve. */
export class FairRing<T extends Sized> {
  readonly #members = new Map<string, { time: number; readonly child: T }>();
  /** Times of members that left, until the ring has passed them: leaving and coming back gains nothing. */
  readonly #left = new Map<string, number>();
  readonly #makeChild: () => T;
  readonly #weightOf: (id: string) => number;
  /** Virtual time when the ring last became empty. */
  #clock = 0;

  constructor(makeChild: () => T, weightOf: (id: string) => number = () => 1) {
    this.#makeChild = makeChild;
    this.#weightOf = weightOf;
  }

  /** Members that have something to serve. */
  get size(): number {
    return this.#members.size;
  }

  /** The members that have something to serve, with what they hold. */
  *entries(): Iterable<[string, T]> {
    for (const [id, { child }] of this.#members) yield [id, child];
  }

  /** What the member holds; it joins the ring if it is new. The caller puts something into it. */
  join(id: string): T {
    const present = this.#members.get(id);
    if (present !== undefined) return present.child;
    const clock = this.#head()?.time ?? this.#clock;
    const child = this.#makeChild();
    this.#members.set(id, { time: Math.max(clock, this.#left.get(id) ?? clock), child });
    return child;
  }

  /**
   * Takes something out of the member whose turn it is; undefined when the ring is empty.
   *
   * @param fits - whether a member may be served; others are passed over
   */
  serve<R>(takeFrom: (child: T, id: string) => R, fits: (child: T, id: string) => boolean = () => true): R | undefined {
    const served = this.#head(fits);
    if (served === undefined) return undefined;
    const { id, time, child } = served;
    const taken = takeFrom(child, id);
    const finish = time + 1 / this.#weightOf(id);
    if (child.size > 0) this.#members.set(id, { time: finish, child });
    else this.#leave(id, this.#head()?.time ?? time, finish);
    return taken;
  }

  /** Takes something out of a member whose turn it is not. */
  withdraw(id: string, takeFrom: (child: T) => void): void {
    const member = this.#members.get(id);
    const head = this.#head();
    if (member === undefined || head === undefined) return;
    takeFrom(member.child);
    if (member.child.size === 0) this.#leave(id, head.time, member.time);
  }

  #leave(id: string, clock: number, kept: number): void {
    this.#members.delete(id);
    for (const [other, time] of this.#left) if (time <= clock) this.#left.delete(other);
    this.#left.set(id, kept);
    this.#clock = clock;
  }

  // A scan: one process has few clusters and namespaces with waiting keys.
  #head(
    fits: (child: T, id: string) => boolean = () => true,
  ): { readonly id: string; readonly time: number; readonly child: T } | undefined {
    let first: { id: string; time: number; child: T } | undefined;
    for (const [id, member] of this.#members) {
      if (!fits(member.child, id)) continue;
      if (first === undefined || member.time < first.time) first = { id, ...member };
    }
    return first;
  }
}
