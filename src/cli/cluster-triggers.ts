/** The triggers of a cluster: the objects of every kind that its Workflows name now or named before. */
import type { JsonObject } from "../core/json.ts";
import { field, textField, type DefinitionSource } from "../core/manifest/definition.ts";
import type { GroupKind } from "../core/object-key.ts";
import { listPages } from "../engine/list-pages.ts";
import type { ClusterResult } from "../engine/ports/object-store.ts";
import { TriggerKinds } from "../engine/watcher/trigger-kinds.ts";
import type { Connection } from "./connection.ts";
import { unlessAbsent } from "./unserved-kind.ts";

/** The kinds that present Workflows name, and those that watchers noted beside the definitions. */
export async function triggerKindsOn(
  { store, signal }: Connection,
  definitions: readonly DefinitionSource[],
  namespaces: readonly string[],
): Promise<ClusterResult<readonly GroupKind[]>> {
  const named = definitions.flatMap(({ kind, spec }) => {
    const ref = kind === "Workflow" ? field(spec, "crdRef") : undefined;
    return ref === undefined ? [] : [{ group: textField(ref, "apiGroup"), kind: textField(ref, "kind") }];
  });
  const noted: GroupKind[] = [];
  for (const namespace of namespaces) {
    const kinds = new TriggerKinds(store, namespace);
    const fault = await kinds.load(signal);
    if (fault !== undefined) return { kind: "fault", fault };
    noted.push(...kinds.all);
  }
  return { kind: "ok", value: [...named, ...noted].filter(({ kind }) => kind !== "") };
}

/** Lists their metadata; a kind that is gone for good has no objects. */
export async function listTriggers(
  connection: Connection,
  kinds: readonly GroupKind[],
): Promise<ClusterResult<readonly JsonObject[]>> {
  const distinct = new Map(kinds.map(({ group, kind }) => [`${group}/${kind}`, { group, kind }]));
  const lists = await Promise.all([...distinct.values()].map((kind) => listKind(connection, kind)));
  const triggers: JsonObject[] = [];
  for (const list of lists) {
    if (list.kind === "fault") return list;
    triggers.push(...list.value);
  }
  return { kind: "ok", value: triggers };
}

async function listKind(connection: Connection, kind: GroupKind): Promise<ClusterResult<readonly JsonObject[]>> {
  const type = await connection.store.resolve(kind, connection.signal);
  const listed = type.kind === "ok" ? await listPages(connection, type.value, { metadataOnly: true }) : type;
  if (listed.kind === "ok") return listed;
  const fault = await unlessAbsent(connection, kind, listed.fault);
  return fault === undefined ? { kind: "ok", value: [] } : { kind: "fault", fault };
}
