/**
 * One owned slot: the watches on one kind, from the start to the end of its ownership. The role of its objects
 * (triggers, managed objects, or both) decides who follows them and how much of them is read. Where our identity may
 * not watch the whole cluster, it watches the namespaces that matter, and asks again from time to time.
 */
import type { Catalog } from "../../core/plan/catalog.ts";
import { resolveAnyVersion } from "../any-version.ts";
import { isUnserved, streamTrouble, type StreamState, type WatchHandler } from "../ports/informer.ts";
import type { ClusterFault, ClusterResult, ResourceType } from "../ports/object-store.ts";
import type { UnwatchedPlaces } from "../ports/watch-ledger.ts";
import { ManagedFollower, type ListedObject } from "./managed-follower.ts";
import type { PendingWakeUps } from "./pending-wake-ups.ts";
import type { Scope } from "./plan-spread.ts";
import { ScopedWatches } from "./scoped-watches.ts";
import type { TriggerDigest } from "./trigger-digest.ts";
import { TriggerFollower } from "./trigger-follower.ts";
import { untilReached } from "./until-reached.ts";
import { WatchPlaces, type Places } from "./watch-places.ts";
import type { FollowedKind, IsTriggerKind, WatchedStream, WatcherOptions, WatcherPorts } from "./watcher-ports.ts";

/** What the objects of a kind are to us. */
export interface KindRole extends FollowedKind {
  readonly isTrigger: boolean;
  readonly isManaged: boolean;
  /** The version to watch if it is served; absent: the server's preferred one. Changes show in any version. */
  readonly version: string | undefined;
}

export interface KindWatchParts {
  readonly ports: WatcherPorts;
  readonly options: WatcherOptions;
  readonly pending: PendingWakeUps;
  readonly catalog: () => Catalog;
  readonly isTriggerKind: IsTriggerKind;
  /** Stands for the slot: stays the same when the slot's watches start over, see `WatchScope`. */
  readonly series: object;
  /** Called once, when the first complete list has been processed. */
  readonly onListed: () => void;
}

/** What is kept of a part of a list. */
interface ListedPart {
  readonly triggers: readonly TriggerDigest[];
  readonly managed: readonly ListedObject[];
}

/** The common life of all watches on a kind in one version. */
interface VersionLife {
  readonly until: AbortSignal;
  /** Ends these watches, so that the kind is watched as the server serves it by then. */
  readonly move: () => void;
}

/** How soon to retry a kind that is not served, or cannot be asked for. */
const RETRY_MS = 2000;
/** How often to check again where to watch: access or namespaces may have changed. */
const SCOPE_CHECK_MS = 30_000;

export class KindWatch {
  readonly role: KindRole;
  readonly #parts: KindWatchParts;
  readonly #ended = new AbortController();
  readonly #triggers: TriggerFollower | undefined;
  readonly #managed: ManagedFollower | undefined;
  readonly #places: WatchPlaces;
  readonly #states = new Map<string, StreamState>();
  /** The scopes to watch, and those that were listed at least once. */
  #scopes: readonly Scope[] = [];
  readonly #listed = new Set<Scope>();
  /** Those listed scopes whose last list was made up, because the server did not serve the kind then. */
  readonly #unserved = new Set<Scope>();
  /** The places last noted as unwatched. */
  #noted: string | undefined;
  /** Why nothing can be watched, and since when (monotonic). */
  #blocked: { readonly why: string; readonly sinceMs: number } | undefined;
  #isListed = false;
  /** The server knows no version of the kind. */
  #isUnknown = false;

  constructor(role: KindRole, parts: KindWatchParts) {
    const { ports, options, pending, catalog } = parts;
    this.role = role;
    this.#parts = parts;
    this.#places = new WatchPlaces(role, ports, options);
    this.#triggers = role.isTrigger ? new TriggerFollower(role, ports, options, pending, catalog) : undefined;
    this.#managed = role.isManaged ? new ManagedFollower(role, parts) : undefined;
  }

