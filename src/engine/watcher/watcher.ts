/**
 * A watcher process' work: computes which slots are its own among the live watchers, watches those, and lets go of the
 * others once their new owner has listed (make before break). Slots come and go with the definitions, the inventories
 * and the kinds we must come back for. Where the shared state was lost, everything is listed anew.
 */
import { formatKind, type GroupKind, type GroupVersionKind, type KindText, parseKind } from "../../core/object-key.ts";
import type { Catalog } from "../../core/plan/catalog.ts";
import { assignSlots } from "../../core/slot.ts";
import type { DefinitionCache } from "../definitions.ts";
import { StoreUnavailable } from "../ports/key-store.ts";
import { DefinitionFollower, definitionsSlot } from "./definition-follower.ts";
import { Heartbeat } from "./heartbeat.ts";
import { KeptKinds } from "./kept-kinds.ts";
import { KindWatch, type KindRole } from "./kind-watch.ts";
import { PendingWakeUps } from "./pending-wake-ups.ts";
import type { WatchedStream, WatcherOptions, WatcherPorts } from "./watcher-ports.ts";

/** How often ownership is looked at while nothing nudges. */
const TICK_MS = 1000;
/** Without an answer to a heartbeat, or from the API server, for this long the watcher is not ready. */
const STALE_MS = 15_000;
/** A watcher that comes back takes no slots for this long: after an outage all do, and the first must not take all. */
const SETTLE_MS = 10_000;
/** How long, at most, kinds that cannot be listed keep workers from deleting after the shared state was lost. */
const REBUILD_MS = 120_000;

export class Watcher {
  readonly #ports: WatcherPorts;
  readonly #options: WatcherOptions;
  readonly #definitions: DefinitionCache;
  readonly #pending: PendingWakeUps;
  readonly #follower: DefinitionFollower;
  readonly #heartbeat: Heartbeat;
  readonly #kept: KeptKinds;
  readonly #watches = new Map<KindText, KindWatch>();
  /** Watches being replaced: they go on until their successor has listed, which may have to wait for its turn. */
  readonly #retiring = new Map<KindText, KindWatch>();
  readonly #running = new Set<Promise<void>>();
  /** One per slot: a watch that is begun anew shares the list limit of the one before. */
  readonly #series = new Map<KindText, object>();
  /** The definitions that the registry has: nobody may be woken for newer ones. */
  #catalog: Catalog | undefined;
  #ownsDefinitions = false;
  /** Whether the index is whole, of which store, and since when we wait for that (monotonic). */
  #rebuild: { readonly epoch: string; sinceMs: number; isWhole: boolean } | undefined;
  #definitionsChanged = true;
  #nudge = new AbortController();

  constructor(ports: WatcherPorts, definitions: DefinitionCache, options: WatcherOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#definitions = definitions;
    this.#heartbeat = new Heartbeat(ports, options.id);
    this.#pending = new PendingWakeUps(ports, () => this.#heartbeat.epoch);
    this.#follower = new DefinitionFollower(ports, this.#pending);
    this.#kept = new KeptKinds(ports, options);
  }

