/**
 * Whether an object that we created was left behind: its mark fits it, and the trigger in the mark is gone, or lives and names
 * it no more. Read as a safety case: in doubt the object is kept. Pure: `koreo prune --objects` reads, asks and deletes.
 */
import { member, memberAt, textMember, type JsonObject } from "../json.ts";
import { annotationOf, isGoing, uidOf } from "../object.ts";
import { ANNOTATION } from "../names.ts";
import { parseApiVersion } from "../object-key.ts";
import { identityText, parseInventory } from "../resource/inventory.ts";
import type { MarkHolder, ObjectIdentity } from "../resource/mark.ts";
import { originalRecord } from "../resource/named-objects.ts";
import { readyCondition } from "../status/condition.ts";

export interface LeftRequest {
  readonly identity: ObjectIdentity;
  /** At least its metadata. */
  readonly object: JsonObject;
  /** By a mark that fits the object. */
  readonly holder: MarkHolder;
  /** The object that now has the key of the trigger in the mark, with its status; null when there is none. */
  readonly trigger: JsonObject | null;
  /** Whether any living trigger manages the object by its records. */
  readonly isManaged: boolean;
  readonly nowMs: number;
  /** Younger objects of a trigger that lives are kept: a run may have created them and not recorded them yet. */
  readonly minAgeMs: number;
}

export type LeftVerdict =
  | { readonly kind: "left"; readonly why: "trigger gone" | "not named any more" }
  /** `reason` where somebody may wonder. */
  | { readonly kind: "kept"; readonly reason?: KeptReason };

export type KeptReason = "younger than --older-than" | "the last run of its trigger was not complete";

export function judgeLeft(request: LeftRequest): LeftVerdict {
  const { identity, object, holder, trigger, isManaged } = request;
  if (isManaged || isGoing(object)) return KEPT;
  if (trigger === null) return { kind: "left", why: "trigger gone" };
  // What is being deleted deletes by itself, and may still be at it.
  if (isGoing(trigger) || recordsOf(trigger).named.has(identityText(identity))) return KEPT;
  // Also of a namesake that came after: until it has run it cannot have said that it takes the object over.
  const created = Date.parse(textMember(member(object, "metadata"), "creationTimestamp"));
  if (!(request.nowMs - created >= request.minAgeMs)) return { kind: "kept", reason: "younger than --older-than" };
  if (!isComplete(trigger)) return { kind: "kept", reason: "the last run of its trigger was not complete" };
  const isSame = uidOf(trigger) === holder.uid;
  return { kind: "left", why: isSame ? "not named any more" : "trigger gone" };
}

const KEPT: LeftVerdict = { kind: "kept" };

/** Objects by `identityText`. */
export interface TriggerRecords {
  readonly named: ReadonlySet<string>;
  /** Of these, what it does not only read. */
  readonly managed: ReadonlySet<string>;
}

/** What a trigger names, by its inventory or by the original's record: one of them may be damaged, or out of date. */
export function recordsOf(trigger: JsonObject): TriggerRecords {
  const metadata = member(trigger, "metadata");
  const text = textMember(member(metadata, "annotations"), ANNOTATION.inventory);
  const entries = [
    ...parseInventory(text, textMember(metadata, "uid")),
    ...originalRecord(trigger).map((each) => ({ ...each, group: parseApiVersion(each.apiVersion).group })),
  ];
  return {
    named: new Set(entries.map(identityText)),
    managed: new Set(entries.filter(({ readonly }) => !readonly).map(identityText)),
  };
}

/** Its last run came to an end as its author wants, for the spec as it is now. */
function isComplete(trigger: JsonObject): boolean {
  const outcome = annotationOf(trigger, ANNOTATION.outcome);
  if (outcome !== "") return outcome === "ok"; // a built-in kind: its conditions are not ours
  const ready = readyCondition(trigger);
  const observed = member(ready, "observedGeneration"); // none without a status subresource
  const isCurrent = observed === undefined || observed === memberAt(trigger, ["metadata", "generation"]);
  return textMember(ready, "status") === "True" && isCurrent;
}
