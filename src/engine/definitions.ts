/**
 * The compiled definitions of this process, kept up to date by watches on the Koreo kinds. A run asks it to catch up
 * with the newest definitions any watcher has seen, so that no run ends on an older definition than it was woken for.
 * Compiling is lazy and incremental: a burst of edits costs one compilation.
 */
import { definitionOf, type DefinitionSource } from "../core/manifest/definition.ts";
import type { SpecChecks } from "../core/manifest/schema.ts";
import type { JsonObject } from "../core/json.ts";
import { versionOf } from "../core/object.ts";
import { DEFINITION_PLURALS, KOREO_GROUP, KOREO_VERSION } from "../core/names.ts";
import { compileCatalog, type Catalog } from "../core/plan/catalog.ts";
import type { DefinitionKind } from "../core/plan/plan.ts";
import { definitionId } from "../core/plan/definition-graph.ts";
import type { Clock } from "./ports/clock.ts";
import type { DefinitionRegistry } from "./ports/definition-registry.ts";
import { isUnserved, streamTrouble, type Informers, type StreamState } from "./ports/informer.ts";
import { StoreUnavailable } from "./ports/key-store.ts";
import type { Logger } from "./ports/logger.ts";
import type { ObjectStore, ResourceType } from "./ports/object-store.ts";
import { isTraced, SPAN, withSpan, withSpanSync } from "./telemetry.ts";

const DEFINITION_TYPES: readonly ResourceType[] = Object.entries(DEFINITION_PLURALS).map(([kind, plural]) => ({
  group: KOREO_GROUP,
  version: KOREO_VERSION,
  kind,
  plural,
  namespaced: true,
  hasStatus: true,
  watchable: true,
}));

/** How the server serves a kind of definition. */
export function definitionType(kind: DefinitionKind): ResourceType {
  return DEFINITION_TYPES.find((type) => type.kind === kind) as ResourceType;
}

/** How long changes are collected before listeners are told, so that a burst of edits is one change to them. */
const SETTLE_MS = 10;
/** How long a run waits for the watch before it reads definitions itself. */
const CATCH_UP_WAIT_MS = 300;
/** After this a run is given up, and tried again with backoff. */
const CATCH_UP_WITHIN_MS = 10_000;

export interface DefinitionPorts {
  readonly informers: Informers;
  readonly store: ObjectStore;
  readonly registry: DefinitionRegistry;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface DefinitionOptions {
  /** Where definitions are read, in priority order. */
  readonly namespaces: readonly string[];
  readonly checks: SpecChecks;
}

/** One kind in one namespace as the watch has it. */
interface Scope {
  readonly type: ResourceType;
  readonly namespace: string;
  /** What the server holds, by name. */
  sources: ReadonlyMap<string, DefinitionSource>;
  /** Version of the last list; the list already contains every event that is not newer. */
  listedVersion: bigint;
  isListed: boolean;
  state: StreamState | undefined;
}

/** The definitions a run works from. */
export interface Definitions {
  /** The newest definitions, compiled. */
  catalog(): Catalog;
  /**
   * Makes sure that these definitions are as new as `version` of the registry.
   *
   * @throws StoreUnavailable when the registry, or the definitions themselves, cannot be read for some seconds
   */
  catchUp(version: number, signal: AbortSignal): Promise<void>;
}

export class DefinitionCache implements Definitions {
  readonly #ports: DefinitionPorts;
  readonly #options: DefinitionOptions;
  readonly #scopes: readonly Scope[];
  readonly #listeners = new Set<() => void>();
  #catalog: Catalog;
  /** Whether the catalog is older than the sources. */
  #isDirty = false;
  #isSettling = false;
  /** The registry version these definitions are known to be as new as. */
  #verified = 0;
  #catchingUp: Promise<void> | undefined;
  #signal: AbortSignal | undefined;

  constructor(ports: DefinitionPorts, options: DefinitionOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#catalog = compileCatalog([], options);
    this.#scopes = options.namespaces.flatMap((namespace) =>
      DEFINITION_TYPES.map((type) => ({
        type,
        namespace,
        sources: new Map<string, DefinitionSource>(),
        listedVersion: 0n,
        isListed: false,
        state: undefined,
      })),
    );
  }

  /** Watches until the signal is aborted; resolves then. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    await Promise.all(this.#scopes.map((scope) => this.#watch(scope, signal)));
  }

  /** Whether every kind was listed once; before that, a missing definition means nothing. */
  get isReady(): boolean {
    return this.#scopes.every(({ isListed }) => isListed);
  }

