/**
 * Decides whether a change of a trigger wakes its key, by a hash of exactly what people and other controllers may
 * change: all content except the status, labels, annotations and finalizers without ours, and the deletion timestamp.
 * So our own writes on a trigger never wake it, and neither does a watch that shows it in another API version.
 */
import { hashText, canonicalText } from "../core/hash.ts";
import { isJsonObject, member, type JsonObject, type JsonValue } from "../core/json.ts";
import { uidOf } from "../core/object.ts";
import { OWN_TRIGGER_ANNOTATIONS } from "../core/names.ts";
import type { WorkClass } from "./ports/key-store.ts";

/** Prefix of the finalizers that only we set and take off. */
const OWN_FINALIZERS = "koreo.dev/";
/** Enough digits that a changed trigger is never taken for the old one; one hash is kept for every trigger. */
const HASH_DIGITS = 16;

/** Why a key is woken, and how urgently. */
export interface Wake {
  readonly reason: "added" | "modified" | "deleted" | "deleting";
  readonly workClass: WorkClass;
}

/** What a watcher remembers of a trigger, as `uid:hash`; it changes whenever the trigger must be looked at. */
export function triggerFingerprint(trigger: JsonObject): string {
  return `${uidOf(trigger)}:${wakeHash(trigger)}`;
}

/** @returns why the trigger's key is woken, or undefined when nothing that matters changed */
export function wakeForTrigger(
  known: string | undefined,
  now: { readonly fingerprint: string; readonly isGoing: boolean },
): Wake | undefined {
  if (known === now.fingerprint) return undefined;
  if (now.isGoing) return { reason: "deleting", workClass: 1 };
  return { reason: known === undefined ? "added" : "modified", workClass: 1 };
}

function wakeHash(trigger: JsonObject): string {
  const { apiVersion: _version, metadata, status: _status, ...content } = trigger;
  return hashText(canonicalText({ ...content, metadata: wakingMetadata(metadata) })).slice(0, HASH_DIGITS);
}

function wakingMetadata(metadata: JsonValue | undefined): JsonObject {
  const finalizers = member(metadata, "finalizers");
  return {
    labels: member(metadata, "labels") ?? null,
    annotations: withoutOwn(member(metadata, "annotations")),
    deletionTimestamp: member(metadata, "deletionTimestamp") ?? null,
    finalizers: Array.isArray(finalizers) ? finalizers.filter(isForeign) : [],
  };
}

function isForeign(finalizer: JsonValue): boolean {
  return typeof finalizer !== "string" || !finalizer.startsWith(OWN_FINALIZERS);
}

function withoutOwn(annotations: JsonValue | undefined): JsonObject {
  if (!isJsonObject(annotations)) return {};
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => !OWN_TRIGGER_ANNOTATIONS.has(name)));
}
