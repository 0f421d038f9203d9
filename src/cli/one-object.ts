/** The object a command is about: KIND and NAME as the user typed them, read from the cluster. */
import type { JsonObject } from "../core/json.ts";
import { formatKey, objectText, parseKey, type KeyText } from "../core/object-key.ts";
import { markHolder } from "../core/resource/mark.ts";
import type { ClusterFault, ObjectRef } from "../engine/ports/object-store.ts";
import { failed, type Connection } from "./connection.ts";
import { findKind } from "./find-kind.ts";

export interface OneObject {
  readonly ref: ObjectRef;
  readonly object: JsonObject;
}

/** @throws CommandFailed naming what does not exist */
export async function findObject(
  connection: Connection,
  kind: string,
  name: string,
  namespace: string | undefined,
): Promise<OneObject> {
  const type = await findKind(connection, kind);
  const ref = { type, namespace: type.namespaced ? (namespace ?? connection.namespace) : "", name };
  return { ref, object: await readAgain(connection, ref) };
}

/** @throws CommandFailed when it no longer exists */
export async function readAgain({ store, signal }: Connection, ref: ObjectRef): Promise<JsonObject> {
  const read = await store.get(ref, signal);
  if (read.kind === "ok") return read.value;
  throw failedOf(ref, read.fault);
}

/** For callers that poll: undefined while the server does not answer, or is overloaded. */
export async function readIfAnswered({ store, signal }: Connection, ref: ObjectRef): Promise<JsonObject | undefined> {
  const read = await store.get(ref, signal);
  if (read.kind === "ok") return read.value;
  const { kind } = read.fault;
  if (kind === "unavailable" || kind === "throttled" || kind === "aborted") return undefined;
  throw failedOf(ref, read.fault);
}

function failedOf({ type, namespace, name }: ObjectRef, fault: ClusterFault): Error {
  return failed(`${type.kind} ${name}${namespace === "" ? "" : ` in namespace ${namespace}`}`, fault);
}

/** The trigger that manages the object, as people name it; undefined when none does. */
export function managerOf(object: JsonObject, { type, namespace, name }: ObjectRef): string | undefined {
  const holder = markHolder(object, { group: type.group, kind: type.kind, namespace, name });
  const trigger = holder === undefined ? undefined : parseKey(holder.trigger);
  return trigger === undefined ? undefined : objectText(trigger);
}

/** The object as people name it. */
export function textOf({ type, namespace, name }: ObjectRef): string {
  return objectText({ kind: type.kind, namespace, name });
}

/** The key under which the object is reconciled. */
export function keyOf({ store }: Connection, { type, namespace, name }: ObjectRef): KeyText {
  return formatKey({ cluster: store.cluster, group: type.group, kind: type.kind, namespace, name });
}
