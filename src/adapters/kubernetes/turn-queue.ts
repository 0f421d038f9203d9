/**
 * The queue of those who wait for a turn: tenants take turns; within a tenant, first come, first served.
 * `request-budget.ts` decides when there is a turn to give, and keeps one such queue per urgency.
 */

/** What waits. */
export interface Waiting {
  readonly tenant: string | undefined;
  /** Counts up over all waiters: the smaller the number, the longer the wait. */
  readonly arrival: number;
}

export class TurnQueue<T extends Waiting> {
  /** The waiters of each tenant, by arrival; the tenants in the order of their turns. */
  readonly #tenants = new Map<string | undefined, T[]>();

  add(waiting: T): void {
    const own = this.#tenants.get(waiting.tenant);
    if (own === undefined) this.#tenants.set(waiting.tenant, [waiting]);
    else own.push(waiting);
  }

  /** Takes out a waiter that gave up. */
  remove(waiting: T): void {
    const own = this.#tenants.get(waiting.tenant) ?? [];
    const index = own.indexOf(waiting);
    if (index >= 0) own.splice(index, 1);
    if (own.length === 0) this.#tenants.delete(waiting.tenant);
  }

  /** The waiter whose turn it is among the tenants that may have one. */
  next(mayStart: (tenant: string | undefined) => boolean): T | undefined {
    for (const [tenant, [first]] of this.#tenants) if (mayStart(tenant)) return first;
    return undefined;
  }

  /** The longest waiter among the tenants that may have a turn. */
  oldest(mayStart: (tenant: string | undefined) => boolean): T | undefined {
    let oldest: T | undefined;
    for (const [tenant, [first]] of this.#tenants) {
      if (first !== undefined && first.arrival < (oldest?.arrival ?? Infinity) && mayStart(tenant)) oldest = first;
    }
    return oldest;
  }

  /** Takes out a waiter that has its turn; its tenant is last now. */
  take(waiting: T): void {
    this.remove(waiting);
    const rest = this.#tenants.get(waiting.tenant);
    if (rest === undefined) return;
    this.#tenants.delete(waiting.tenant);
    this.#tenants.set(waiting.tenant, rest);
  }
}
