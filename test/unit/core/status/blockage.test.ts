/** The sentence that says what keeps a trigger from being ready, and what an object says of itself. */
import { describe, expect, it } from "vitest";
import {
  blockageOf,
  blockedSentence,
  readBlockage,
  within,
  worst,
  type Blockage,
} from "../../../../src/core/status/blockage.ts";
import { ownMessage } from "../../../../src/core/status/own-message.ts";
import { depSkip, ok, permFail, retry, skip } from "../../../../src/core/outcome.ts";

const AT = { nowMs: Date.UTC(2026, 10, 26, 3, 0, 5), resyncSeconds: 1200 };
const WAITS = within(
  "web",
  blockageOf(retry(30, "Waiting"), "Deployment apps/web", "Available=False: no pods"),
) as Blockage;

describe("what blocks", () => {
  it("is a step that fails or waits for itself, not one that awaits others", () => {
    for (const outcome of [ok(1), skip("no"), depSkip("db")]) expect(blockageOf(outcome)).toBeUndefined();
    expect(blockageOf(retry(5, "soon"))).toMatchObject({ kind: "retry", retryAfterSeconds: 5, reason: "soon" });
    expect(blockageOf(permFail("no"))).toMatchObject({ kind: "permFail", retryAfterSeconds: undefined });
  });

  it("is a failure before a wait, and else the first listed", () => {
    const [one, two, failed] = [blockageOf(retry(1, "1")), blockageOf(retry(2, "2")), blockageOf(permFail("3"))];
    expect(worst([undefined, one, two])).toBe(one);
    expect(worst([one, failed, two])).toBe(failed);
    expect(worst([undefined])).toBeUndefined();
  });

  it("is told with object, step, what the object says, since when and what comes next", () => {
    const deep = within("platform", within("teams", within("[2]", WAITS))) as Blockage;
    expect(blockedSentence(deep, { ...AT, before: "" })).toBe(
      "Blocked since 2026-11-26T03:00:05Z by Deployment apps/web (step platform/teams[2]/web): " +
        "Available=False: no pods. Next try when it changes, at the latest in 30 s.",
    );
    const failed = within("check", blockageOf(permFail("The size must be 1 to 5."))) as Blockage;
    expect(blockedSentence(failed, { ...AT, before: "" })).toBe(
      "Blocked since 2026-11-26T03:00:05Z by step check: The size must be 1 to 5. " +
        "Next try when the trigger, a definition or an object changes, at the latest in 1200 s.",
    );
    const unready = blockageOf(permFail("no such function")) as Blockage;
    expect(blockedSentence(unready, { ...AT, before: "" })).toContain("by its Workflow: no such function.");
  });

  it("is since the same time while the same blocks, whatever is said of it", () => {
    const before = `Awaiting Workflow x to be ready (Waiting). ${blockedSentence(WAITS, { ...AT, before: "" })}`;
    const later = { nowMs: AT.nowMs + 60_000, resyncSeconds: 1200, before };
    const other = { ...WAITS, ownMessage: "Progressing=False: quota", retryAfterSeconds: 5 };
    expect(readBlockage(blockedSentence(other, later))?.since).toBe("2026-11-26T03:00:05Z");
    const elsewhere = { ...WAITS, object: "Deployment apps/db" };
    expect(readBlockage(blockedSentence(elsewhere, later))?.since).toBe("2026-11-26T03:01:05Z");
  });

  it("is read back from the message, also where what blocks is itself blocked", () => {
    const inner = blockedSentence(WAITS, { ...AT, before: "" });
    const outer = { ...WAITS, steps: ["site"], object: "Site apps/shop", ownMessage: `Ready=False Wait: ${inner}` };
    const sentence = blockedSentence(outer, { ...AT, before: "" });
    expect(readBlockage(`Awaiting Workflow y to be ready (x). ${sentence}`)).toEqual({
      sentence,
      since: "2026-11-26T03:00:05Z",
      who: "Site apps/shop (step site)",
    });
    expect(sentence).toContain("Deployment apps/web (step web)");
    expect(readBlockage("Workflow y ready.")).toBeUndefined();
  });
});

describe("what an object says of itself", () => {
  const condition = (type: string, status: string, more = {}) => ({
    status: { conditions: [{ type, status, ...more }] },
  });
  it.each([
    [
      condition("Available", "False", { reason: "MinimumReplicas", message: "has no\nreplicas" }),
      "Available=False MinimumReplicas: has no replicas",
    ],
    [condition("Ready", "Unknown"), "Ready=Unknown"],
    [condition("ReplicaFailure", "True", { message: "quota" }), "ReplicaFailure=True: quota"],
    [{ status: { phase: "Pending", message: "no node" } }, "phase Pending: no node"],
    [
      { metadata: { deletionTimestamp: "x", finalizers: ["a/b", "c"] } },
      "is being deleted, held by its finalizers a/b, c",
    ],
    [condition("Ready", "True"), undefined],
    [condition("Stalled", "False"), undefined],
    [{ status: { phase: "Running" } }, undefined],
    [{ status: { conditions: "none" } }, undefined],
    [{ data: { phase: "Failed" } }, undefined],
  ])("%j: %s", (object, said) => {
    expect(ownMessage(object)).toBe(said);
  });
});
