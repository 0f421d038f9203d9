/**
 * Decides whether an object that we created was left behind: its mark fits it, and the trigger in the mark is gone, or
 * no longer names it. A safety case: in doubt the object stays. Pure: `koreo prune --objects` reads, asks and deletes.
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
  /** Who created it, by a mark that fits the object. */
  readonly holder: MarkHolder;
  /** The object that now has the key of the trigger in the mark, with its status; null when none exists. */
  readonly trigger: JsonObject | null;
  /** Whether the records of any living trigger say that it manages the object. */
  readonly isManaged: boolean;
  readonly nowMs: number;
  /** Younger objects of a living trigger are kept: a run may have created them without recording them yet. */
  readonly minAgeMs: number;
}

export type LeftVerdict =
  | { readonly kind: "left"; readonly why: "trigger gone" | "not named any more" }
  /** `reason` is given when somebody may wonder. */
  | { readonly kind: "kept"; readonly reason?: KeptReason };

export type KeptReason = "younger than --older-than" | "the last run of its trigger was not complete";

export function judgeLeft(request: LeftRequest): LeftVerdict {
  const { identity, object, holder, trigger, isManaged } = request;
  if (isManaged || isGoing(object)) return KEPT;
  if (trigger === null) return { kind: "left", why: "trigger gone" };
  // A trigger that is being deleted deletes its own objects, and may not have finished.
  if (isGoing(trigger) || recordsOf(trigger).named.has(identityText(identity))) return KEPT;
  // Also for a newer trigger of the same name: before its first run it cannot have taken the object over.
  const created = Date.parse(textMember(member(object, "metadata"), "creationTimestamp"));
  if (!(request.nowMs - created >= request.minAgeMs)) return { kind: "kept", reason: "younger than --older-than" };
  if (!isComplete(trigger)) return { kind: "kept", reason: "the last run of its trigger was not complete" };
  const isSame = uidOf(trigger) === holder.uid;
  return { kind: "left", why: isSame ? "not named any more" : "trigger gone" };
}

const KEPT: LeftVerdict = { kind: "kept" };

/** Sets of objects by `identityText`. */
export interface TriggerRecords {
  readonly named: ReadonlySet<string>;
  /** Those of the named objects that it does not only read. */
  readonly managed: ReadonlySet<string>;
}

/** What a trigger names by its inventory and by the original's record: one of them may be damaged or out of date. */
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

/** Whether its last run ended as its author wants, for the present spec. */
function isComplete(trigger: JsonObject): boolean {
  const outcome = annotationOf(trigger, ANNOTATION.outcome);
  if (outcome !== "") return outcome === "ok"; // a built-in kind: its conditions are not ours
  const ready = readyCondition(trigger);
  const observed = member(ready, "observedGeneration"); // absent without a status subresource
  const isCurrent = observed === undefined || observed === memberAt(trigger, ["metadata", "generation"]);
  return textMember(ready, "status") === "True" && isCurrent;
}
