/** One watch on a memory cluster: lists, then follows the history; goes on after a cut, lists when it fell too far behind. */
import { formatApiVersion } from "../../core/object-key.ts";
import { member, textMember, type JsonObject } from "../../core/json.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import type { WatchHandler, WatchScope } from "../../engine/ports/informer.ts";
import type { ClusterFault, ClusterResult, ObjectStore } from "../../engine/ports/object-store.ts";
import type { Change, ObjectHistory } from "./object-history.ts";
import { metadataOf } from "./object-pages.ts";

/** Wait after an injected fault; the clock is the test's. */
const RETRY_MS = 200;

export interface WatchSource {
  readonly store: ObjectStore;
  readonly history: ObjectHistory;
  readonly clock: Clock;
  /** Asks whether the stream may be opened: where faults are injected. */
  readonly open: () => Promise<ClusterResult<null>>;
  readonly isServed: () => boolean;
}

export class MemoryWatch {
  readonly #source: WatchSource;
  readonly #scope: WatchScope;
  readonly #handler: WatchHandler;
  readonly #signal: AbortSignal;
  /** Where to go on; undefined: list first. */
  #position: number | undefined;
  #toldUnserved = false;

  constructor(source: WatchSource, scope: WatchScope, handler: WatchHandler, signal: AbortSignal) {
    this.#source = source;
    this.#scope = scope;
    this.#handler = handler;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      const fault = await this.#listOrFollow();
      if (fault !== undefined) await this.#recover(fault);
    }
  }

  async #listOrFollow(): Promise<ClusterFault | undefined> {
    try {
      return this.#position === undefined ? await this.#list() : await this.#follow(this.#position);
    } catch (error) {
      // Handlers must not throw. One that does has lost an event: only a list can repair that.
      this.#position = undefined;
      return { kind: "unavailable", detail: `a watch handler failed: ${String(error)}` };
    }
  }

  async #list(): Promise<ClusterFault | undefined> {
    const { type, namespace, metadataOnly } = this.#scope;
    const options = { metadataOnly, ...(namespace !== undefined && { namespace }) };
    const page = await this.#source.store.list(type, options, this.#signal);
    if (page.kind === "fault") return page.fault;
    this.#position = Number(page.value.resourceVersion);
    this.#toldUnserved = false;
    await this.#handler.onList(page.value.items, page.value.resourceVersion);
    return undefined;
  }

  /** Follows until the stream is cut (undefined) or refused. */
  async #follow(from: number): Promise<ClusterFault | undefined> {
    const { history, clock, isServed } = this.#source;
    const cutsBefore = history.cutCount;
    const opened = await this.#source.open();
    if (opened.kind === "fault") return opened.fault;
    this.#handler.onState({ kind: "live", lastHeardMs: clock.nowMs() });
    for (
      let position = from;
      !this.#signal.aborted && history.cutCount === cutsBefore;
      position = this.#position ?? from
    ) {
      const changes = history.since(position);
      if (changes === undefined) return { kind: "expired", detail: "too old resource version" };
      for (const change of changes) {
        await this.#tell(change);
        this.#position = change.at;
      }
      if (changes.length > 0) continue;
      if (!isServed()) return { kind: "unknownKind", detail: "the kind is served no more" };
      await history.changed(this.#signal);
    }
    return undefined;
  }

  async #tell(change: Change): Promise<void> {
    const { type, namespace, metadataOnly } = this.#scope;
    if (change.group !== type.group || change.kind !== type.kind) return;
    if (namespace !== undefined && textMember(member(change.object, "metadata"), "namespace") !== namespace) return;
    const object: JsonObject = { ...change.object, apiVersion: formatApiVersion(type) };
    await this.#handler.onEvent(change.type, metadataOnly ? metadataOf(object) : object);
  }

  async #recover(fault: ClusterFault): Promise<void> {
    if (this.#signal.aborted) return;
    const { clock, history } = this.#source;
    this.#handler.onState({ kind: "down", fault, lastHeardMs: clock.nowMs() });
    if (fault.kind === "expired") {
      this.#position = undefined;
      return;
    }
    if (fault.kind !== "unknownKind") {
      await clock.sleep(RETRY_MS, this.#signal);
      return;
    }
    this.#position = undefined;
    if (!this.#toldUnserved) {
      this.#toldUnserved = true;
      await this.#handler.onList([], "");
    }
    await history.changed(this.#signal);
  }
}
