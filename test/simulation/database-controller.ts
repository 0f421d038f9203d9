/**
 * The controller of the kind Database, somebody else's: says on each that it is up, a moment after it came, and lets it go a
 * moment after its deletion was asked for.
 */
import type { MemoryCluster } from "../../src/adapters/memory/object-store.ts";
import { member, memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import { kindNamed } from "./kinds.ts";
import type { Lane } from "./time.ts";

const UP_AFTER_MS = 700;
const DOWN_AFTER_MS = 1500;

export function startDatabaseController(cluster: MemoryCluster, lane: Lane, signal: AbortSignal): void {
  const type = kindNamed("Database");
  const look = async (object: JsonObject): Promise<void> => {
    const metadata = member(object, "metadata");
    const isLeaving = textMember(metadata, "deletionTimestamp") !== "";
    if (!isLeaving && memberAt(object, ["status", "phase"]) !== undefined) return;
    await lane.sleep(isLeaving ? DOWN_AFTER_MS : UP_AFTER_MS);
    const ref = { type, namespace: textMember(metadata, "namespace"), name: textMember(metadata, "name") };
    const uid = textMember(metadata, "uid");
    if (isLeaving) await cluster.patch(ref, { metadata: { uid, finalizers: [] } }, signal);
    else await cluster.patch(ref, { metadata: { uid }, status: { phase: "Ready" } }, signal, "status");
  };
  void cluster.watch(
    { type, metadataOnly: false },
    {
      onList: (objects) => objects.forEach((object) => void look(object)),
      onEvent: (kind, object) => (kind === "deleted" ? undefined : void look(object)),
      onState: () => undefined,
    },
    signal,
  );
}
