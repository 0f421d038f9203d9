/**
 * A watcher process' work: says that it lives, computes which slots are its own, watches those, and lets go of the others
 * once their new owner has listed (make before break). Slots come and go with the definitions and inventories. Where the
 * shared state was lost, everything is listed and woken again.
 */
import { formatKey, type GroupKind } from "../../core/object-key.ts";
import { assignSlots, slotsOf, type SlotId } from "../../core/slot.ts";
import type { DefinitionCache } from "../definitions.ts";
import { StoreUnavailable } from "../ports/key-store.ts";
import type { MembershipView } from "../ports/membership.ts";
import { kindText } from "../ports/object-index.ts";
import { DefinitionFollower, definitionsSlot } from "./definition-follower.ts";
import { KindWatch, type KindRole } from "./kind-watch.ts";
import { PendingWakeUps } from "./pending-wake-ups.ts";
import type { WatcherOptions, WatcherPorts } from "./watcher-ports.ts";

const HEARTBEAT_MS = 2000;
const MEMBER_TTL_MS = 8000;
/** How often ownership is looked at while nothing nudges. */
const TICK_MS = 1000;
/** Without an answer to a heartbeat for this long the watcher is not ready. */
const STALE_MS = 15_000;

export class Watcher {
  readonly #ports: WatcherPorts;
  readonly #options: WatcherOptions;
  readonly #definitions: DefinitionCache;
  readonly #pending: PendingWakeUps;
  readonly #follower: DefinitionFollower;
  readonly #watches = new Map<SlotId, KindWatch>();
  readonly #running = new Set<Promise<void>>();
  #view: MembershipView | undefined;
  #viewAtMs = Number.NEGATIVE_INFINITY;
  #indexedKinds: readonly string[] = [];
  #ownsDefinitions = false;
  #definitionsChanged = true;
  #nudge = new AbortController();

  constructor(ports: WatcherPorts, definitions: DefinitionCache, options: WatcherOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#definitions = definitions;
    this.#pending = new PendingWakeUps(ports);
    this.#follower = new DefinitionFollower(ports, this.#pending);
  }

