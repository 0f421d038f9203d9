/** How the server serves the kind of an object that may have to go, and what it means if it does not serve it. */
import type { GroupVersionKind } from "../core/object-key.ts";
import { resolveAnyVersion } from "./any-version.ts";
import type { ClusterResult, ResourceType } from "./ports/object-store.ts";
import { abandonRun, type RunContext } from "./run-context.ts";
import type { Unserved } from "./unserved-kinds.ts";

/**
 * @param kind - with the version it was last looked at in, "" for any; another version will do as well
 * @throws RunInterrupted when the run must not go on
 */
export async function servedType(
  run: RunContext,
  kind: GroupVersionKind,
): Promise<ClusterResult<ResourceType> | Unserved> {
  const type = await resolveAnyVersion(run.ports.store, kind, run.signal);
  if (type.kind === "ok") run.memory.unserved.served(kind);
  if (type.kind === "ok" || type.fault.kind !== "unknownKind") return type;
  const unserved = await run.memory.unserved.judge({ store: run.ports.store, signal: run.signal }, kind);
  if (run.signal.aborted) throw abandonRun(run);
  return unserved;
}