  /** Watches until stopped or aborted; never rejects for what the cluster says. */
  async run(signal: AbortSignal): Promise<void> {
    const until = AbortSignal.any([signal, this.#ended.signal]);
    while (!until.aborted) {
      const type = await this.#resolve(until);
      if (type.kind === "ok" && type.value.watchable) await this.#watchType(type.value, until);
      else await this.#waitFor(type.kind === "fault" ? type.fault : undefined, until);
    }
  }

  /** A kind that is not served, or cannot be watched at all, is no trouble; a kind whose discovery fails is. */
  #waitFor(fault: ClusterFault | undefined, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts.ports;
    this.#isUnknown = fault?.kind === "unknownKind";
    const isTrouble = fault !== undefined && fault.kind !== "unknownKind" && fault.kind !== "aborted";
    this.#blocked = isTrouble ? { why: fault.detail, sinceMs: this.#blocked?.sinceMs ?? clock.nowMs() } : undefined;
    return clock.sleep(RETRY_MS, signal);
  }

  stop(): void {
    this.#ended.abort();
  }

  /** Whether the first list was processed: whatever happened before it is in the queue then. */
  get isListed(): boolean {
    return this.#isListed;
  }

  /** The state of its streams. */
  stream(nowMs: number): WatchedStream {
    const states = [...this.#states.values()];
    const isLive = this.#blocked === undefined && states.every((state) => streamTrouble(state) === undefined);
    const served = states.filter((state) => state.kind === "live" || !isUnserved(state.fault));
    const silentMs = Math.max(0, ...served.map(({ lastHeardMs }) => nowMs - lastHeardMs));
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

  /** Whether the server says that it does not serve the kind, perhaps only for a moment. */
  get isUnserved(): boolean {
    return this.#isUnknown || this.#unserved.size > 0;
  }

  /** Whether the server has shown all its triggers, and none carries a record of ours. "Not served" shows nothing. */
  get isWithoutRecords(): boolean {
    const isSeen = this.#isListed && this.#scopes.length > 0 && this.#unserved.size === 0;
    return isSeen && this.#triggers?.hasRecords === false;
  }

  async onDefinitions(signal: AbortSignal): Promise<void> {
    await this.#triggers?.onDefinitions(signal);
  }

  /** Watches where it is allowed, checking again from time to time; returns when the kind is served in another way. */
  async #watchType(type: ResourceType, signal: AbortSignal): Promise<void> {
    this.#isUnknown = false;
    const { clock } = this.#parts.ports;
    const [over, moved] = [new AbortController(), new AbortController()];
    const until = AbortSignal.any([signal, over.signal]);
    const life = { until, move: () => moved.abort() };
    const watches = new ScopedWatches((scope, ended) => this.#watch(type, scope, ended, life), over);
    try {
      for (let isSame = true; isSame && !until.aborted;) {
        const found = await this.#places.find(type, until);
        if (found.kind === "fault" && watches.count === 0) {
          await this.#waitFor(found.fault, until);
          return;
        }
        if (found.kind === "ok") await this.#follow(found.value, watches, until);
        await clock.sleep(SCOPE_CHECK_MS, AbortSignal.any([until, moved.signal]));
        isSame = !moved.signal.aborted && !(await this.#isServedOtherwise(type, until));
      }
    } finally {
      await watches.end();
      this.#states.clear();
    }
    over.signal.throwIfAborted();
  }

  async #follow({ scopes, unwatched }: Places, watches: ScopedWatches, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return; // places found while it ended mean nothing
    this.#blocked = undefined;
    this.#scopes = scopes;
    await this.#note(unwatched, signal);
    this.#triggers?.setScopes(scopes);
    watches.follow(scopes);
    this.#told();
  }

  #resolve(signal: AbortSignal): Promise<ClusterResult<ResourceType>> {
    return resolveAnyVersion(this.#parts.ports.store, this.role, signal);
  }

  async #isServedOtherwise(type: ResourceType, signal: AbortSignal): Promise<boolean> {
    const served = await this.#resolve(signal);
    return served.kind === "ok" && !isServedAs(served.value, type);
  }

  /** @param life - of the whole kind: known changes of objects outlive the watch of their namespace */
  async #watch(type: ResourceType, namespace: Scope, signal: AbortSignal, life: VersionLife): Promise<void> {
    const handler: WatchHandler<ListedPart> = {
      digest: async (objects) => {
        const managed = this.#managed?.digest(objects) ?? [];
        return [{ managed, triggers: (await this.#triggers?.digest(objects, signal)) ?? [] }];
      },
      onList: async (parts, resourceVersion) => {
        const isUnserved = resourceVersion === "";
        // The objects still exist in another version, so they must not count as deleted.
        if (isUnserved && (await this.#isServedOtherwise(type, signal))) {
          life.move();
          return;
        }
        await this.#triggers?.onList(
          parts.flatMap(({ triggers }) => triggers),
          namespace,
          signal,
        );
        await this.#managed?.onList(
          parts.flatMap(({ managed }) => managed),
          namespace,
          life.until,
        );
        if (signal.aborted) return;
        this.#listed.add(namespace);
        if (resourceVersion === "") this.#unserved.add(namespace);
        else this.#unserved.delete(namespace);
        this.#told();
      },
      onEvent: (kind, object) => {
        this.#triggers?.onEvent(kind, object);
        this.#managed?.onEvent(kind, object, life.until);
      },
      onState: (state) => {
        if (signal.aborted) return;
        if (state.kind === "down" && state.fault.kind === "forbidden") this.#places.doubt(namespace);
        this.#states.set(namespace ?? "", state);
      },
    };
    const scope = {
      type,
      metadataOnly: this.#triggers === undefined,
      series: this.#parts.series,
      ...(namespace === undefined ? {} : { namespace }),
    };
    await this.#parts.ports.informers.watch(scope, handler, signal);
    this.#listed.delete(namespace);
    this.#unserved.delete(namespace);
    this.#states.delete(namespace ?? "");
  }

  /** Tells, once, that every place was listed. */
  #told(): void {
    if (this.#isListed || !this.#scopes.every((scope) => this.#listed.has(scope))) return;
    this.#isListed = true;
    this.#parts.onListed();
  }

  /** Tells workers where nobody watches: they poll the objects there and say so on the trigger. */
  async #note(places: UnwatchedPlaces, signal: AbortSignal): Promise<void> {
    const { ports } = this.#parts;
    const text = JSON.stringify(places);
    if (this.#managed === undefined || text === this.#noted) return;
    if (Object.keys(places).length > 0)
      ports.log.warn({ slot: this.role.slot, places }, "some objects may not be watched and are polled instead");
    await untilReached(() => ports.ledger.noteUnwatched(this.role.slot, places), "writing the ledger", ports, signal);
    this.#noted = text;
  }
}

function isServedAs(served: ResourceType, type: ResourceType): boolean {
  return served.version === type.version && served.plural === type.plural;
}
