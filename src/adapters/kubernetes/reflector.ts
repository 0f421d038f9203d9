/**
 * The `Informers` port on a real API server: list, then watch from there, for ever. A cut or silent stream goes on from
 * the last resourceVersion heard of; only an expired one, or a server that keeps failing the stream, costs a new list.
 * A kind that is not served counts as an empty list and is asked for again until it is.
 */
import type { JsonObject } from "../../core/json.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import { keptOf, type Informers, type WatchHandler, type WatchScope } from "../../engine/ports/informer.ts";
import type { ClusterFault, ClusterResult, ObjectPage } from "../../engine/ports/object-store.ts";
import type { ByteStream, ClusterClient } from "./client.ts";
import { faultOfError } from "./fault.ts";
import { ListLimiters, type ListLimiter } from "./list-limiter.ts";
import type { KubernetesObjectStore } from "./object-store.ts";
import { collectionPath, kindLabel } from "./resource-path.ts";
import { parseWatchEvent, type WatchEvent } from "./watch-event.ts";
import { LineSplitter } from "./watch-lines.ts";
import { WATCH_TIMING, type WatchTiming } from "./watch-timing.ts";

const METADATA_WATCH = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
const PAGE_LIMIT = 500;
/**
 * After this many streams in a row that brought an ERROR event or nothing at all, the place in the history is given up.
 * A server sends nothing at all for a resourceVersion of the future: its history is another one (etcd restored).
 */
const MAX_BROKEN_STREAMS = 2;
/** A kind that was listed before counts as gone at the second "not served": servers say it too while they start. */
const GONE_AFTER_REFUSALS = 2;

/**
 * Called when a stream of a kind was opened, and when it was cut because it was silent for too long. A stream that brings
 * nothing counts as live until it is cut, and so does the next one: only these cuts show that nothing gets through.
 */
export type OnStream = (kind: string, what: "opened" | "silent") => void;

/** What every watch of one cluster uses. */
interface ReflectorParts {
  readonly client: Pick<ClusterClient, "open">;
  /** Store of the same cluster; lists go through it. */
  readonly store: Pick<KubernetesObjectStore, "list">;
  readonly clock: Clock;
  /** Absent: `WATCH_TIMING`. */
  readonly timing?: WatchTiming;
  readonly onStream?: OnStream | undefined;
}

export class Reflector implements Informers {
  readonly #parts: ReflectorParts;
  readonly #limiters: ListLimiters;

  constructor(parts: ReflectorParts) {
    this.#parts = parts;
    this.#limiters = new ListLimiters((parts.timing ?? WATCH_TIMING).listIntervalMs);
  }

  watch<Kept = JsonObject>(scope: WatchScope, handler: WatchHandler<Kept>, signal: AbortSignal): Promise<void> {
    const { type, namespace, metadataOnly, series } = scope;
    const what = `${collectionPath(type, namespace)} ${metadataOnly ? "metadata" : "all"}`;
    return new WatchLoop(this.#parts, scope, handler, this.#limiters.of(series, what), signal).run();
  }
}

/** The life of one watch. */
class WatchLoop<Kept> {
  readonly #client: Pick<ClusterClient, "open">;
  readonly #store: ReflectorParts["store"];
  readonly #clock: Clock;
  readonly #timing: WatchTiming;
  readonly #scope: WatchScope;
  readonly #handler: WatchHandler<Kept>;
  readonly #signal: AbortSignal;
  readonly #limiter: ListLimiter;
  readonly #onStream: OnStream;

  /** Where to go on watching; undefined: list first. */
  #resourceVersion: string | undefined;
  #lastHeardMs: number;
  /** Failures in a row, without progress of a stream between them. */
  #failures = 0;
  #brokenStreams = 0;
  #refusals = 0;
  /** What the handler was last told: nothing, objects, or (for a kind not served) that there are none. */
  #told: "nothing" | "list" | "unserved" = "nothing";