  /** Watches until the signal is aborted, then leaves: others take over at once. The cache is run by the caller. */
  async run(signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const sending = this.#pending.run(ended.signal);
    const unsubscribe = this.#definitions.onChange(() => {
      this.#definitionsChanged = true;
      this.#nudge.abort();
    });
    while (!signal.aborted) {
      await this.#tick(signal);
      await this.#ports.clock.sleep(TICK_MS, AbortSignal.any([signal, this.#nudge.signal]));
      if (this.#nudge.signal.aborted) this.#nudge = new AbortController();
    }
    unsubscribe();
    for (const watch of this.#watches.values()) watch.stop();
    await Promise.all(this.#running);
    ended.abort();
    await sending;
    await this.#ports.membership.leave(this.#options.id).catch(() => undefined);
  }

  /** Slots this watcher watches now. */
  slots(): readonly SlotId[] {
    return [...this.#watches.keys()];
  }

  /** Why the watcher does not do its work; empty when it does. */
  faults(): readonly string[] {
    const nowMs = this.#ports.clock.nowMs();
    const silentMs = nowMs - this.#viewAtMs;
    return [
      ...(this.#definitions.isReady ? [] : ["the definitions are not listed yet"]),
      ...this.#definitions.faults(),
      ...(silentMs > STALE_MS ? ["the shared state does not answer"] : []),
      ...[...this.#watches.values()].flatMap((watch) => watch.faults(nowMs - STALE_MS)),
    ];
  }

  async #tick(signal: AbortSignal): Promise<void> {
    try {
      await this.#heartbeat();
      if (this.#view === undefined || !this.#definitions.isReady) return;
      const roles = this.#roles();
      await this.#follow(signal);
      await this.#assign(this.#view, roles, signal);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      this.#ports.log.warn(
        { error: error.message },
        "shared state cannot be reached, the watcher goes on with its slots",
      );
    }
  }

  async #heartbeat(): Promise<void> {
    const { membership, clock, index } = this.#ports;
    const startedMs = clock.nowMs();
    if (startedMs - this.#viewAtMs < HEARTBEAT_MS) return;
    const before = this.#view;
    const view = await membership.heartbeat(this.#options.id, MEMBER_TTL_MS);
    this.#view = view;
    this.#viewAtMs = startedMs;
    this.#indexedKinds = await index.kinds();
    if (before === undefined) return;
    if (before.epoch !== view.epoch) this.#restart("the shared state was lost");
    else if (before.serverRun !== view.serverRun && !this.#pending.replay())
      this.#restart("more was woken before the failover than is remembered");
  }

  /** Lists everything anew; the ledger is gone, so everything is woken. */
  #restart(why: string): void {
    this.#ports.log.warn({ why, slots: this.#watches.size }, "listing and waking everything again");
    for (const watch of this.#watches.values()) watch.stop();
    this.#watches.clear();
    this.#follower.forget();
    this.#definitionsChanged = true;
  }

  /** Registry first, then whoever depends on a changed definition. */
  async #follow(signal: AbortSignal): Promise<void> {
    if (!this.#definitionsChanged) return;
    this.#definitionsChanged = false;
    const catalog = this.#definitions.catalog();
    await this.#follower.record(catalog, signal);
    if (this.#ownsDefinitions) await this.#follower.wakeChanged(catalog, signal);
    // Kinds that just lost their Workflow too: their triggers are to say so.
    for (const watch of this.#watches.values()) await watch.onDefinitions(signal);
  }

  async #assign(view: MembershipView, roles: ReadonlyMap<SlotId, KindRole>, signal: AbortSignal): Promise<void> {
    const { id } = this.#options;
    const definitions = definitionsSlot(this.#ports.store.cluster);
    const owners = assignSlots([...roles.keys(), definitions], view.watchers);
    await this.#assignDefinitions(owners.get(definitions) === id, signal);

    for (const [slot, role] of roles) {
      const watch = this.#watches.get(slot);
      if (watch !== undefined && !isSame(watch.role, role)) this.#stop(slot, watch);
      if (owners.get(slot) === id && !this.#watches.has(slot)) this.#start(role, signal);
    }
    await this.#letGo(view, roles, owners);
  }

  async #assignDefinitions(isOurs: boolean, signal: AbortSignal): Promise<void> {
    if (isOurs === this.#ownsDefinitions) return;
    this.#ownsDefinitions = isOurs;
    if (isOurs) await this.#follower.wakeChanged(this.#definitions.catalog(), signal);
    else this.#follower.release();
  }

  /** Stops slots nobody needs, and those that another live watcher has claimed. */
  async #letGo(
    view: MembershipView,
    roles: ReadonlyMap<SlotId, KindRole>,
    owners: ReadonlyMap<string, string>,
  ): Promise<void> {
    const { id } = this.#options;
    for (const [slot, watch] of this.#watches) if (!roles.has(slot)) this.#stop(slot, watch);
    const foreign = [...this.#watches].filter(([slot]) => owners.get(slot) !== id);
    if (foreign.length === 0) return;
    const claimed = await this.#ports.membership.owners(foreign.map(([slot]) => slot));
    for (const [slot, watch] of foreign) {
      const claimer = claimed.get(slot);
      if (claimer !== undefined && claimer !== id && view.watchers.includes(claimer)) this.#stop(slot, watch);
    }
  }

  #start(role: KindRole, signal: AbortSignal): void {
    const { ports, options } = { ports: this.#ports, options: this.#options };
    const catalog = () => this.#definitions.catalog();
    const onListed = (slot: SlotId) => void this.#claim(slot);
    const watch = new KindWatch(role, { ports, options, pending: this.#pending, catalog, onListed });
    this.#watches.set(role.slot, watch);
    ports.log.info({ slot: role.slot, trigger: role.isTrigger, managed: role.isManaged }, "watching");
    const running = watch
      .run(signal)
      .catch((error: unknown) => {
        ports.log.error({ slot: role.slot, error }, "watch failed: this is a bug in Koreo Cluster, please report it");
        if (this.#watches.get(role.slot) === watch) this.#watches.delete(role.slot);
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  #stop(slot: SlotId, watch: KindWatch): void {
    watch.stop();
    this.#watches.delete(slot);
    this.#ports.log.info({ slot }, "no longer watching");
  }

  /** From now on the former owner may let go. A claim that fails is made up for by its ttl: overlap is harmless. */
  async #claim(slot: SlotId): Promise<void> {
    try {
      await this.#ports.membership.claim(this.#options.id, [slot]);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      this.#ports.log.warn({ slot }, "could not claim a slot");
    }
  }

  /** Every kind worth watching: triggers of any Workflow, what plans manage, and what inventories name. */
  #roles(): ReadonlyMap<SlotId, KindRole> {
    const { cluster } = this.#ports.store;
    const catalog = this.#definitions.catalog();
    const roles = new Map<SlotId, KindRole>();
    const put = (kind: GroupKind & { readonly version?: string }, part: { isTrigger?: true; isManaged?: true }) => {
      for (const slot of slotsOf(cluster, kind, 1)) {
        const known = roles.get(slot) ?? {
          slot,
          group: kind.group,
          kind: kind.kind,
          version: undefined,
          isTrigger: false,
          isManaged: false,
        };
        roles.set(slot, { ...known, ...part, version: known.version ?? (part.isTrigger ? kind.version : undefined) });
      }
    };
    for (const kind of catalog.triggerKinds) put(kind, { isTrigger: true });
    for (const { group, kind } of [...catalog.managedKinds, ...this.#namedKinds()])
      put({ group, kind }, { isManaged: true });
    return roles;
  }

  #namedKinds(): readonly GroupKind[] {
    const { cluster } = this.#ports.store;
    return this.#indexedKinds.flatMap((text) => {
      const [, group = "", kind = ""] = text.split("/");
      const isOurs =
        text === kindText(formatKey({ cluster, group: group === "_" ? "" : group, kind, namespace: "", name: "x" }));
      return isOurs ? [{ group: group === "_" ? "" : group, kind }] : [];
    });
  }
}

function isSame(left: KindRole, right: KindRole | undefined): boolean {
  return left.isTrigger === right?.isTrigger && left.isManaged === right.isManaged && left.version === right.version;
}
