/**
 * Refuses to write an object that another living trigger created. The mark on the object says who that is; whether that
 * trigger still lives is read from the API server, for a mark whose trigger is gone binds nobody.
 */
import { textMember, member, type JsonObject } from "../core/json.ts";
import { formatKey, parseKey } from "../core/object-key.ts";
import { permFail, type NotOk } from "../core/outcome.ts";
import { markHolder } from "../core/resource/mark.ts";
import { faultOutcome } from "./perform.ts";
import type { ObjectRef } from "./ports/object-store.ts";
import type { RunContext } from "./run-context.ts";

/** @returns why the object must not be written, or undefined when it may */
export async function refusedByOwner(
  run: RunContext,
  observed: JsonObject,
  ref: ObjectRef,
  signal: AbortSignal,
): Promise<NotOk | undefined> {
  const holder = markHolder(observed, { ...ref.type, namespace: ref.namespace, name: ref.name });
  if (holder === undefined || holder.uid === run.trigger.uid) return undefined;
  const key = parseKey(holder.trigger);
  if (key === undefined || formatKey(key) === run.trigger.key) return undefined; // our own key, recreated: we take over

  const type = await run.ports.store.resolve({ group: key.group, kind: key.kind }, signal);
  if (type.kind === "fault") return type.fault.kind === "unknownKind" ? undefined : unclear(type.fault, holder.trigger);
  const read = await run.ports.store.get({ type: type.value, namespace: key.namespace, name: key.name }, signal);
  if (read.kind === "fault") return read.fault.kind === "notFound" ? undefined : unclear(read.fault, holder.trigger);
  if (textMember(member(read.value, "metadata"), "uid") !== holder.uid) return undefined;
  return permFail(
    `${ref.type.kind} ${ref.name} belongs to the trigger ${holder.trigger} and is left alone; give it another name here, or remove it there`,
    "spec.apiConfig.name",
  );
}

function unclear(fault: Parameters<typeof faultOutcome>[0], holder: string): NotOk {
  return faultOutcome(fault, { doing: "loading", name: holder, location: "spec.apiConfig" });
}