  constructor(
    parts: ReflectorParts,
    scope: WatchScope,
    handler: WatchHandler<Kept>,
    limiter: ListLimiter,
    signal: AbortSignal,
  ) {
    this.#client = parts.client;
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#timing = parts.timing ?? WATCH_TIMING;
    this.#scope = scope;
    this.#handler = handler;
    this.#signal = signal;
    this.#limiter = limiter;
    this.#onStream = parts.onStream ?? (() => undefined);
    this.#lastHeardMs = parts.clock.nowMs();
  }

  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      const fault = await this.#listOrWatch();
      if (fault !== undefined) await this.#recover(fault);
    }
  }

  /** One list, or one stream from its beginning to its end. Undefined: go on at once. */
  async #listOrWatch(): Promise<ClusterFault | undefined> {
    try {
      return this.#resourceVersion === undefined ? await this.#list() : await this.#follow(this.#resourceVersion);
    } catch (error) {
      // Handlers must not throw. One that does has lost an event: only a list can repair that.
      this.#resourceVersion = undefined;
      return { kind: "unavailable", detail: `a watch handler failed: ${faultOfError(error).detail}` };
    }
  }

  async #list(): Promise<ClusterFault | undefined> {
    await this.#clock.sleep(this.#limiter.waitMs(this.#clock.nowMs()), this.#signal);
    if (this.#signal.aborted) return undefined;
    const kept: Kept[] = [];
    let version: string | undefined;
    let continueToken: string | undefined;
    do {
      const page = await this.#listPage(continueToken);
      if (page.kind === "fault") return page.fault;
      if (version === undefined) this.#limiter.count(this.#clock.nowMs());
      version ??= page.value.resourceVersion;
      continueToken = page.value.continueToken;
      kept.push(...(await keptOf(this.#handler, page.value.items)));
    } while (continueToken !== undefined);

    await this.#handler.onList(kept, version);
    this.#resourceVersion = version;
    this.#told = "list";
    this.#refusals = 0;
    this.#brokenStreams = 0;
    this.#lastHeardMs = this.#clock.nowMs(); // live only once the stream is open
    return undefined;
  }

  #listPage(continueToken: string | undefined): Promise<ClusterResult<ObjectPage>> {
    const { type, namespace, metadataOnly } = this.#scope;
    const options = {
      limit: PAGE_LIMIT,
      metadataOnly,
      ...(namespace !== undefined && { namespace }),
      ...(continueToken !== undefined && { continueToken }),
    };
    return this.#store.list(type, options, this.#signal);
  }

  async #follow(resourceVersion: string): Promise<ClusterFault | undefined> {
    const openedMs = this.#clock.nowMs();
    const opened = await this.#open(resourceVersion);
    if (opened.kind === "fault") return opened.fault;
    this.#onStream(kindLabel(this.#scope.type), "opened");
    this.#heard();
    try {
      const fault = await this.#readAll(opened.value);
      const wasUseless =
        this.#resourceVersion === resourceVersion && this.#clock.nowMs() - openedMs < this.#timing.shortStreamMs;
      if (!wasUseless) this.#failures = 0;
      return fault ?? (wasUseless ? { kind: "unavailable", detail: "the watch ended as soon as it began" } : undefined);
    } finally {
      opened.value.close();
    }
  }

  #open(resourceVersion: string): Promise<ClusterResult<ByteStream>> {
    const { type, namespace, metadataOnly } = this.#scope;
    const timeoutMs = this.#timing.serverTimeoutMs * (1 + this.#clock.random());
    return this.#client.open(
      {
        method: "GET",
        path: collectionPath(type, namespace),
        query: {
          watch: "true",
          allowWatchBookmarks: "true",
          resourceVersion,
          timeoutSeconds: String(Math.ceil(timeoutMs / 1000)),
        },
        ...(metadataOnly && { accept: METADATA_WATCH }),
        verb: "watch",
        kind: kindLabel(type),
      },
      this.#signal,
    );
  }

  /** Reads until the stream ends (undefined) or fails. */
  async #readAll(stream: ByteStream): Promise<ClusterFault | undefined> {
    const lines = new LineSplitter();
    for (;;) {
      const read = await this.#readChunk(stream);
      if (read.kind === "fault") return read.fault;
      if (read.value === undefined) return undefined;
      this.#heard();
      for (const line of lines.push(read.value)) {
        const fault = await this.#accept(parseWatchEvent(line, this.#scope.type, this.#scope.metadataOnly));
        if (fault !== undefined || this.#signal.aborted) return fault;
      }
    }
  }

  /** The next bytes, undefined at the end. Time spent in handlers does not count as silence. */
  async #readChunk(stream: ByteStream): Promise<ClusterResult<Uint8Array | undefined>> {
    const heard = new AbortController();
    const silence = this.#clock.sleep(this.#timing.silentAfterMs, heard.signal).then(() => "silent" as const);
    try {
      const next = await Promise.race([stream.chunks.next(), silence]);
      if (next !== "silent") return { kind: "ok", value: next.done === true ? undefined : next.value };
      this.#brokenStreams += 1;
      this.#onStream(kindLabel(this.#scope.type), "silent");
      const detail = `the watch was silent for ${this.#timing.silentAfterMs / 1000} s`;
      return { kind: "fault", fault: { kind: "unavailable", detail } };
    } catch (error) {
      return { kind: "fault", fault: faultOfError(error) };
    } finally {
      heard.abort();
    }
  }

  async #accept(event: WatchEvent): Promise<ClusterFault | undefined> {
    if (event.kind === "error") {
      this.#brokenStreams += 1;
      return event.fault;
    }
    if (event.kind === "object") await this.#handler.onEvent(event.type, event.object);
    this.#resourceVersion = event.resourceVersion;
    this.#brokenStreams = 0;
    return undefined;
  }

  /** Tells the handler, decides whether a list is needed, and waits before the next attempt. */
  async #recover(fault: ClusterFault): Promise<void> {
    if (this.#signal.aborted) return;
    this.#handler.onState({ kind: "down", fault, lastHeardMs: this.#lastHeardMs });
    switch (fault.kind) {
      case "unknownKind":
      case "notFound":
        this.#resourceVersion = undefined;
        await this.#tellUnserved();
        await this.#clock.sleep(this.#timing.unservedRetryMs, this.#signal);
        return;
      case "expired":
        this.#resourceVersion = undefined;
        await this.#clock.sleep(this.#timing.relistSpreadMs * this.#clock.random(), this.#signal);
        return;
      case "invalid":
        this.#resourceVersion = undefined;
        break;
      case "throttled":
      case "unavailable":
      case "forbidden":
      case "aborted":
      case "conflict":
      case "alreadyExists":
        if (this.#brokenStreams >= MAX_BROKEN_STREAMS) this.#resourceVersion = undefined;
    }
    await this.#clock.sleep(this.#retryDelayMs(fault), this.#signal);
  }

  async #tellUnserved(): Promise<void> {
    this.#refusals += 1;
    const isGone = this.#told === "nothing" || (this.#told === "list" && this.#refusals >= GONE_AFTER_REFUSALS);
    if (!isGone) return;
    this.#told = "unserved";
    await this.#handler.onList([], "");
  }

  #retryDelayMs(fault: ClusterFault): number {
    const { firstRetryMs, maxRetryMs } = this.#timing;
    const backoffMs = Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    const askedMs = fault.kind === "throttled" ? fault.afterSeconds * 1000 : 0;
    return Math.max(askedMs, backoffMs * (0.5 + this.#clock.random() / 2));
  }

  #heard(): void {
    this.#lastHeardMs = this.#clock.nowMs();
    this.#handler.onState({ kind: "live", lastHeardMs: this.#lastHeardMs });
  }
}
