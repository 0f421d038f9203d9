/**
 * The Kubernetes API as the engine sees it, bound to one cluster and one identity. Implemented by `adapters/kubernetes`
 * (real) and `adapters/memory` (the API server's semantics in one process). No method throws for what the API server
 * says: refusals are `ClusterFault` values. Every call takes an AbortSignal; an aborted call answers `aborted`.
 */
import type { JsonObject } from "../../core/json.ts";
import type { GroupKind, GroupVersionKind } from "../../core/object-key.ts";

/** A kind as the server serves it, found by discovery. */
export interface ResourceType extends GroupVersionKind {
  /** Lower-case plural, the path segment of the REST API. */
  readonly plural: string;
  readonly namespaced: boolean;
  /** Whether `/status` is a subresource of this version. */
  readonly hasStatus: boolean;
  /** Whether the server allows list and watch on it. */
  readonly watchable: boolean;
}

/** How the API server, or the way to it, turned a request down. Read from the Status reply, never from message text. */
export type ClusterFault =
  /** The object does not exist (also: its namespace). */
  | { readonly kind: "notFound"; readonly detail: string }
  /** The server does not know the kind. */
  | { readonly kind: "unknownKind"; readonly detail: string }
  /** Create: something of that name exists. */
  | { readonly kind: "alreadyExists"; readonly detail: string }
  /** A precondition (resourceVersion, uid) did not hold: re-read and look again. */
  | { readonly kind: "conflict"; readonly detail: string }
  /** 400, 413, 422 and the like, in the server's own words: no retry can help. */
  | { readonly kind: "invalid"; readonly detail: string; readonly status: number }
  | { readonly kind: "forbidden"; readonly detail: string; readonly status: number }
  /** 429, or 5xx with Retry-After. */
  | { readonly kind: "throttled"; readonly afterSeconds: number; readonly detail: string }
  /** 5xx, connection refused, cut, timed out. `isSent: false`: it surely was not executed. */
  | { readonly kind: "unavailable"; readonly detail: string; readonly isSent?: false }
  /** A watch's or a list's resourceVersion is too old: list again. */
  | { readonly kind: "expired"; readonly detail: string }
  /**
   * The caller's signal was aborted before an answer came; the request may have been executed, but with `isSent: false`
   * it surely was not.
   */
  | { readonly kind: "aborted"; readonly detail: string; readonly isSent?: false };

export type ClusterResult<T> =
  { readonly kind: "ok"; readonly value: T } | { readonly kind: "fault"; readonly fault: ClusterFault };

/** Where one object lives. `namespace` is "" for a cluster-scoped one. */
export interface ObjectRef {
  readonly type: ResourceType;
  readonly namespace: string;
  readonly name: string;
}

/** A page of a list. `resourceVersion` is that of the list: a watch may start there. */
export interface ObjectPage {
  readonly items: readonly JsonObject[];
  readonly resourceVersion: string;
  readonly continueToken?: string | undefined;
}

export interface DeletePreconditions {
  readonly uid: string;
  readonly resourceVersion?: string | undefined;
  readonly propagationPolicy: "Background" | "Foreground" | "Orphan";
}

export interface ObjectStore {
  /** Name of the cluster, the first part of every key. */
  readonly cluster: string;
  /** The same store for calls for one tenant: however slow or many, they leave room for the calls of other tenants. */
  forTenant(tenant: string): ObjectStore;
  /**
   * Discovery. Without a version the server's preferred one. Cached; an unknown kind is asked for again after a few
   * seconds, so that a CRD installed later is found.
   */
  resolve(
    kind: GroupKind & { readonly version?: string | undefined },
    signal: AbortSignal,
  ): Promise<ClusterResult<ResourceType>>;
  get(ref: ObjectRef, signal: AbortSignal): Promise<ClusterResult<JsonObject>>;
  /** The answer is the object as the server stored it. */
  create(ref: ObjectRef, body: JsonObject, signal: AbortSignal): Promise<ClusterResult<JsonObject>>;
  /**
   * JSON merge patch; `body.metadata.resourceVersion`, when set, is a precondition (refused: `conflict`).
   *
   * @returns the object as the server holds it afterwards
   */
  patch(
    ref: ObjectRef,
    body: JsonObject,
    signal: AbortSignal,
    subresource?: "status",
  ): Promise<ClusterResult<JsonObject>>;
  delete(ref: ObjectRef, preconditions: DeletePreconditions, signal: AbortSignal): Promise<ClusterResult<null>>;
  list(
    type: ResourceType,
    options: {
      readonly namespace?: string;
      readonly labelSelector?: string;
      readonly limit?: number;
      readonly continueToken?: string;
      readonly metadataOnly?: boolean;
    },
    signal: AbortSignal,
  ): Promise<ClusterResult<ObjectPage>>;
}
