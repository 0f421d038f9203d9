/**
 * One owned slot: the watches on one kind, from its start to the end of its ownership. What its objects are to us (triggers,
 * managed objects, or both) decides who follows them and how much of them is read. Where our identity may not watch the
 * whole cluster it watches the namespaces that matter, and asks again from time to time.
 */
import { parseKey, type GroupKind } from "../../core/object-key.ts";
import type { Catalog } from "../../core/plan/catalog.ts";
import type { SlotId } from "../../core/slot.ts";
import { streamTrouble, type StreamState, type WatchHandler } from "../ports/informer.ts";
import { kindText } from "../ports/object-index.ts";
import type { ClusterFault, ClusterResult, ResourceType } from "../ports/object-store.ts";
import type { AllowedScope } from "../ports/watch-access.ts";
import { ManagedFollower } from "./managed-follower.ts";
import type { PendingWakeUps } from "./pending-wake-ups.ts";
import { TriggerFollower } from "./trigger-follower.ts";
import { untilReached } from "./until-reached.ts";
import type { WatchedStream, WatcherOptions, WatcherPorts } from "./watcher-ports.ts";

/** What the objects of a kind are to us. */
export interface KindRole extends GroupKind {
  readonly slot: SlotId;
  readonly isTrigger: boolean;
  readonly isManaged: boolean;
  /** The version triggers are read in; absent: the server's preferred one. */
  readonly version: string | undefined;
}

export interface KindWatchParts {
  readonly ports: WatcherPorts;
  readonly options: WatcherOptions;
  readonly pending: PendingWakeUps;
  readonly catalog: () => Catalog;
  /** Told once, when the first complete list was worked on. */
  readonly onListed: () => void;
}

/** How soon a kind that is not served, or cannot be asked for, is tried again. */
const RETRY_MS = 2000;
/** How often a limited scope is looked at again: access or namespaces may have changed. */
const SCOPE_CHECK_MS = 30_000;

export class KindWatch {
  readonly role: KindRole;
  readonly #parts: KindWatchParts;
  readonly #ended = new AbortController();
  readonly #triggers: TriggerFollower | undefined;
  readonly #managed: ManagedFollower | undefined;
  readonly #states = new Map<string, StreamState>();
  /** Why nothing can be watched, and since when (monotonic). */
  #blocked: { readonly why: string; readonly sinceMs: number } | undefined;
  #isListed = false;

  constructor(role: KindRole, parts: KindWatchParts) {
    const { ports, options, pending, catalog } = parts;
    this.role = role;
    this.#parts = parts;
    this.#triggers = role.isTrigger ? new TriggerFollower(role, ports, options, pending, catalog) : undefined;
    this.#managed = role.isManaged ? new ManagedFollower(role, ports, options, pending) : undefined;
  }

  /** Watches until stopped or aborted; never rejects for what the cluster says. */
  async run(signal: AbortSignal): Promise<void> {
    const until = AbortSignal.any([signal, this.#ended.signal]);
    while (!until.aborted) {
      const type = await this.#parts.ports.store.resolve(this.role, until);
      if (type.kind === "ok" && type.value.watchable) await this.#watchType(type.value, until);
      else await this.#waitFor(type.kind === "fault" ? type.fault : undefined, until);
    }
  }

  /** A kind that is not served, or cannot be watched at all, is nobody's trouble; one that cannot be asked for is. */
  #waitFor(fault: ClusterFault | undefined, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts.ports;
    const isTrouble = fault !== undefined && fault.kind !== "unknownKind" && fault.kind !== "aborted";
    this.#blocked = isTrouble ? { why: fault.detail, sinceMs: this.#blocked?.sinceMs ?? clock.nowMs() } : undefined;
    return clock.sleep(RETRY_MS, signal);
  }

  stop(): void {
    this.#ended.abort();
  }

  /** The first list was worked on: whatever happened before is in the queue. */
  get isListed(): boolean {
    return this.#isListed;
  }

  /** How its streams do. */
  stream(nowMs: number): WatchedStream {
    const states = [...this.#states.values()];
    const isLive = this.#blocked === undefined && states.every((state) => streamTrouble(state) === undefined);
    const silentMs = Math.max(0, ...states.map(({ lastHeardMs }) => nowMs - lastHeardMs));
    return { kind: this.#name(), slot: this.role.slot, streams: states.length, isLive, silentMs };
  }

  #name(): string {
    const { group, kind } = this.role;
    return group === "" ? kind : `${kind}.${group}`;
  }

  /** The watches that are down and have heard nothing since a moment of the monotonic clock, in words. */
  faults(sinceMs: number): readonly string[] {
    const name = this.#name();
    const blocked = this.#blocked !== undefined && this.#blocked.sinceMs < sinceMs ? [this.#blocked.why] : [];
    const silent = [...this.#states.values()].flatMap((state) => {
      const trouble = state.lastHeardMs < sinceMs ? streamTrouble(state) : undefined;
      return trouble === undefined ? [] : [trouble];
    });
    return [...blocked, ...silent].map((trouble) => `watch on ${name}: ${trouble}`);
  }

  /** Whether any of its triggers carries a record of ours; false before the first list. */
  get hasRecords(): boolean {
    return this.#triggers?.hasRecords ?? false;
  }

  async onDefinitions(signal: AbortSignal): Promise<void> {
    await this.#triggers?.onDefinitions(signal);
  }

  /** Watches where it is allowed; comes back when the scope has to be decided anew. */
  async #watchType(type: ResourceType, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts.ports;
    const asked = await this.#scopeOf(type, signal);
    if (asked.kind === "fault") return this.#waitFor(asked.fault, signal);
    if (signal.aborted) return;
    const scope = asked.value;
    this.#blocked = undefined;
    this.#states.clear();
    await this.#note(scope, signal);
    if (scope.kind === "none") {
      this.#listed();
      return clock.sleep(SCOPE_CHECK_MS, signal);
    }
    const namespaces = scope.kind === "cluster" ? [undefined] : scope.namespaces;
    this.#triggers?.setScopes(namespaces);
    const changed = new AbortController();
    const until = AbortSignal.any([signal, changed.signal]);
    const listed = new Set<string | undefined>();
    const onListed = (namespace: string | undefined) => {
      listed.add(namespace);
      if (listed.size === namespaces.length) this.#listed();
    };
    const watches = namespaces.map((namespace) => this.#watch(type, namespace, onListed, until));
    void this.#recheck(type, scope, until).then(() => changed.abort());
    await Promise.all(watches);
  }

  #watch(
    type: ResourceType,
    namespace: string | undefined,
    onListed: (namespace: string | undefined) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const handler: WatchHandler = {
      onList: async (objects) => {
        await this.#triggers?.onList(objects, namespace, signal);
        await this.#managed?.onList(objects, namespace, signal);
        if (!signal.aborted) onListed(namespace);
      },
      onEvent: (kind, object) => {
        this.#triggers?.onEvent(kind, object);
        this.#managed?.onEvent(kind, object, signal);
      },
      onState: (state) => this.#states.set(namespace ?? "", state),
    };
    const scope = {
      type,
      metadataOnly: this.#triggers === undefined,
      ...(namespace === undefined ? {} : { namespace }),
    };
    return this.#parts.ports.informers.watch(scope, handler, signal);
  }

