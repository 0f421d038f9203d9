/** The objects a trigger keeps, each with its present state in the cluster. */
import type { JsonObject } from "../core/json.ts";
import { isGoing } from "../core/object.ts";
import { parseApiVersion } from "../core/object-key.ts";
import { namedObjects, type NamedObject } from "../core/resource/named-objects.ts";
import type { Connection } from "./connection.ts";

export interface ManagedObject extends NamedObject {
  /** present, deleting, missing, or why it cannot be read. */
  readonly state: string;
}

export async function managedObjects(connection: Connection, trigger: JsonObject): Promise<readonly ManagedObject[]> {
  const named = namedObjects(trigger);
  return Promise.all(named.map(async (each) => ({ ...each, state: await stateOf(connection, each) })));
}

async function stateOf(
  { store, signal }: Connection,
  { apiVersion, kind, namespace, name }: NamedObject,
): Promise<string> {
  const type = await store.resolve({ ...parseApiVersion(apiVersion), kind }, signal);
  if (type.kind === "fault") return type.fault.kind === "unknownKind" ? "kind not served" : type.fault.kind;
  const read = await store.get({ type: type.value, namespace, name }, signal);
  if (read.kind === "fault") return read.fault.kind === "notFound" ? "missing" : read.fault.kind;
  return isGoing(read.value) ? "deleting" : "present";
}
