/**
 * List-then-watch of one kind, kept alive for ever; it feeds watchers and definition caches. Implemented by
 * `adapters/kubernetes` (the reflector) and `adapters/memory`.
 */
import type { JsonObject } from "../../core/json.ts";
import type { ClusterFault, ResourceType } from "./object-store.ts";

/** What to watch. */
export interface WatchScope {
  readonly type: ResourceType;
  /** Absent: all namespaces. */
  readonly namespace?: string;
  /** True: only `metadata` arrives (PartialObjectMetadata), under the real apiVersion and kind. */
  readonly metadataOnly: boolean;
  /**
   * An object of the caller that stands for a series: watches of the same thing with the same `series` count as one
   * restarted watch for the bound on lists. Absent: the watch is on its own.
   */
  readonly series?: object;
}

/**
 * What happens to objects, in order. Handlers are awaited one after another and must not throw.
 *
 * `Kept` is what is kept of listed objects while their list goes on: the objects, or what `digest` makes of them.
 */
export interface WatchHandler<Kept = JsonObject> {
  /**
   * Turns a part of a list into what `onList` gets of it, as soon as the part arrives, so that no large list is ever
   * held as full objects. A list that fails after some parts starts over, and what was made of them is dropped.
   */
  digest?(objects: readonly JsonObject[]): Promise<readonly Kept[]>;
  /**
   * A complete list: at start, and again after every gap. Whatever it lacks was deleted. A kind not served (yet, or any
   * more) is reported once, as an empty list with resourceVersion "", and listed within 5 s of its installation.
   *
   * @param listed - all objects of the scope, or what `digest` made of them, in order
   */
  onList(listed: readonly Kept[], resourceVersion: string): Promise<void> | void;
  onEvent(type: "added" | "modified" | "deleted", object: JsonObject): Promise<void> | void;
  /** The stream works again, or why it does not and since when it is silent. For readiness and metrics. */
  onState(state: StreamState): void;
}

/** `lastHeardMs` is monotonic: when the last event, bookmark or list came. */
export type StreamState =
  | { readonly kind: "live"; readonly lastHeardMs: number }
  | { readonly kind: "down"; readonly fault: ClusterFault; readonly lastHeardMs: number };

/** Why a stream is down, or undefined. A kind that is not served has no objects, so its stream misses nothing. */
export function streamTrouble(state: StreamState | undefined): string | undefined {
  return state?.kind !== "down" || isUnserved(state.fault) ? undefined : state.fault.detail;
}

/** Whether the server refused a list or stream because it does not serve the kind. */
export function isUnserved({ kind }: ClusterFault): boolean {
  return kind === "notFound" || kind === "unknownKind";
}

export interface Informers {
  /** Runs until the signal is aborted; resolves then. Never rejects. Recovers by itself with jittered backoff. */
  watch<Kept = JsonObject>(scope: WatchScope, handler: WatchHandler<Kept>, signal: AbortSignal): Promise<void>;
}

/** What a handler keeps of these objects. */
export async function keptOf<Kept>(
  handler: WatchHandler<Kept>,
  objects: readonly JsonObject[],
): Promise<readonly Kept[]> {
  // Without a digest the handler keeps the objects themselves: then `Kept` is JsonObject.
  return handler.digest === undefined ? (objects as readonly unknown[] as readonly Kept[]) : handler.digest(objects);
}

/** The same handler for an informer that has whole lists of objects in memory anyway. */
export function ofWholeLists<Kept>(handler: WatchHandler<Kept>): WatchHandler {
  return {
    onList: async (objects, resourceVersion) => handler.onList(await keptOf(handler, objects), resourceVersion),
    onEvent: (type, object) => handler.onEvent(type, object),
    onState: (state) => handler.onState(state),
  };
}