  /** The kinds whose stream is down, with the reason; for readiness. */
  faults(): readonly string[] {
    return this.#scopes.flatMap(({ type, namespace, state }) => {
      const trouble = streamTrouble(state);
      return trouble === undefined ? [] : [`${type.plural} in ${namespace}: ${trouble}`];
    });
  }

  catalog(): Catalog {
    if (!this.#isDirty) return this.#catalog;
    const sources = this.#scopes.flatMap((scope) => [...scope.sources.values()]);
    const compile = () => compileCatalog(sources, this.#options, this.#catalog);
    this.#catalog = isTraced() ? withSpanSync(SPAN.compile, {}, compile) : compile();
    this.#isDirty = false;
    return this.#catalog;
  }

  /** Calls the listener when definitions change, and once when the first lists are in. Returns the unsubscriber. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** At most one reader works at a time. */
  async catchUp(version: number, signal: AbortSignal): Promise<void> {
    if (version > this.#verified) await withSpan(SPAN.definitionsWait, {}, () => this.#untilVerified(version, signal));
  }

  async #untilVerified(version: number, signal: AbortSignal): Promise<void> {
    const endMs = this.#ports.clock.nowMs() + CATCH_UP_WITHIN_MS;
    // Loops because the reader under way may have begun before `version` was recorded.
    while (version > this.#verified && !signal.aborted) {
      if (this.#ports.clock.nowMs() >= endMs) {
        throw new StoreUnavailable(
          `the definitions cannot be read: ${this.faults().join("; ") || "no list is answered"}`,
        );
      }
      this.#catchingUp ??= this.#verify(this.#signal ?? signal).finally(() => (this.#catchingUp = undefined));
      await this.#catchingUp;
    }
  }

  /** One round: compares with the registry, waits a moment for the watches, and reads the definitions itself. */
  async #verify(signal: AbortSignal): Promise<void> {
    const { version, hashes } = await this.#ports.registry.read();
    if (!this.#agreesWith(hashes)) {
      await this.#ports.clock.sleep(CATCH_UP_WAIT_MS, AbortSignal.any([signal, this.#nextChange()]));
      if (!this.#agreesWith(hashes) && !(await this.#listAll(signal))) {
        await this.#ports.clock.sleep(1000, signal);
        return;
      }
    }
    this.#verified = Math.max(this.#verified, version);
  }

  #agreesWith(hashes: ReadonlyMap<string, string>): boolean {
    const catalog = this.catalog();
    return (
      this.isReady &&
      hashes.size === catalog.entries.length &&
      [...hashes].every(([id, hash]) => catalog.byId(id)?.contentHash === hash)
    );
  }

  /** Aborted by the next change of a definition. */
  #nextChange(): AbortSignal {
    const changed = new AbortController();
    const unsubscribe = this.onChange(() => {
      unsubscribe();
      changed.abort();
    });
    return changed.signal;
  }

  /** @returns whether every list was answered; later changes come through the watches */
  async #listAll(signal: AbortSignal): Promise<boolean> {
    // The lists are limited in time: runs wait for them and hold their keys meanwhile.
    const [late, done] = [new AbortController(), new AbortController()];
    void this.#ports.clock.sleep(CATCH_UP_WITHIN_MS, done.signal).then(() => late.abort());
    const until = AbortSignal.any([signal, late.signal]);
    const pages = await Promise.all(
      this.#scopes.map(async (scope) => ({
        scope,
        page: await this.#ports.store.list(scope.type, { namespace: scope.namespace }, until),
      })),
    ).finally(() => done.abort());
    for (const { scope, page } of pages) {
      if (page.kind === "ok") {
        const version = versionNumber(page.value.resourceVersion);
        // A list older than the last list of the watch says nothing new.
        if (!scope.isListed || version >= scope.listedVersion) this.#applyList(scope, page.value.items, version);
      } else if (!isUnserved(page.fault) || scope.sources.size > 0) return false;
      // A kind that had definitions is gone only when its watch says so; one answer is not enough.
      else if (!scope.isListed) this.#applyList(scope, [], 0n);
    }
    return true;
  }

  #watch(scope: Scope, signal: AbortSignal): Promise<void> {
    const { type, namespace } = scope;
    return this.#ports.informers.watch(
      { type, namespace, metadataOnly: false },
      {
        // A watch may go back (a restored etcd): its list is the truth, whatever its version.
        onList: (objects, resourceVersion) => this.#applyList(scope, objects, versionNumber(resourceVersion)),
        onEvent: (kind, object) => this.#applyEvent(scope, kind, object),
        onState: (state) => {
          scope.state = state;
        },
      },
      signal,
    );
  }

  #applyList(scope: Scope, objects: readonly JsonObject[], version: bigint): void {
    const sources = objects.flatMap((object) => definitionOf(object, scope.namespace) ?? []);
    scope.sources = new Map(sources.map((source) => [source.name, source]));
    scope.listedVersion = version;
    scope.isListed = true;
    this.#changed();
  }

  #applyEvent(scope: Scope, kind: "added" | "modified" | "deleted", object: JsonObject): void {
    if (versionNumber(versionOf(object)) <= scope.listedVersion) return;
    const source = definitionOf(object, scope.namespace);
    if (source === undefined) return;
    const known = scope.sources.get(source.name);
    // A status write of ours: nothing that is compiled changed.
    if (kind !== "deleted" && known?.uid === source.uid && known.generation === source.generation) return;
    const sources = new Map(scope.sources);
    if (kind === "deleted") sources.delete(source.name);
    else sources.set(source.name, source);
    scope.sources = sources;
    this.#changed();
  }

  #changed(): void {
    this.#isDirty = true;
    if (this.#isSettling || !this.isReady) return;
    this.#isSettling = true;
    void this.#ports.clock.sleep(SETTLE_MS, this.#signal).then(() => {
      this.#isSettling = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}

/** Versions of one cluster count up; a text that is no number ("" for a kind that is not served) is older than all. */
function versionNumber(resourceVersion: string): bigint {
  return /^\d+$/.test(resourceVersion) ? BigInt(resourceVersion) : 0n;
}

/** Content hashes of all definitions, by id, as the registry records them. */
export function definitionHashes(catalog: Catalog): ReadonlyMap<string, string> {
  return new Map(catalog.entries.map(({ source, contentHash }) => [definitionId(source), contentHash]));
}
