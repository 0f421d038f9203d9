/** Lists all objects of a kind, page by page. */
import type { JsonObject } from "../core/json.ts";
import type { ClusterResult, ObjectStore, ResourceType } from "./ports/object-store.ts";

const PAGE = 500;

export interface ListScope {
  /** Undefined for all. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly metadataOnly?: boolean;
}

export async function listPages(
  { store, signal }: { readonly store: ObjectStore; readonly signal: AbortSignal },
  type: ResourceType,
  { namespace, ...scope }: ListScope,
): Promise<ClusterResult<readonly JsonObject[]>> {
  const objects: JsonObject[] = [];
  const options = { ...scope, limit: PAGE, ...(namespace === undefined ? {} : { namespace }) };
  for (let continueToken = ""; ;) {
    const page = await store.list(type, continueToken === "" ? options : { ...options, continueToken }, signal);
    if (page.kind === "fault") return page;
    objects.push(...page.value.items);
    continueToken = page.value.continueToken ?? "";
    if (continueToken === "") return { kind: "ok", value: objects };
  }
}
