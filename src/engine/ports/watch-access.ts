/** What our identity may watch, as the API server says it. Implemented by `adapters/kubernetes`. */
import type { ClusterResult, ResourceType } from "./object-store.ts";

/** Where a kind can be watched. `missing` is the RBAC rule that would allow more, in words for a condition. */
export type AllowedScope =
  | { readonly kind: "cluster" }
  | { readonly kind: "namespaces"; readonly namespaces: readonly string[]; readonly missing: string }
  | { readonly kind: "none"; readonly missing: string };

export interface WatchAccess {
  /**
   * Cluster-wide if allowed, else in those of `namespaces` where it is allowed, in the same order.
   *
   * @param namespaces - the namespaces worth watching; called only if they matter
   */
  watchScopeFor(
    type: ResourceType,
    namespaces: () => Promise<readonly string[]>,
    signal: AbortSignal,
  ): Promise<ClusterResult<AllowedScope>>;
}
