/** What the rules in `functions-deviations.ts` look at: what was recorded, what we answer, what the manifests say. */
import { formatJson, isJsonObject, member, textMember, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import type { Mismatch } from "./functions-compare.ts";

/** The outcome of a case is of another kind. */
export function isKindChange({ field, expected, actual }: Mismatch, from: string, to: string): boolean {
  return field === "outcome.kind" && expected === from && actual === to;
}

/** The message that was recorded for the case. */
export function recordedText({ expectedEntry }: Mismatch): string {
  return textMember(expectedEntry["outcome"], "message");
}

/** Whether the text of a value, as JSON, has something in it. */
export function mentions(value: JsonValue, pattern: RegExp): boolean {
  return pattern.test(formatJson(value).replaceAll('\\"', '"'));
}

/** An outcome that tells where a text stops being an expression. */
export function isParsingError(outcome: JsonValue | undefined): boolean {
  return textMember(outcome, "kind") === "permFail" && /^Parsing error at line \d/.test(textMember(outcome, "message"));
}

/** Every case we ran came to ok: the one case of a mismatch in a case, all of the test else. */
export function answersOk(mismatch: Mismatch): boolean {
  return everyOutcome(mismatch, ({ kind }) => kind === "ok");
}

/** The same, with nothing but these bools in what was returned. */
export function answersBools(mismatch: Mismatch, allowed: readonly boolean[] = [false, true]): boolean {
  const isAllowed = (value: JsonValue) => allowed.some((each) => each === value);
  return everyOutcome(mismatch, ({ value }) => isJsonObject(value) && Object.values(value).every(isAllowed));
}

const NUMBERS = /applied to '\((?:<class 'celpy\.celtypes\.(?:Int|Uint|Double)Type'>(?:, )?){2}\)'/;

/** What CEL can answer where this was recorded: unlike types are unequal, numbers compare by value. */
export function celEquality(text: string): readonly boolean[] {
  if (NUMBERS.test(text)) return [false, true];
  return [text.includes("'relation_ne'")];
}

function everyOutcome({ actualEntry }: Mismatch, holds: (outcome: JsonObject) => boolean): boolean {
  const cases = listOf(actualEntry["cases"] ?? [actualEntry]);
  return cases.length > 0 && cases.every(({ outcome }) => isJsonObject(outcome) && holds(outcome));
}

/** An assert compares an input with text, and the case gives that input a number. */
export function comparesInputOfOtherType({ specs, actualEntry }: Mismatch): boolean {
  const [test = null, ...functions] = specs;
  const overrides = member(listOf(member(test, "testCases"))[Number(actualEntry["index"])], "inputOverrides");
  const asserts = functions
    .flatMap((spec) => listOf(member(spec, "preconditions")))
    .map((each) => textMember(each, "assert"));
  return asserts.some((text) => {
    const [, input = ""] = /^=inputs\.(\w+) [!=]= "/.exec(text) ?? [];
    return typeof member(overrides, input) === "number";
  });
}

function listOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonObject[]) : [];
}
