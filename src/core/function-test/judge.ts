/** Decides whether the result of a function matches the one assertion of its test case and, if not, how it differs. */
import { toJson } from "../cel/text.ts";
import { isFault, type Value, type ValueMap } from "../cel/value.ts";
import { isJsonObject, member, type JsonObject, type JsonValue } from "../json.ts";
import { ANNOTATION } from "../names.ts";
import type { Outcome } from "../outcome.ts";
import { compareExactly, type Differences } from "./compare.ts";
import type { MockAnswer } from "./mock-api.ts";
import { outcomeMatches, outcomeMismatch, resultText } from "./expected-outcome.ts";
import type { Assertion } from "./prepare.ts";

export interface Verdict {
  readonly pass: boolean;
  /** Why it does not match, in one line. */
  readonly message?: string;
  /** Every place where an object or a return value is not as expected. */
  readonly differences?: Differences;
}

export function judge(assertion: Assertion, answer: MockAnswer): Verdict {
  switch (assertion.kind) {
    case "resource":
      return judgeResource(assertion.expected, answer);
    case "return":
      return judgeReturn(assertion.expected, answer.outcome);
    case "delete":
      if (answer.deleted === assertion.expected) return { pass: true };
      return { pass: false, message: answer.deleted ? "Delete called" : "Delete not called." };
    case "outcome":
      if (outcomeMatches(assertion.expected, answer.outcome)) return { pass: true };
      return { pass: false, message: outcomeMismatch(assertion.expected, answer.outcome) };
  }
}

function judgeResource(expected: ValueMap, { outcome, materialized }: MockAnswer): Verdict {
  if (materialized === undefined) {
    const said = outcome.kind === "ok" ? "unexpected Ok result" : (outcome.message ?? "None");
    return { pass: false, message: `No resource changes attempted: ${said}` };
  }
  if (outcome.kind !== "retry") {
    return { pass: false, message: `Unexpected result-type (${resultText(outcome)}), but expected Retry` };
  }
  return compared(expected, withoutRecord(materialized));
}

function judgeReturn(expected: ValueMap, outcome: Outcome<Value>): Verdict {
  if (outcome.kind !== "ok") return { pass: false, message: `Non-Ok return value (${resultText(outcome)})` };
  const actual = toJson(outcome.value);
  return isFault(actual) ? { pass: false, message: "the return value is no JSON" } : compared(expected, actual);
}

function compared(expected: ValueMap, actual: JsonValue): Verdict {
  const wanted = toJson(expected);
  if (isFault(wanted)) return { pass: false, message: "the expected value is no JSON" };
  const differences = compareExactly(wanted, actual);
  return differences === undefined ? { pass: true } : { pass: false, differences };
}

/** An object without our record on it; drops `annotations` when nothing else is in it. */
export function withoutRecord(object: JsonObject): JsonObject {
  const metadata = member(object, "metadata");
  const annotations = member(metadata, "annotations");
  if (!isJsonObject(metadata) || !isJsonObject(annotations) || !Object.hasOwn(annotations, ANNOTATION.lastApplied)) {
    return object;
  }
  const { [ANNOTATION.lastApplied]: _record, ...others } = annotations;
  const { annotations: _all, ...rest } = metadata;
  const kept = Object.keys(others).length === 0 ? rest : { ...rest, annotations: others };
  return { ...object, metadata: kept };
}
