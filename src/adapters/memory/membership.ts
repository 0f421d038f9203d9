/** Membership within one process. Several watchers may share it in tests; the clock gives its time. */
import type { KindText } from "../../core/object-key.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import type { Membership, MembershipOverview, MembershipView } from "../../engine/ports/membership.ts";

export class MemoryMembership implements Membership {
  readonly #clock: Clock;
  /** Watcher -> when its time ends. */
  readonly #watchers = new Map<string, number>();
  readonly #owners = new Map<KindText, string>();
  #epoch: string;
  #servers = 1;

  constructor(clock: Clock, epoch = "1") {
    this.#clock = clock;
    this.#epoch = epoch;
  }

  heartbeat(watcherId: string, ttlMs: number): Promise<MembershipView> {
    const nowMs = this.#clock.nowMs();
    this.#watchers.set(watcherId, nowMs + ttlMs);
    for (const [id, endMs] of this.#watchers) if (endMs <= nowMs) this.#watchers.delete(id);
    const watchers = [...this.#watchers.keys()].sort();
    return Promise.resolve({ watchers, epoch: this.#epoch, serverRun: String(this.#servers) });
  }

  leave(watcherId: string): Promise<void> {
    this.#watchers.delete(watcherId);
    return Promise.resolve();
  }

  owners(slots: readonly KindText[]): Promise<ReadonlyMap<KindText, string>> {
    const known = slots.flatMap((slot) => {
      const owner = this.#owners.get(slot);
      return owner === undefined ? [] : [[slot, owner] as const];
    });
    return Promise.resolve(new Map(known));
  }

  claim(watcherId: string, slots: readonly KindText[], epoch: string): Promise<void> {
    if (epoch === this.#epoch) for (const slot of slots) this.#owners.set(slot, watcherId);
    return Promise.resolve();
  }

  overview(): Promise<MembershipOverview> {
    const nowMs = this.#clock.nowMs();
    const watchers = [...this.#watchers]
      .map(([id, endMs]) => ({ id, remainingMs: endMs - nowMs }))
      .filter(({ remainingMs }) => remainingMs > 0);
    return Promise.resolve({
      watchers: watchers.sort((a, b) => (a.id < b.id ? -1 : 1)),
      owners: new Map(this.#owners),
    });
  }

  /** For tests: another server answers from the same data. */
  failOver(): void {
    this.#servers += 1;
  }

  /** For tests: everybody finds another store than the one they knew. */
  loseData(): void {
    this.#epoch = `${this.#epoch}+`;
    this.#owners.clear();
  }
}
