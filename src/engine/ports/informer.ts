/**
 * List-then-watch of one kind, kept alive for ever: what a watcher and a definition cache are fed by. Implemented by
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
  /** Part of the uid space this watch is for; absent: all of it. `[from, to)` of the FNV-1a-64 hash of the uid. */
  readonly uidRange?: { readonly from: bigint; readonly to: bigint };
  /**
   * Any object of the caller: watches of the same thing that give the same one are one watch that is begun anew, as far as
   * the bound on lists goes. Absent: a watch of its own.
   */
  readonly series?: object;
}

/** What happens to objects, in order. Handlers are awaited one after another and must not throw. */
export interface WatchHandler {
  /**
   * A complete list: at start, and again after every gap. Whatever it lacks was deleted. A kind the server does not serve
   * (yet, or no more) is told once as an empty list with resourceVersion "", and listed within 5 s of its installation.
   *
   * @param objects - all objects of the scope
   */
  onList(objects: readonly JsonObject[], resourceVersion: string): Promise<void> | void;
  onEvent(type: "added" | "modified" | "deleted", object: JsonObject): Promise<void> | void;
  /** The stream works again, or does not: why, and since when it is silent. For readiness and metrics. */
  onState(state: StreamState): void;
}

/** `lastHeardMs` is monotonic: when the last event, bookmark or list came. */
export type StreamState =
  | { readonly kind: "live"; readonly lastHeardMs: number }
  | { readonly kind: "down"; readonly fault: ClusterFault; readonly lastHeardMs: number };

/** Why a stream is down, or undefined. A kind that is not served has no objects, and nothing of it is missed. */
export function streamTrouble(state: StreamState | undefined): string | undefined {
  if (state?.kind !== "down" || state.fault.kind === "notFound" || state.fault.kind === "unknownKind") return undefined;
  return state.fault.detail;
}

export interface Informers {
  /** Runs until the signal is aborted; resolves then. Never rejects. Recovers by itself with jittered backoff. */
  watch(scope: WatchScope, handler: WatchHandler, signal: AbortSignal): Promise<void>;
}
