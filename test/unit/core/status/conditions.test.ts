/** The status document: whose conditions are whose, what is kept, and how long texts may be. */
import { describe, expect, it } from "vitest";
import { permFail, retry } from "../../../../src/core/outcome.ts";
import { member, textMember, type JsonObject, type JsonValue } from "../../../../src/core/json.ts";
import type { WorkflowPlan } from "../../../../src/core/plan/plan.ts";
import { conditionOf, mergeConditions } from "../../../../src/core/status/condition.ts";
import { reportLookupFailure, reportStatus, statusPatch } from "../../../../src/core/status/report.ts";
import { summarizeWorkflow, withTrouble } from "../../../../src/core/status/summary.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const plan: WorkflowPlan = {
  namespace: "defs",
  name: "flow",
  contentHash: "c",
  planHash: "p",
  uses: [],
  trigger: undefined,
  steps: [],
  depth: 1,
  readiness: undefined,
};
const FOREIGN = { type: "Synced", status: "True", reason: "Theirs", message: "" };
const ours = (type: string, more: JsonObject = {}): JsonObject => ({
  type,
  status: "True",
  reason: "Ready",
  message: "ready.",
  location: "flow",
  observedGeneration: 3,
  lastTransitionTime: "2025-01-01T00:00:00Z",
  ...more,
});
const conditionsOf = (status: JsonObject) => member(status, "conditions") as readonly JsonObject[];

describe("conditions", () => {
  it("of others stay as they are, ours that nothing defines any more go", () => {
    const previous = [FOREIGN, ours("Gone"), ours("Ready")];
    const draft = conditionOf({ type: "Ready", name: "Workflow flow" }, { kind: "ok", value: null }, "flow");
    expect(mergeConditions(previous, [draft], 4, NOW_MS)).toEqual([
      FOREIGN,
      ours("Ready", { message: "Workflow flow ready.", observedGeneration: 4 }),
    ]);
  });

  it("are recognised by their type where the schema prunes `location`", () => {
    const { location: _pruned, ...stored } = ours("Ready");
    const draft = conditionOf({ type: "Ready", name: "Workflow flow" }, retry(5, "soon"), "flow");
    const merged = mergeConditions([stored], [draft], 4, NOW_MS);
    expect(merged.map((condition) => textMember(condition, "reason"))).toEqual(["Wait"]);
  });

  describe("in their order", () => {
    const drafts = ["FirstReady", "SecondReady", "Ready"].map((type) =>
      conditionOf({ type, name: type }, { kind: "ok", value: null }, "flow"),
    );
    const typesOf = (previous: readonly JsonObject[], options = {}) =>
      mergeConditions(previous, drafts, 4, NOW_MS, options).map((condition) => textMember(condition, "type"));

    it("stand as the steps do, Ready last, between those of others", () => {
      const previous = [ours("Ready"), FOREIGN, ours("Gone"), ours("SecondReady")];
      expect(typesOf(previous)).toEqual(["FirstReady", "Synced", "SecondReady", "Ready"]);
      expect(typesOf([])).toEqual(["FirstReady", "SecondReady", "Ready"]);
    });

    it("keep their places where the trigger asks for it, and new ones follow", () => {
      const previous = [ours("Ready"), FOREIGN, ours("SecondReady")];
      expect(typesOf(previous, { keepsPlaces: true })).toEqual(["Ready", "Synced", "SecondReady", "FirstReady"]);
    });

    it("keep their own times", () => {
      const previous = [ours("Ready", { status: "False" }), ours("FirstReady")];
      const times = mergeConditions(previous, drafts, 4, NOW_MS).map((each) => textMember(each, "lastTransitionTime"));
      expect(times).toEqual(["2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"]);
    });
  });

  it("that a run without a workflow says nothing about keep their observedGeneration", () => {
    const failure = {
      kind: "noWorkflow",
      reason: "NoWorkflow",
      message: "none",
      location: "l",
      statusLocation: "s",
    } as unknown as Parameters<typeof reportLookupFailure>[0]["failure"];
    const previous = { conditions: [ours("StepReady"), ours("Ready")], observedGeneration: 3 };
    const status = reportLookupFailure({ failure, previous, observedGeneration: 4, nowMs: NOW_MS });
    expect(conditionsOf(status)).toMatchObject([
      ours("StepReady"),
      { type: "Ready", status: "False", reason: "NoWorkflow", observedGeneration: 4 },
    ]);
  });
});

describe("texts that people read (M7)", () => {
  const long = "x".repeat(300_000);

  it("are cut, saying how much was left out", () => {
    const { message } = conditionOf({ type: "Ready", name: "w" }, permFail(long), "flow");
    expect(message.length).toBeLessThan(2200);
    expect(message).toMatch(/ … \(29\d{4} more characters\)$/);
  });

  it("are cut in status.koreo, too", () => {
    const summary = {
      ...summarizeWorkflow(plan, new Map()),
      outcome: permFail(long, long),
      stateErrors: { step: long },
    };
    const status = reportStatus({ plan, summary, previous: null, observedGeneration: 1, nowMs: NOW_MS });
    expect(JSON.stringify(status).length).toBeLessThan(10_000);
    expect(textMember(member(status, "koreo"), "errors")).toMatch(/more characters\)$/);
  });

  it("never end in half a character", () => {
    const { message } = conditionOf({ type: "Ready", name: "w" }, permFail("😀".repeat(5000)), "flow");
    expect(message.isWellFormed()).toBe(true);
  });
});

it("a run that could not be recorded is not Ready, and says why", () => {
  const summary = withTrouble(plan, summarizeWorkflow(plan, new Map()), permFail("too large", "metadata.annotations"));
  const status = reportStatus({ plan, summary, previous: null, observedGeneration: 1, nowMs: NOW_MS });
  expect(conditionsOf(status)).toMatchObject([{ type: "Ready", status: "False", reason: "Failure" }]);
  expect(member(status, "koreo")).toMatchObject({ errors: "too large", locations: "metadata.annotations" });
});

it("a status that is as it should be needs no patch", () => {
  const summary = summarizeWorkflow(plan, new Map());
  const before = { plan, summary, observedGeneration: 1, nowMs: NOW_MS };
  const status: JsonValue = reportStatus({ ...before, previous: null });
  expect(statusPatch(status, reportStatus({ ...before, previous: status, nowMs: NOW_MS + 60_000 }))).toBeUndefined();
});