  #listed(): void {
    if (this.#isListed) return;
    this.#isListed = true;
    this.#parts.onListed();
  }

  /** Tells workers where nobody watches, for they poll what is there and say so on the trigger. */
  async #note(scope: AllowedScope, signal: AbortSignal): Promise<void> {
    const { ports } = this.#parts;
    if (this.#managed === undefined) return;
    const wanted = scope.kind === "namespaces" ? await this.#namespaces(signal) : [];
    const denied = wanted.filter((each) => scope.kind === "namespaces" && !scope.namespaces.includes(each));
    const places =
      scope.kind === "none"
        ? { "": scope.missing }
        : Object.fromEntries(denied.map((each) => [each, scope.kind === "namespaces" ? scope.missing : ""]));
    if (Object.keys(places).length > 0)
      ports.log.warn({ slot: this.role.slot, places }, "some objects may not be watched and are polled instead");
    const kind = kindText(`${ports.store.cluster}/${this.role.group || "_"}/${this.role.kind}`);
    await untilReached(() => ports.ledger.noteUnwatched(kind, places), "writing the ledger", ports, signal);
  }

  /** Comes back when the kind is served in another way, or other namespaces may or should be watched than these. */
  async #recheck(type: ResourceType, watched: AllowedScope, signal: AbortSignal): Promise<void> {
    const { clock, store } = this.#parts.ports;
    const textOf = (scope: AllowedScope) => (scope.kind === "namespaces" ? scope.namespaces.join() : scope.kind);
    while (!signal.aborted) {
      await clock.sleep(SCOPE_CHECK_MS, signal);
      const served = await store.resolve(this.role, signal);
      if (served.kind === "ok" && (served.value.version !== type.version || served.value.plural !== type.plural))
        return;
      const scope = await this.#scopeOf(type, signal);
      if (scope.kind === "ok" && textOf(scope.value) !== textOf(watched)) return;
    }
  }

  async #scopeOf(type: ResourceType, signal: AbortSignal): Promise<ClusterResult<AllowedScope>> {
    const { triggerNamespaces } = this.#parts.options;
    const wanted = await this.#namespaces(signal);
    // Triggers count in these namespaces only; managed objects may be anywhere.
    if (this.#managed === undefined && triggerNamespaces !== "all" && type.namespaced) {
      return { kind: "ok", value: { kind: "namespaces", namespaces: triggerNamespaces, missing: "" } };
    }
    return this.#parts.ports.access.watchScopeFor(type, wanted, signal);
  }

  /**
   * The namespaces worth watching where the whole cluster is not allowed, in order. Waits for a shared state that does not
   * answer: what is watched stays watched, and nobody is told that it is not.
   */
  async #namespaces(signal: AbortSignal): Promise<readonly string[]> {
    const { ports, options } = this.#parts;
    const configured = options.triggerNamespaces === "all" ? [] : options.triggerNamespaces;
    const kind = kindText(`${ports.store.cluster}/${this.role.group || "_"}/${this.role.kind}`);
    const read = () => ports.index.objectsOfKind(kind);
    const named = (await untilReached(read, "reading the index", ports, signal)) ?? [];
    const namespaces = named.flatMap((object) => parseKey(object)?.namespace ?? []);
    return [...new Set([...configured, ...namespaces])].filter((namespace) => namespace !== "").sort();
  }
}
