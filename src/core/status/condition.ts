/**
 * Conditions: from what a step or a run came to, to what Kubernetes users read. Reasons and messages are Koreo's words;
 * the status is honest: ok and skip are True, retry and permFail False, what was not evaluated is Unknown.
 */
import { isJsonObject, type JsonObject, type JsonValue, listOf, member, memberAt, textMember } from "../json.ts";
import type { Outcome } from "../outcome.ts";

/** A condition without its times, which depend on what stood there before. */
export interface ConditionDraft {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  /** Where in the definitions; every condition of ours has one, which is how they are told from others'. */
  readonly location: string;
}

/** The condition every trigger and every definition has. */
export const READY = "Ready";

/** How much of a text people get to read, in characters; a status of many long ones would be refused as a whole. */
const MAX_TEXT = 2048;

/**
 * @param named - `type`, and what messages call it, such as `Workflow shop`
 * @param fallbackLocation - where the outcome names no place
 */
export function conditionOf(
  named: { readonly type: string; readonly name: string },
  outcome: Outcome<unknown>,
  fallbackLocation: string,
): ConditionDraft {
  const { status, reason, message } = wording(named.name, outcome);
  const location = outcome.kind === "ok" ? fallbackLocation : (outcome.location ?? fallbackLocation);
  return { type: named.type, status, reason, message: bounded(message), location: bounded(location) };
}

/** A text cut to what people read, saying how much was left out. */
export function bounded(text: string, maxCharacters: number = MAX_TEXT): string {
  if (text.length <= maxCharacters) return text;
  const kept = text.slice(0, maxCharacters).replace(/[\uD800-\uDBFF]$/, ""); // no half of a surrogate pair
  return `${kept} … (${text.length - kept.length} more characters)`;
}

function wording(
  name: string,
  outcome: Outcome<unknown>,
): { readonly status: ConditionDraft["status"]; readonly reason: string; readonly message: string } {
  const said = outcome.kind === "ok" ? undefined : outcome.message;
  switch (outcome.kind) {
    case "ok":
      return { status: "True", reason: "Ready", message: `${name} ready.` };
    case "skip":
      return {
        status: "True",
        reason: "Skip",
        message: said ? `Skipping ${name}: ${said}` : `${name} management is disabled.`,
      };
    case "depSkip": {
      const why = said ? ` (${said})` : ".";
      return { status: "Unknown", reason: "DepSkip", message: `${name} awaiting dependencies to be ready${why}` };
    }
    case "retry": {
      const why = said ? ` (${said}).` : ".";
      return { status: "False", reason: "Wait", message: `Awaiting ${name} to be ready${why}` };
    }
    case "permFail":
      return {
        status: "False",
        reason: "Failure",
        message: `Unrecoverable error reconciling ${name}. (${said ?? "None"}).`,
      };
  }
}

/** The Ready condition of an object as read; undefined when it has none. */
export function readyCondition(object: JsonObject): JsonObject | undefined {
  return conditionNamed(object, READY);
}

/** What a condition of an object as read says; "" when it has none of that type. */
export function conditionMessage(object: JsonObject, type: string): string {
  return textMember(conditionNamed(object, type), "message");
}

/** The condition of that type of an object as read; undefined when it has none. */
export function conditionNamed(object: JsonObject, type: string): JsonObject | undefined {
  return conditionsIn(object).find((each) => textMember(each, "type") === type);
}

/** `status.conditions` of an object as read; what is no condition is passed over. */
export function conditionsIn(object: JsonObject): readonly JsonObject[] {
  return listOf(memberAt(object, ["status", "conditions"])).filter(isJsonObject);
}

/** How the conditions that stand there are treated. */
export interface MergeOptions {
  /** This run cannot tell which of ours are defined: all stay as they are. */
  readonly keepsOurs?: boolean | undefined;
  /** Ours stay in their places and new ones follow, as the author asked with `koreo.dev/merge-conditions`. */
  readonly keepsPlaces?: boolean | undefined;
}

/**
 * The list as it should stand: others' conditions as they are and where they are; in the places between them ours, in
 * the order of the drafts, what is more of them at the end, and those that nothing defines any more gone. A type that a
 * draft has is ours, even where the CRD's schema prunes `location`, by which the rest of ours are known.
 *
 * @param previous - `status.conditions` as read
 * @param nowMs - for conditions whose status changes; one whose status stays keeps its time
 */
export function mergeConditions(
  previous: JsonValue | undefined,
  drafts: readonly ConditionDraft[],
  observedGeneration: number | undefined,
  nowMs: number,
  { keepsOurs = false, keepsPlaces = false }: MergeOptions = {},
): readonly JsonObject[] {
  const before = Array.isArray(previous) ? (previous as readonly JsonValue[]).filter(isJsonObject) : [];
  const standing = new Map(before.map((condition) => [textMember(condition, "type"), condition]));
  // Of drafts that share a type the last one stands, at the place of the first.
  const wanted = new Map(drafts.map((draft) => [draft.type, draft]));
  const next = keepsOurs || keepsPlaces ? (type: string) => wanted.get(type) : () => [...wanted.values()][0];
  const write = (draft: ConditionDraft | undefined): readonly JsonObject[] => {
    if (draft === undefined) return [];
    wanted.delete(draft.type);
    return [dated(draft, standing.get(draft.type), observedGeneration, nowMs)];
  };
  const types = new Set(wanted.keys());
  const kept = before.flatMap((condition): readonly JsonObject[] => {
    const type = textMember(condition, "type");
    if (types.has(type)) return write(next(type));
    return isOurs(condition) && !keepsOurs ? [] : [condition];
  });
  return [...kept, ...[...wanted.values()].flatMap(write)];
}

function dated(
  { type, status, reason, message, location }: ConditionDraft,
  before: JsonObject | undefined,
  observedGeneration: number | undefined,
  nowMs: number,
): JsonObject {
  const time = textMember(before, "lastTransitionTime");
  const isSame = before !== undefined && textMember(before, "status") === status && time !== "";
  return {
    type,
    status,
    reason,
    message,
    location,
    lastTransitionTime: isSame ? time : timestampText(nowMs),
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
  };
}

function isOurs(condition: JsonObject): boolean {
  return typeof member(condition, "location") === "string";
}

/** As Kubernetes writes times: UTC, whole seconds. */
export function timestampText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
