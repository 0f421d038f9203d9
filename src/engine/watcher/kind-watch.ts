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
import type { ResourceType } from "../ports/object-store.ts";
import type { AllowedScope } from "../ports/watch-access.ts";
import { ManagedFollower } from "./managed-follower.ts";
import type { PendingWakeUps } from "./pending-wake-ups.ts";
import { TriggerFollower } from "./trigger-follower.ts";
import type { WatcherOptions, WatcherPorts } from "./watcher-ports.ts";

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
  readonly onListed: (slot: SlotId) => void;
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
  #isListed = false;

  constructor(role: KindRole, parts: KindWatchParts) {
    const { ports, options, pending, catalog } = parts;
    this.role = role;
    this.#parts = parts;
    this.#triggers = role.isTrigger ? new TriggerFollower(role, ports, options, pending, catalog) : undefined;
    this.#managed = role.isManaged ? new ManagedFollower(role, ports, pending) : undefined;
  }

  /** Watches until stopped or aborted; never rejects for what the cluster says. */
  async run(signal: AbortSignal): Promise<void> {
    const until = AbortSignal.any([signal, this.#ended.signal]);
    while (!until.aborted) {
      const type = await this.#parts.ports.store.resolve(this.role, until);
      if (type.kind === "ok" && type.value.watchable) await this.#watchType(type.value, until);
      else await this.#parts.ports.clock.sleep(RETRY_MS, until);
    }
  }

  stop(): void {
    this.#ended.abort();
  }

  /** The first list was worked on: whatever happened before is in the queue. */
  get isListed(): boolean {
    return this.#isListed;
  }

  /** The watches that are down and have heard nothing since a moment of the monotonic clock, in words. */
  faults(sinceMs: number): readonly string[] {
    const { group, kind } = this.role;
    const name = group === "" ? kind : `${kind}.${group}`;
    return [...this.#states.values()].flatMap((state) => {
      const trouble = state.lastHeardMs < sinceMs ? streamTrouble(state) : undefined;
      return trouble === undefined ? [] : [`watch on ${name}: ${trouble}`];
    });
  }

  async onDefinitions(signal: AbortSignal): Promise<void> {
    await this.#triggers?.onDefinitions(signal);
  }

  /** Watches where it is allowed; comes back when the scope has to be decided anew. */
  async #watchType(type: ResourceType, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts.ports;
    const scope = await this.#scopeOf(type, signal);
    if (scope === undefined) return clock.sleep(RETRY_MS, signal);
    if (scope.kind === "none") {
      log.warn(
        { slot: this.role.slot, missing: scope.missing },
        "this kind may not be watched; its objects are looked at on resync only",
      );
      this.#listed();
      return clock.sleep(SCOPE_CHECK_MS, signal);
    }
    const namespaces = scope.kind === "cluster" ? [undefined] : scope.namespaces;
    const changed = new AbortController();
    const until = AbortSignal.any([signal, changed.signal]);
    const listed = new Set<string | undefined>();
    const onListed = (namespace: string | undefined) => {
      listed.add(namespace);
      if (listed.size === namespaces.length) this.#listed();
    };
    const watches = namespaces.map((namespace) => this.#watch(type, namespace, onListed, until));
    if (scope.kind === "namespaces") void this.#recheck(type, scope.namespaces, until).then(() => changed.abort());
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
    this.#parts.onListed(this.role.slot);
  }

  /** Comes back when other namespaces may or should be watched than these. */
  async #recheck(type: ResourceType, watched: readonly string[], signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#parts.ports.clock.sleep(SCOPE_CHECK_MS, signal);
      const scope = await this.#scopeOf(type, signal); // undefined once aborted
      if (scope === undefined) continue;
      if (scope.kind !== "namespaces" || scope.namespaces.join() !== watched.join()) return;
    }
  }

  async #scopeOf(type: ResourceType, signal: AbortSignal): Promise<AllowedScope | undefined> {
    const { triggerNamespaces } = this.#parts.options;
    const wanted = await this.#namespaces();
    // Triggers count in these namespaces only; managed objects may be anywhere.
    if (this.#managed === undefined && triggerNamespaces !== "all" && type.namespaced) {
      return { kind: "namespaces", namespaces: triggerNamespaces, missing: "" };
    }
    const scope = await this.#parts.ports.access.watchScopeFor(type, wanted, signal);
    return scope.kind === "ok" ? scope.value : undefined;
  }

  /** The namespaces worth watching where the whole cluster is not allowed, in order. */
  async #namespaces(): Promise<readonly string[]> {
    const { ports, options } = this.#parts;
    const configured = options.triggerNamespaces === "all" ? [] : options.triggerNamespaces;
    const kind = kindText(`${ports.store.cluster}/${this.role.group || "_"}/${this.role.kind}`);
    const named = await ports.index.objectsOfKind(kind).catch(() => []);
    const namespaces = named.flatMap((object) => parseKey(object)?.namespace ?? []);
    return [...new Set([...configured, ...namespaces])].filter((namespace) => namespace !== "").sort();
  }
}
