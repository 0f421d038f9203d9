/** What the API reads from. */
import type { Catalog } from "../../core/plan/catalog.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import type { Membership } from "../../engine/ports/membership.ts";
import type { ObjectRef, ObjectStore, ClusterResult } from "../../engine/ports/object-store.ts";
import type { ReconcileQueue } from "../../engine/ports/reconcile-queue.ts";
import type { RunLog } from "../../engine/ports/run-log.ts";
import type { JsonObject } from "../../core/json.ts";
import { unavailable } from "./problem.ts";

export interface ApiPorts {
  readonly store: Pick<ObjectStore, "cluster" | "resolve" | "get" | "list">;
  /** Reads only an object's metadata. */
  readonly readMetadata: (ref: ObjectRef, signal: AbortSignal) => Promise<ClusterResult<JsonObject>>;
  readonly definitions: { catalog(): Catalog; readonly isReady: boolean };
  readonly queue: Pick<ReconcileQueue, "stats" | "load" | "page">;
  readonly membership: Pick<Membership, "overview">;
  readonly runs: Pick<RunLog, "last">;
  readonly clock: Clock;
}

/** The namespaces where the API looks. */
export interface ApiScope {
  /** In priority order. */
  readonly definitionNamespaces: readonly string[];
  readonly triggerNamespaces: readonly string[] | "all";
}

/** @throws Problem 503 until the definitions are read */
export function readyCatalog({ definitions }: Pick<ApiPorts, "definitions">): Catalog {
  if (!definitions.isReady) throw unavailable("the definitions are not read yet");
  return definitions.catalog();
}
