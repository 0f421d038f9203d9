/**
 * Conditions: turns the outcome of a step or run into what Kubernetes users read. Reasons and messages are Koreo's
 * words; the status is honest: ok and skip are True, retry and permFail False, unevaluated steps Unknown.
 */
import { isJsonObject, type JsonObject, type JsonValue, listOf, member, memberAt, textMember } from "../json.ts";
import type { Outcome } from "../outcome.ts";

/** A condition without its times, which depend on the previous condition. */
export interface ConditionDraft {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  /** Place in the definitions; all our conditions have one, which distinguishes them from others'. */
  readonly location: string;
}

/** The condition every trigger and every definition has. */
export const READY = "Ready";

/** How many characters of a text people get to read; the API server would refuse a status with many long ones. */
const MAX_TEXT = 2048;

/**
 * @param named - `type`, and what messages call it, such as `Workflow shop`
 * @param fallbackLocation - used when the outcome names no place
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

/** A text cut to readable length, which says how much is left out. */
export function bounded(text: string, maxCharacters: number = MAX_TEXT): string {
  if (text.length <= maxCharacters) return text;
  const kept = text.slice(0, maxCharacters).replace(/[\uD800-\uDBFF]$/, ""); // drops half of a surrogate pair
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

/** The message of a condition of an object as read; "" when it has none of that type. */
export function conditionMessage(object: JsonObject, type: string): string {
  return textMember(conditionNamed(object, type), "message");
}

/** The condition of that type of an object as read; undefined when it has none. */
export function conditionNamed(object: JsonObject, type: string): JsonObject | undefined {
  return conditionsIn(object).find((each) => textMember(each, "type") === type);
}

/** `status.conditions` of an object as read, without entries that are not conditions. */
export function conditionsIn(object: JsonObject): readonly JsonObject[] {
  return listOf(memberAt(object, ["status", "conditions"])).filter(isJsonObject);
}

/** How to treat the present conditions. */
export interface MergeOptions {
  /** This run does not know which of our conditions are defined, so all stay as they are. */
  readonly keepsOurs?: boolean | undefined;
  /** Our conditions keep their places and new ones follow, as the author asked with `koreo.dev/merge-conditions`. */
  readonly keepsPlaces?: boolean | undefined;
}

/**
 * The new list: others' conditions unchanged and in place; ours in the places between them, in the order of the drafts,
 * with further ones at the end, and without those that nothing defines any more. A type that a draft has is ours, even
 * when the CRD's schema prunes `location`, by which we recognize our other conditions.
 *
 * @param previous - `status.conditions` as read
 * @param nowMs - time of conditions whose status changes; one whose status stays keeps its time
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
  // When drafts share a type, the last one counts, in the place of the first.
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

/** A time as Kubernetes writes it: UTC, whole seconds. */
export function timestampText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
