/**
 * The judge on states as they were recorded, without any server: it finds nothing in them, and nearly everything that is put
 * in them. A rule that explains too much fails here.
 */
import { describe, expect, it } from "vitest";
import { isJsonObject, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { caseNames, readCase, type ClusterState, type WorkflowCase } from "./workflows-corpus.ts";
import { differenceText, judgePhase } from "./workflows-judge.ts";

/** Every so many values are falsified: enough to see what goes unseen, in seconds. */
const STRIDE = 23;
/** Of the falsified values. Some a rule must explain, such as the status of a condition, which is the same in all of them. */
const UNSEEN = 0.03;

const cases = caseNames().map((name) => readCase(name));
const judged = (source: WorkflowCase, phase: number, state: ClusterState) =>
  judgePhase(source, phase, { state, isSettled: true }, []).open;

describe("the judge of workflows", () => {
  it("finds nothing in what was recorded", () => {
    const found = cases.flatMap((source) =>
      source.expected.flatMap(({ state }, phase) =>
        judged(source, phase, state).map((difference) => `${source.name}: ${differenceText(difference)}`),
      ),
    );
    expect(found).toEqual([]);
  });

  it("finds nearly every value that is not as recorded", () => {
    let count = 0;
    const falsified: string[] = [];
    const unseen: string[] = [];
    for (const source of cases) {
      for (const [phase, { state }] of source.expected.entries()) {
        for (const path of pathsIn(state as unknown as JsonValue)) {
          count += 1;
          if (count % STRIDE !== 0 || isMark(path)) continue;
          const other = falsify(state as unknown as JsonValue, path) as unknown as ClusterState;
          const what = `${source.name} ${phase} ${path.join(".")}`;
          falsified.push(what);
          if (judged(source, phase, other).length === 0) unseen.push(what);
        }
      }
    }
    expect(falsified.length).toBeGreaterThan(300);
    expect(unseen.length / falsified.length, unseen.join("\n")).toBeLessThan(UNSEEN);
  });
});

/** What says how a value is to be compared, or who it is, is no value itself. */
function isMark(path: readonly string[]): boolean {
  const last = path.at(-1) ?? "";
  return /^message(?:Is|Has)|^(?:id|isMissing|status)$/.test(last);
}

function pathsIn(value: JsonValue, path: readonly string[] = []): readonly (readonly string[])[] {
  const inner = Array.isArray(value)
    ? [...(value as readonly JsonValue[]).entries()]
    : isJsonObject(value)
      ? Object.entries(value)
      : [];
  if (inner.length === 0) return path.length === 0 ? [] : [path];
  return inner.flatMap(([name, each]) => pathsIn(each, [...path, String(name)]));
}

function falsify(value: JsonValue, [name, ...rest]: readonly string[]): JsonValue {
  if (name === undefined) return typeof value === "string" ? `not ${value}` : "something else";
  if (Array.isArray(value)) {
    return (value as readonly JsonValue[]).map((each, index) => (String(index) === name ? falsify(each, rest) : each));
  }
  const object = value as JsonObject;
  return { ...object, [name]: falsify(object[name] ?? null, rest) };
}
