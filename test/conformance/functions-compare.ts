/**
 * Compares what we did with what the original did, field by field, as `README.md` here says. Only root causes are told:
 * verdicts (`pass` of a case; `success`, `stoppedEarly`, `casesNotReached` of a test) follow from what the function came
 * to. Where that differs, they are still compared, by the original's own answers: our judge on what it recorded.
 */
import { judge } from "../../src/core/function-test/judge.ts";
import type { TestCasePlan } from "../../src/core/function-test/prepare.ts";
import {
  formatJson,
  isJsonObject,
  jsonEqual,
  member,
  textMember,
  type JsonObject,
  type JsonValue,
} from "../../src/core/json.ts";
import type { ActualTest } from "./functions-corpus.ts";
import { recordedAnswer } from "./functions-json.ts";

/** One field that differs. `defect` and `note` are the corpus' own words about the case or its test. */
export interface Mismatch {
  readonly topic: string;
  readonly test: string;
  /** The label of the case, "" for a field of the whole test. */
  readonly label: string;
  readonly field: string;
  readonly expected: JsonValue;
  readonly actual: JsonValue;
  readonly defect: string;
  readonly note: string;
  /** The whole entry of the case, or of the test. */
  readonly expectedEntry: JsonObject;
  readonly actualEntry: JsonObject;
  /** The specs the test is about, its own first. */
  readonly specs: readonly JsonValue[];
}

export interface Comparison {
  /** Fields compared. */
  readonly compared: number;
  readonly mismatches: readonly Mismatch[];
}

const NOTHING: ActualTest = { entry: {}, plan: undefined, specs: [] };

export function compareTest(
  topic: string,
  test: string,
  expected: JsonObject,
  actual: ActualTest = NOTHING,
): Comparison {
  const comparer = new Comparer(topic, test, expected, actual);
  comparer.whole();
  return comparer;
}

type Field = (name: string, expected: JsonValue, actual: JsonValue) => void;

class Comparer implements Comparison {
  compared = 0;
  readonly mismatches: Mismatch[] = [];
  readonly #topic: string;
  readonly #test: string;
  readonly #expected: JsonObject;
  readonly #actual: ActualTest;

  constructor(topic: string, test: string, expected: JsonObject, actual: ActualTest) {
    this.#topic = topic;
    this.#test = test;
    this.#expected = expected;
    this.#actual = actual;
  }

