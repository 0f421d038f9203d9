/** The definitions of a cluster, each with what a delete of it needs. */
import { member, textMember, type JsonObject } from "../core/json.ts";
import { definitionOf, type DefinitionSource } from "../core/manifest/definition.ts";
import { isGoing } from "../core/object.ts";
import type { DefinitionKind } from "../core/plan/plan.ts";
import { definitionType } from "../engine/definitions.ts";
import { listPages } from "../engine/list-pages.ts";
import type { ClusterResult } from "../engine/ports/object-store.ts";
import { failed, type Connection } from "./connection.ts";
import { deletableOf, type Deletable } from "./deletable.ts";
import { unlessAbsent } from "./unserved-kind.ts";

export interface ClusterDefinition extends DefinitionSource, Deletable {
  readonly creationTimestamp: string;
}

export interface DefinitionsFound {
  readonly definitions: readonly ClusterDefinition[];
  /** Why only the definitions of the given namespaces are included; undefined when all of the cluster are. */
  readonly limitedBy: string | undefined;
}

/**
 * Lists the definitions of the whole cluster, or of the given namespaces when the whole cluster is forbidden.
 *
 * @throws CommandFailed when even the namespaces cannot be listed
 */
export async function definitionsOnCluster(
  connection: Connection,
  kinds: readonly DefinitionKind[],
  namespaces: readonly string[],
): Promise<DefinitionsFound> {
  const everywhere = await listKinds(connection, kinds, [undefined]);
  if (everywhere.kind === "ok") return { definitions: everywhere.value, limitedBy: undefined };
  if (everywhere.fault.kind !== "forbidden") throw failed("listing definitions", everywhere.fault);
  return { definitions: await definitionsIn(connection, kinds, namespaces), limitedBy: everywhere.fault.detail };
}

/** @throws CommandFailed when they cannot be listed */
export async function definitionsIn(
  connection: Connection,
  kinds: readonly DefinitionKind[],
  namespaces: readonly string[],
): Promise<readonly ClusterDefinition[]> {
  const listed = await listKinds(connection, kinds, namespaces);
  if (listed.kind === "fault") throw failed("listing definitions", listed.fault);
  return listed.value;
}

async function listKinds(
  connection: Connection,
  kinds: readonly DefinitionKind[],
  namespaces: readonly (string | undefined)[],
): Promise<ClusterResult<readonly ClusterDefinition[]>> {
  const places = kinds.flatMap((kind) => namespaces.map((namespace) => ({ kind, namespace })));
  const lists = await Promise.all(places.map(({ kind, namespace }) => listKind(connection, kind, namespace)));
  const definitions: ClusterDefinition[] = [];
  for (const list of lists) {
    if (list.kind === "fault") return list;
    definitions.push(...list.value.flatMap(clusterDefinition));
  }
  return { kind: "ok", value: definitions };
}

/** Gives no objects for a kind that is not installed. */
async function listKind(
  connection: Connection,
  kind: DefinitionKind,
  namespace: string | undefined,
): Promise<ClusterResult<readonly JsonObject[]>> {
  const type = definitionType(kind);
  const listed = await listPages(connection, type, { namespace });
  if (listed.kind === "ok") return listed;
  // The original's CRDs lack our WorkflowTest, and not every user may read CRDs to find that out.
  if (listed.fault.kind === "unknownKind" && kind === "WorkflowTest") return { kind: "ok", value: [] };
  const fault = await unlessAbsent(connection, type, listed.fault);
  return fault === undefined ? { kind: "ok", value: [] } : { kind: "fault", fault };
}

function clusterDefinition(object: JsonObject): readonly ClusterDefinition[] {
  const source = definitionOf(object, "");
  const metadata = member(object, "metadata");
  if (source === undefined || isGoing(object)) return [];
  return [{ ...source, ...deletableOf(object), creationTimestamp: textMember(metadata, "creationTimestamp") }];
}
