/** What our identity may watch, as the API server says it. Implemented by `adapters/kubernetes` and `adapters/memory`. */
import type { ClusterResult, ResourceType } from "./object-store.ts";

/** Where a kind can be watched. `missing` is the RBAC rule that would allow more, in words for a condition. */
export type AllowedScope =
  | { readonly kind: "cluster" }
  | { readonly kind: "namespaces"; readonly namespaces: readonly string[]; readonly missing: string }
  | { readonly kind: "none"; readonly missing: string };

export interface WatchAccess {
  /** Cluster-wide if allowed, else in those of `namespaces` (the ones worth watching) where it is allowed. */
  watchScopeFor(
    type: ResourceType,
    namespaces: readonly string[],
    signal: AbortSignal,
  ): Promise<ClusterResult<AllowedScope>>;
}