  whole(): void {
    const { prepare = null, functionUnderTest = null, functionPrepare, runError, cases } = this.#expected;
    const { entry } = this.#actual;
    const field = this.#fieldOf(this.#expected, entry, "");
    // 1. Whether any case was run at all. Raising is nothing we do.
    this.#outcome(field, "prepare", prepare, entry["prepare"] ?? null);
    this.#outcome(field, "functionUnderTest", functionUnderTest, entry["functionUnderTest"] ?? null);
    if (functionPrepare !== undefined) field("functionPrepare", functionPrepare, null);
    if (runError !== undefined) field("runError", runError, null);
    const ranThere = prepare === "ok" && functionUnderTest === null && runError === undefined;
    const ranHere = entry["prepare"] === "ok" && entry["functionUnderTest"] === undefined;
    if (ranThere !== ranHere) return; // one of the fields above differs, and all below follows from it
    // 2. The cases, and what they say together.
    const before = this.mismatches.length;
    const actualCases = listOf(entry["cases"]);
    const verdicts = listOf(cases).map((one, index) => this.#case(one, actualCases[index] ?? {}, index));
    const summary = this.mismatches.length === before ? entry : this.#summaryOf(verdicts);
    for (const name of ["success", "stoppedEarly", "casesNotReached"]) {
      field(name, this.#expected[name] ?? null, summary[name] ?? null);
    }
    field("number of cases", verdicts.length + Number(this.#expected["casesNotReached"] ?? 0), actualCases.length);
  }

  /** @returns whether the case passed, by the original's answer where ours is another */
  #case(expected: JsonObject, actual: JsonObject, index: number): boolean {
    const field = this.#fieldOf(expected, actual, textMember(expected, "label"));
    const wanted = expected["outcome"] ?? null;
    const before = this.mismatches.length;
    field("label", expected["label"] ?? null, actual["label"] ?? null);
    field("skipped", expected["skipped"] ?? false, actual["skipped"] ?? null);
    const varies = formatJson(expected["varies"] ?? null).includes('"outcome.message"');
    this.#outcome(field, "outcome", wanted, actual["outcome"] ?? null, varies);
    field("deleted", expected["deleted"] ?? false, actual["deleted"] ?? false);
    field("resource", expected["resource"] ?? null, actual["resource"] ?? null);
    this.#request(field, expected, actual);

    // The verdict: always on what the original recorded, and on our own answer where that is the same.
    const isSame = this.mismatches.length === before;
    const recorded = verdictOn(expected, this.#actual.plan?.cases[index]);
    field("pass, by the recorded answer", expected["pass"] ?? null, recorded);
    if (!isSame) return recorded;
    const passes = actual["pass"] ?? null;
    field("pass", expected["pass"] ?? null, passes);
    if (!same(expected["pass"] ?? null, passes)) return recorded; // told; what the test comes to follows from it
    if (expected["report"] !== undefined) field("report", true, (actual["report"] ?? null) !== null);
    return actual["pass"] === true;
  }

  /** The corpus records a delete as `deleted`, the other requests with their method. */
  #request(field: Field, expected: JsonObject, actual: JsonObject): void {
    const wanted = expected["request"];
    const got = actual["request"];
    const body = member(wanted, "body") ?? expected["resource"] ?? null;
    const method = textMember(wanted, "method") || (expected["deleted"] === true ? "DELETE" : null);
    field("request.method", method, member(got, "method") ?? null);
    if (method === null || method === "DELETE") return;
    field("request.body", body, member(got, "body") ?? null);
    const recorded = member(wanted, "lastApplied") ?? body;
    field("request.lastApplied", recorded, actual["lastApplied"] ?? null);
  }

  #outcome(field: Field, name: string, expected: JsonValue, actual: JsonValue, varies = false): void {
    if (!isJsonObject(expected) || !isJsonObject(actual)) {
      field(name, expected, actual);
      return;
    }
    field(`${name}.kind`, expected["kind"] ?? null, actual["kind"] ?? null);
    if (expected["kind"] !== actual["kind"]) return;
    if (expected["kind"] === "ok") field(`${name}.value`, expected["value"] ?? null, actual["value"] ?? null);
    if (expected["delay"] !== undefined) field(`${name}.delay`, expected["delay"], actual["delay"] ?? null);
    if (expected["kind"] === "ok" || varies) return;
    const isLibraryText = expected["messageIsLibraryText"] === true;
    if (isLibraryText) {
      const start =
        /^(?:Error evaluating `[^`]*`|Parsing error at line)/.exec(textMember(expected, "message"))?.[0] ?? "";
      field(`${name}.message begins`, start, textMember(actual, "message").slice(0, start.length));
      return;
    }
    field(`${name}.location`, expected["location"] ?? null, actual["location"] ?? null);
    if (expected["messageHasPythonNames"] === true) return;
    field(`${name}.message`, expected["message"] ?? null, actual["message"] ?? null);
  }

  /** What the verdicts of the cases make of the whole test: the first failing case that is no variant ends it. */
  #summaryOf(verdicts: readonly boolean[]): JsonObject {
    const plans = this.#actual.plan?.cases ?? [];
    const end = verdicts.findIndex((pass, index) => !pass && plans[index]?.variant === false);
    const casesNotReached = end < 0 ? 0 : plans.length - end - 1;
    return {
      success: verdicts.every(Boolean),
      ...(end < 0 ? {} : { stoppedEarly: true }),
      ...(casesNotReached > 0 ? { casesNotReached } : {}),
    };
  }

  #fieldOf(expectedEntry: JsonObject, actualEntry: JsonObject, label: string): Field {
    const defect = textMember(expectedEntry, "defect") || textMember(this.#expected, "defect");
    const note = textMember(expectedEntry, "note") || textMember(this.#expected, "note");
    const { specs } = this.#actual;
    return (field, expected, actual) => {
      this.compared += 1;
      if (same(expected, actual)) return;
      this.mismatches.push({
        topic: this.#topic,
        test: this.#test,
        label,
        field,
        expected,
        actual,
        defect,
        note,
        expectedEntry,
        actualEntry,
        specs,
      });
    };
  }
}

/** Whether a case passes on what the original recorded of it. */
function verdictOn(recorded: JsonObject, plan: TestCasePlan | undefined): boolean {
  if (recorded["skipped"] === true) return true;
  if (plan === undefined || recorded["notRun"] !== undefined) return false;
  return judge(plan.assertion, recordedAnswer(recorded)).pass;
}

/** Maps without order, lists in order, `1` is `1.0`; what is no value at all has no text to compare. */
function same(expected: JsonValue, actual: JsonValue): boolean {
  return jsonEqual(withoutOpaqueText(expected), withoutOpaqueText(actual));
}

function withoutOpaqueText(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(withoutOpaqueText);
  if (!isJsonObject(value)) return value;
  if (Object.hasOwn(value, "$opaque")) return { $opaque: "" };
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withoutOpaqueText(item)]));
}

function listOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonObject[]) : [];
}