  /** Watches until the signal is aborted, then leaves: others take over at once. The cache is run by the caller. */
  async run(signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const sending = this.#pending.run(ended.signal);
    const beating = this.#heartbeat.run(signal);
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
    for (const watch of [...this.#watches.values(), ...this.#retiring.values()]) watch.stop();
    await Promise.all([...this.#running, beating]);
    ended.abort();
    await sending;
    await this.#heartbeat.leave();
  }

  /** Slots this watcher watches now. */
  slots(): readonly KindText[] {
    return [...this.#watches.keys()];
  }

  /** The state of the streams of these slots. */
  streams(): readonly WatchedStream[] {
    const nowMs = this.#ports.clock.nowMs();
    return [...this.#watches.values()].map((watch) => watch.stream(nowMs));
  }

  /** Milliseconds since the shared state last answered a heartbeat; undefined before the first answer. */
  heartbeatAgeMs(): number | undefined {
    const { answeredMs } = this.#heartbeat;
    return Number.isFinite(answeredMs) ? this.#ports.clock.nowMs() - answeredMs : undefined;
  }

  /** Why the watcher does not do its work; empty when it does. */
  faults(): readonly string[] {
    const staleMs = this.#ports.clock.nowMs() - STALE_MS;
    return [
      ...(this.#definitions.isReady ? [] : ["the definitions are not listed yet"]),
      ...this.#definitions.faults(),
      ...(this.#heartbeat.answeredMs < staleMs ? ["the shared state does not answer"] : []),
      ...[...this.#watches.values()].flatMap((watch) => watch.faults(staleMs)),
    ];
  }

  async #tick(signal: AbortSignal): Promise<void> {
    try {
      const { view, loss } = this.#heartbeat.takeView();
      if (loss !== undefined) this.#restart(loss);
      if (view === undefined || this.#heartbeat.isAway || !this.#definitions.isReady) return;
      const catalog = await this.#follow(signal);
      const watchOf = (kind: GroupKind) => this.#watches.get(this.#slotOf(kind));
      const roles = this.#roles(catalog, await this.#kept.beside(catalog.triggerKinds, watchOf, signal));
      const owners = await this.#assign(view.watchers, roles, signal);
      this.#endRetired();
      await this.#claim(owners, view.epoch);
      await this.#tellWhole(roles, view.epoch);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      const reason = "shared state cannot be reached, the watcher goes on with its slots";
      this.#ports.log.warn({ error: error.message }, reason);
    }
  }

  /** Lists everything anew and tells everything again; the ledger still keeps keys from being woken for nothing. */
  #restart(why: string): void {
    this.#ports.log.warn(
      { why, slots: this.#watches.size },
      "the shared state may have lost something, listing everything",
    );
    for (const [slot, watch] of this.#watches) this.#retire(slot, watch);
    this.#rebuild = undefined; // what was recorded may be lost too
    this.#follower.forget();
    this.#pending.replay();
    this.#definitionsChanged = true;
  }

  /** Retires a watch that starts over. One that has not listed yet is not worth keeping beside the one before it. */
  #retire(slot: KindText, watch: KindWatch): void {
    this.#watches.delete(slot);
    if (this.#retiring.has(slot)) watch.stop();
    else this.#retiring.set(slot, watch);
  }

  #endRetired(): void {
    for (const [slot, watch] of this.#retiring) {
      const successor = this.#watches.get(slot);
      if (successor !== undefined && !successor.isListed) continue;
      watch.stop();
      this.#retiring.delete(slot);
    }
  }

  /** Updates the registry first, then wakes whatever depends on a changed definition. */
  async #follow(signal: AbortSignal): Promise<Catalog> {
    if (!this.#definitionsChanged && this.#catalog !== undefined) return this.#catalog;
    this.#definitionsChanged = false;
    const catalog = this.#definitions.catalog();
    await this.#follower.record(catalog, signal);
    this.#catalog = catalog;
    if (this.#ownsDefinitions) await this.#follower.wakeChanged(catalog, signal);
    // This includes kinds that just lost their Workflow: their triggers must say so.
    for (const watch of this.#watches.values()) await watch.onDefinitions(signal);
    return catalog;
  }

  /** @returns the owner of every slot */
  async #assign(
    watchers: readonly string[],
    roles: ReadonlyMap<KindText, KindRole>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>> {
    const { id } = this.#options;
    const definitions = definitionsSlot(this.#ports.store.cluster);
    const owners = assignSlots([...roles.keys(), definitions], watchers);
    await this.#assignDefinitions(owners.get(definitions) === id, signal);
    const isSettled = this.#ports.clock.nowMs() - this.#heartbeat.returnedMs >= SETTLE_MS;
    for (const [slot, role] of roles) {
      const watch = this.#watches.get(slot);
      if (watch !== undefined && !isSame(watch.role, role)) this.#retire(slot, watch);
      if (owners.get(slot) !== id) continue;
      if (!this.#watches.has(slot) && (isSettled || watch !== undefined)) await this.#start(role, signal);
      // A kind may have been taken out a moment before its Workflow came back.
      else if (this.#kept.isReadAnew && role.isTrigger) await this.#kept.remember(role, signal);
    }
    this.#kept.remembered();
    await this.#letGo(watchers, roles, owners);
    return owners;
  }

  async #assignDefinitions(isOurs: boolean, signal: AbortSignal): Promise<void> {
    if (isOurs === this.#ownsDefinitions) return;
    this.#ownsDefinitions = isOurs;
    if (isOurs && this.#catalog !== undefined) await this.#follower.wakeChanged(this.#catalog, signal);
    else this.#follower.release();
  }

  /** Stops slots nobody needs, and those that another live watcher has claimed. */
  async #letGo(
    watchers: readonly string[],
    roles: ReadonlyMap<KindText, KindRole>,
    owners: ReadonlyMap<string, string>,
  ): Promise<void> {
    const { id } = this.#options;
    for (const [slot, watch] of this.#watches) if (!roles.has(slot)) this.#stop(slot, watch);
    for (const slot of this.#series.keys()) if (!roles.has(slot)) this.#series.delete(slot);
    const foreign = [...this.#watches].filter(([slot]) => owners.get(slot) !== id);
    if (foreign.length === 0) return;
    const claimed = await this.#ports.membership.owners(foreign.map(([slot]) => slot));
    for (const [slot, watch] of foreign) {
      const claimer = claimed.get(slot);
      if (claimer !== undefined && claimer !== id && watchers.includes(claimer)) this.#stop(slot, watch);
    }
  }

  async #start(role: KindRole, signal: AbortSignal): Promise<void> {
    const { ports, options } = { ports: this.#ports, options: this.#options };
    if (role.isTrigger && !(await this.#kept.remember(role, signal))) return; // the next tick tries again
    const catalog = () => this.#catalog ?? this.#definitions.catalog();
    const onListed = () => this.#nudge.abort();
    const series = this.#series.get(role.slot) ?? {};
    this.#series.set(role.slot, series);
    const isTriggerKind = (kind: GroupKind) => this.#isTriggerKind(kind);
    const parts = { ports, options, pending: this.#pending, catalog, isTriggerKind, series, onListed };
    const watch = new KindWatch(role, parts);
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

  #stop(slot: KindText, watch: KindWatch): void {
    watch.stop();
    this.#watches.delete(slot);
    this.#ports.log.info({ slot }, "no longer watching");
  }

  /**
   * Tells the former owners of listed slots that they may let go. Checked on every tick: a watcher that had not heard
   * of us yet may have claimed a slot after we did, and would keep it beside us.
   */
  async #claim(owners: ReadonlyMap<string, string>, epoch: string): Promise<void> {
    const { id } = this.#options;
    const nowMs = this.#ports.clock.nowMs();
    // Another watcher may serve a slot better that is silent here: we claim it once it is heard again.
    const ours = [...this.#watches].flatMap(([slot, watch]) =>
      watch.isListed && watch.stream(nowMs).isLive && owners.get(slot) === id ? [slot] : [],
    );
    if (ours.length === 0) return;
    const claimed = await this.#ports.membership.owners(ours);
    const missing = ours.filter((slot) => claimed.get(slot) !== id);
    if (missing.length > 0) await this.#ports.membership.claim(id, missing, epoch);
  }

  /**
   * Records that the index is whole, once every trigger was listed since the shared state was empty: before, workers
   * delete nothing, as they cannot know who else keeps it. Kinds that cannot be listed delay this only for a time.
   */
  async #tellWhole(roles: ReadonlyMap<KindText, KindRole>, epoch: string): Promise<void> {
    const { membership, index, clock, canReach } = this.#ports;
    const nowMs = clock.nowMs();
    const known = this.#rebuild?.epoch === epoch ? this.#rebuild : undefined;
    const rebuild = (this.#rebuild = known ?? { epoch, sinceMs: nowMs, isWhole: false });
    if (!canReach()) rebuild.sinceMs = nowMs; // nobody can list anything
    if (!this.#ownsDefinitions || rebuild.isWhole) return;
    const slots = [...roles.values()].filter(({ isTrigger }) => isTrigger).map(({ slot }) => slot);
    const claimed = await membership.owners(slots);
    const isListed = this.#kept.isKnown && slots.every((slot) => claimed.has(slot));
    if (!isListed && nowMs - rebuild.sinceMs < REBUILD_MS) return;
    await index.sayWhole(epoch);
    rebuild.isWhole = true;
  }

  /** Every kind worth watching: triggers of any Workflow, kinds kept, what plans manage, and what inventories name. */
  #roles(catalog: Catalog, kept: readonly GroupVersionKind[]): ReadonlyMap<KindText, KindRole> {
    const roles = new Map<KindText, KindRole>();
    const put = (kind: GroupKind & { readonly version?: string }, part: { isTrigger?: true; isManaged?: true }) => {
      const slot = this.#slotOf(kind);
      const known = roles.get(slot) ?? {
        slot,
        group: kind.group,
        kind: kind.kind,
        version: undefined,
        isTrigger: false,
        isManaged: false,
      };
      roles.set(slot, { ...known, ...part, version: known.version ?? (part.isTrigger ? kind.version : undefined) });
    };
    for (const kind of [...catalog.triggerKinds, ...kept]) put(kind, { isTrigger: true });
    for (const { group, kind } of [...catalog.managedKinds, ...this.#namedKinds()])
      put({ group, kind }, { isManaged: true });
    return roles;
  }

  #namedKinds(): readonly GroupKind[] {
    return this.#heartbeat.indexedKinds.flatMap((text) => {
      const named = parseKind(text);
      return named?.cluster === this.#ports.store.cluster ? [named] : [];
    });
  }

  /** Kinds that an earlier watcher has written down count as well; until those are read, any kind may be ours. */
  #isTriggerKind({ group, kind }: GroupKind): boolean {
    if (!this.#kept.isKnown || this.#kept.has({ group, kind })) return true;
    return this.#catalog?.triggerKinds.some((each) => each.group === group && each.kind === kind) ?? false;
  }

  #slotOf({ group, kind }: GroupKind): KindText {
    return formatKind({ cluster: this.#ports.store.cluster, group, kind });
  }
}

function isSame(left: KindRole, right: KindRole | undefined): boolean {
  return left.isTrigger === right?.isTrigger && left.isManaged === right.isManaged && left.version === right.version;
}
