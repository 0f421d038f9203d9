/**
 * Spreads an edited Workflow or function to all triggers of a kind: each is woken once, some at once and the rest
 * paced. The ledger holds the plan that was spread last, written only after the queue has every wake-up: a watcher that
 * dies in between leaves the whole spread to its successor.
 */
import type { KeyText } from "../../core/object-key.ts";
import type { Catalog } from "../../core/plan/catalog.ts";
import type { Cause } from "../ports/reconcile-queue.ts";
import type { PendingWakeUps } from "./pending-wake-ups.ts";
import { untilReached } from "./until-reached.ts";
import type { FollowedKind, WatcherPorts } from "./watcher-ports.ts";

/** This many keys go at once, the others at this many per second: a canary and a pace. */
const SPREAD_AT_ONCE = 200;
const SPREAD_PER_SECOND = 200;

/** How long the nth key of a spread waits, in milliseconds. */
export function paceMs(index: number): number {
  return Math.round((Math.max(0, index - SPREAD_AT_ONCE) / SPREAD_PER_SECOND) * 1000);
}

/** What is watched on its own: a namespace, or (undefined) all of them together. */
export type Scope = string | undefined;

export class PlanSpread {
  readonly #kind: FollowedKind;
  readonly #ports: WatcherPorts;
  readonly #pending: PendingWakeUps;
  readonly #catalog: () => Catalog;
  /** The plan in the ledger; undefined until that was read. */
  #recorded: string | undefined;
  #scopes: readonly Scope[] = [undefined];
  /** By scope: the plan whose spread was begun, and the one whose spread the queue has. */
  readonly #begun = new Map<Scope, string>();
  readonly #sent = new Map<Scope, string>();

  constructor(kind: FollowedKind, ports: WatcherPorts, pending: PendingWakeUps, catalog: () => Catalog) {
    this.#kind = kind;
    this.#ports = ports;
    this.#pending = pending;
    this.#catalog = catalog;
  }

  /** Sets the scopes: a plan counts as spread once it is spread in all of them. */
  setScopes(scopes: readonly Scope[]): void {
    this.#scopes = scopes;
  }

  /**
   * Wakes these keys if the plan of their kind differs from the one spread last in their scope.
   *
   * @param keys - all keys of the scope that follow the plan, except those woken anyway: their runs see the new plan
   */
  async follow(scope: Scope, keys: Iterable<KeyText>, signal: AbortSignal): Promise<void> {
    const { slot } = this.#kind;
    const read = () => this.#ports.ledger.spreadPlan(slot);
    this.#recorded ??= await untilReached(read, "reading the ledger", this.#ports, signal);
    if (this.#recorded === undefined) return;
    const plan = this.#catalog().planHashFor(this.#kind);
    if ((this.#begun.get(scope) ?? this.#recorded) === plan) return;
    this.#begun.set(scope, plan);
    const { epoch } = this.#pending;
    this.#spread(scope, [...keys], () => {
      this.#sent.set(scope, plan);
      void this.#record(plan, epoch, signal);
    });
  }

  /** A later spread of the scope replaces one that the queue has not taken yet. */
  #spread(scope: Scope, keys: readonly KeyText[], onAllSent: () => void): void {
    let left = keys.length;
    if (left === 0) onAllSent();
    const onSent = {
      name: `${this.#kind.slot} ${scope ?? ""}`,
      tell: () => {
        left -= 1;
        if (left === 0) onAllSent();
      },
    };
    const cause: Cause = { reason: "definition", atMs: this.#ports.clock.wallMs() };
    for (const [index, key] of keys.entries()) {
      const afterMs = paceMs(index);
      this.#pending.add({ key, workClass: 3, cause, ...(afterMs === 0 ? {} : { afterMs }) }, { onSent });
    }
  }

  /** A scope that cannot be listed keeps the plan from being recorded: the next owner then only spreads it again. */
  async #record(plan: string, epoch: string, signal: AbortSignal): Promise<void> {
    if (this.#scopes.some((scope) => (this.#sent.get(scope) ?? this.#recorded) !== plan)) return;
    const write = () => this.#ports.ledger.recordSpreadPlan(this.#kind.slot, plan, epoch);
    await untilReached(write, "writing the ledger", this.#ports, signal);
  }
}
