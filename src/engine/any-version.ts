/** Finds a kind in the version asked for or, if that version is not served, in any other: the objects are the same. */
import type { GroupKind } from "../core/object-key.ts";
import type { ClusterResult, ObjectStore, ResourceType } from "./ports/object-store.ts";

/**
 * @param asked - `version` absent or "" for any
 * @returns `unknownKind` when no version is served
 */
export async function resolveAnyVersion(
  store: Pick<ObjectStore, "resolve">,
  asked: GroupKind & { readonly version?: string | undefined },
  signal: AbortSignal,
): Promise<ClusterResult<ResourceType>> {
  const { group, kind, version = "" } = asked;
  const found = version === "" ? undefined : await store.resolve({ group, kind, version }, signal);
  const isOther = found === undefined || (found.kind === "fault" && found.fault.kind === "unknownKind");
  return isOther ? store.resolve({ group, kind }, signal) : found;
}
