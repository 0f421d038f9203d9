/** What a FunctionTest came to, in the form of `expected.json`; and back, an answer as the original recorded it. */
import { toJson } from "../../src/core/cel/text.ts";
import { isFault, isList, isPlainMap, Optional, TypeName, type Value } from "../../src/core/cel/value.ts";
import { withoutRecord } from "../../src/core/function-test/judge.ts";
import type { MockAnswer } from "../../src/core/function-test/mock-api.ts";
import type { TestCaseResult } from "../../src/core/function-test/run.ts";
import { isJsonObject, member, parseJson, textMember, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { ANNOTATION } from "../../src/core/names.ts";
import { depSkip, ok, permFail, retry, skip, type Outcome } from "../../src/core/outcome.ts";

/** One case. */
export function caseJson(result: TestCaseResult, index: number): JsonObject {
  const { label, pass, outcome, answer, skipped, message, differences } = result;
  const body = answer?.request?.body;
  const resource = body === undefined || answer?.deleted === true ? null : withoutRecord(answer?.materialized ?? {});
  return {
    index,
    label,
    pass,
    skipped,
    outcome: outcome === undefined ? null : outcomeJson(outcome),
    deleted: answer?.deleted ?? false,
    resource: normalized(resource),
    request:
      answer?.request === undefined
        ? null
        : { method: answer.request.method, body: normalized(withoutRecord(body ?? {})) },
    lastApplied: lastApplied(body),
    report: message ?? (differences === undefined ? null : JSON.stringify(differences)),
  };
}

function lastApplied(body: JsonObject | undefined): JsonValue {
  const text = textMember(member(member(body, "metadata"), "annotations"), ANNOTATION.lastApplied);
  return text === "" ? null : normalized(parseJson(text));
}

export function outcomeJson(outcome: Outcome<Value>): JsonObject {
  const { location = null } = outcome;
  switch (outcome.kind) {
    case "ok":
      return { kind: "ok", value: valueJson(outcome.value) };
    case "retry":
      return { kind: "retry", message: outcome.message ?? null, delay: outcome.delaySeconds, location };
    case "skip":
    case "depSkip":
    case "permFail":
      return { kind: outcome.kind, message: outcome.message ?? null, location };
  }
}

/** A value as the corpus writes it: what no object can hold is `$opaque`, in its place. */
export function valueJson(value: Value): JsonValue {
  if (value instanceof TypeName) return { $opaque: TypeName.of(value) };
  if (value instanceof Optional) return { $opaque: "optional_type" };
  if (isList(value)) return value.map(valueJson);
  if (isPlainMap(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, valueJson(item)]));
  }
  const plain = toJson(value);
  if (isFault(plain)) throw new Error("an outcome holds a fault");
  return normalized(plain);
}

/** Numbers that JSON has no text for, as the corpus writes them. */
function normalized(value: JsonValue): JsonValue {
  if (typeof value === "number" && !Number.isFinite(value)) return { $double: String(value) };
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(normalized);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, normalized(item)]));
}

/** What a case of `expected.json` recorded, as the judge of our engine takes it. */
export function recordedAnswer(recorded: JsonObject): MockAnswer {
  const deleted = recorded["deleted"] === true;
  const resource = recorded["resource"] ?? null;
  return {
    outcome: recordedOutcome(recorded["outcome"] ?? null),
    materialized: deleted ? {} : isJsonObject(resource) ? resource : undefined,
    request: undefined,
    deleted,
  };
}

function recordedOutcome(recorded: JsonValue): Outcome<Value> {
  const said = textMember(recorded, "message") || undefined;
  switch (textMember(recorded, "kind")) {
    case "ok":
      return ok(member(recorded, "value") ?? null);
    case "skip":
      return skip(said);
    case "depSkip":
      return depSkip(said);
    case "retry":
      return retry(Number(member(recorded, "delay") ?? 0), said);
    case "permFail":
      return permFail(said);
    default:
      throw new Error(`no outcome: ${JSON.stringify(recorded)}`);
  }
}
