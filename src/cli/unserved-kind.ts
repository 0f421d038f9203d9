/** What "not served" means for a kind whose objects decide what may be deleted. */
import type { GroupKind } from "../core/object-key.ts";
import { declarationOf } from "../engine/declared-kind.ts";
import type { ClusterFault } from "../engine/ports/object-store.ts";
import type { Connection } from "./connection.ts";

/**
 * @param fault - the answer to a look-up of the kind or its objects
 * @returns undefined when the kind and all its objects are gone for good; else why they are not known
 */
export async function unlessAbsent(
  connection: Connection,
  kind: GroupKind,
  fault: ClusterFault,
): Promise<ClusterFault | undefined> {
  if (fault.kind !== "unknownKind") return fault;
  const declared = await declarationOf(connection, kind);
  return declared.kind === "absent" ? undefined : { kind: "unknownKind", detail: declared.text };
}
