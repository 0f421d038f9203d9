/** The controller of the kind Database, somebody else's: says on each that it is up, a moment after it came. */
import type { MemoryCluster } from "../../src/adapters/memory/object-store.ts";
import { member, memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import { kindNamed } from "./kinds.ts";
import type { Lane } from "./time.ts";

const UP_AFTER_MS = 700;

export function startDatabaseController(cluster: MemoryCluster, lane: Lane): void {
  const type = kindNamed("Database");
  const signal = new AbortController().signal;
  const say = async (object: JsonObject): Promise<void> => {
    if (memberAt(object, ["status", "phase"]) !== undefined) return;
    await lane.sleep(UP_AFTER_MS);
    const metadata = member(object, "metadata");
    const place = { namespace: textMember(metadata, "namespace"), name: textMember(metadata, "name") };
    const body = { metadata: { uid: textMember(metadata, "uid") }, status: { phase: "Ready" } };
    await cluster.patch({ type, ...place }, body, signal, "status");
  };
  void cluster.watch(
    { type, metadataOnly: false },
    {
      onList: (objects) => objects.forEach((object) => void say(object)),
      onEvent: (kind, object) => (kind === "deleted" ? undefined : void say(object)),
      onState: () => undefined,
    },
    signal,
  );
}
