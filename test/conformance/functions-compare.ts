/** Compares what we did with what the original did, field by field, as `README.md` here says. */
import { isJsonObject, jsonEqual, member, textMember, type JsonObject, type JsonValue } from "../../src/core/json.ts";

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
}

export interface Comparison {
  /** Fields compared. */
  readonly compared: number;
  readonly mismatches: readonly Mismatch[];
}

export function compareTest(
  topic: string,
  test: string,
  expected: JsonObject,
  actual: JsonObject | undefined,
): Comparison {
  const comparer = new Comparer(topic, test, expected, actual ?? {});
  comparer.whole();
  return comparer;
}

class Comparer implements Comparison {
  compared = 0;
  readonly mismatches: Mismatch[] = [];
  readonly #topic: string;
  readonly #test: string;
  readonly #expected: JsonObject;
  readonly #actual: JsonObject;

  constructor(topic: string, test: string, expected: JsonObject, actual: JsonObject) {
    this.#topic = topic;
    this.#test = test;
    this.#expected = expected;
    this.#actual = actual;
  }

  whole(): void {
    const { prepare, functionUnderTest, functionPrepare, runError, success } = this.#expected;
    const field = this.#fieldOf(this.#expected, this.#actual, "");
    this.#outcome(field, "prepare", prepare ?? null, member(this.#actual, "prepare") ?? null);
    this.#outcome(
      field,
      "functionUnderTest",
      functionUnderTest ?? null,
      member(this.#actual, "functionUnderTest") ?? null,
    );
    // Raising is nothing we do.
    if (functionPrepare !== undefined) field("functionPrepare", functionPrepare, null);
    if (runError !== undefined) field("runError", runError, null);
    field("success", success ?? null, member(this.#actual, "success") ?? null);
    for (const name of ["stoppedEarly", "casesNotReached"]) {
      field(name, this.#expected[name] ?? null, member(this.#actual, name) ?? null);
    }
    const cases = listOf(this.#expected["cases"]);
    const actualCases = listOf(member(this.#actual, "cases"));
    for (const [index, one] of cases.entries()) this.#case(one, actualCases[index] ?? {});
  }

  #case(expected: JsonObject, actual: JsonObject): void {
    const field = this.#fieldOf(expected, actual, textMember(expected, "label"));
    const wanted = member(expected, "outcome") ?? null;
    const varies = listMember(expected, "varies");
    const got = member(actual, "outcome") ?? null;
    field("label", expected["label"] ?? null, actual["label"] ?? null);
    field("pass", expected["pass"] ?? null, actual["pass"] ?? null);
    this.#outcome(field, "outcome", wanted, got, varies.includes("outcome.message"));
    field("deleted", expected["deleted"] ?? false, actual["deleted"] ?? false);
    field("resource", expected["resource"] ?? null, actual["resource"] ?? null);
    this.#request(field, expected, actual);
    if (expected["report"] !== undefined) field("report", true, (actual["report"] ?? null) !== null);
  }

  #request(field: Field, expected: JsonObject, actual: JsonObject): void {
    const wanted = member(expected, "request");
    const got = member(actual, "request") ?? null;
    const body = member(wanted, "body") ?? expected["resource"] ?? null;
    const method = textMember(wanted, "method");
    field("request.method", method || null, member(got, "method") ?? null);
    if (method === "" || method === "DELETE") return;
    field("request.body", body, member(got, "body") ?? null);
    const recorded = member(wanted, "lastApplied") ?? body;
    field("request.lastApplied", recorded, member(actual, "lastApplied") ?? null);
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

  #fieldOf(expectedEntry: JsonObject, actualEntry: JsonObject, label: string): Field {
    const defect = textMember(expectedEntry, "defect") || textMember(this.#expected, "defect");
    const note = textMember(expectedEntry, "note") || textMember(this.#expected, "note");
    return (field, expected, actual) => {
      this.compared += 1;
      if (same(expected, actual)) return;
      this.mismatches.push({
        ...{ topic: this.#topic, test: this.#test, label, field, expected, actual, defect, note },
        ...{ expectedEntry, actualEntry },
      });
    };
  }
}

type Field = (name: string, expected: JsonValue, actual: JsonValue) => void;

/** Maps without order, lists in order, `1` is `1.0`. */
function same(expected: JsonValue, actual: JsonValue): boolean {
  return jsonEqual(expected, actual);
}

function listOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonObject[]) : [];
}

function listMember(value: JsonObject, name: string): readonly JsonValue[] {
  const found = value[name];
  return Array.isArray(found) ? (found as readonly JsonValue[]) : [];
}
