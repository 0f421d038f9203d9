/** When a key is looked at again. */
import { describe, expect, it } from "vitest";
import { depSkip, ok, permFail, retry, skip, type Outcome } from "../../../src/core/outcome.ts";
import { nextLook } from "../../../src/engine/schedule.ts";
import { plainResult, soonestRetry } from "../../../src/engine/step-result.ts";

const look = (outcome: Outcome<unknown>, retryAfterSeconds?: number, random = 0) =>
  nextLook({ outcome, retryAfterSeconds, resyncIntervalMs: 1_200_000, random });

describe("nextLook", () => {
  it.each([
    { name: "ok waits for the resync", outcome: ok(null), want: { workClass: 3, reason: "resync" } },
    { name: "a skip does too", outcome: skip("no"), want: { workClass: 3, reason: "resync" } },
    { name: "and a missing input", outcome: depSkip("no"), want: { workClass: 3, reason: "resync" } },
    {
      name: "a failure for good too: only a change helps",
      outcome: permFail("no"),
      want: { workClass: 3, reason: "resync" },
    },
    {
      name: "a retry comes after its delay",
      outcome: retry(30),
      want: { afterMs: 30_000, workClass: 2, reason: "retry" },
    },
  ])("$name", ({ outcome, want }) => expect(look(outcome)).toMatchObject(want));

  it("a failure beside a retry does not put the retry off", () => {
    expect(look(permFail("a"), 5)).toMatchObject({ afterMs: 5000, reason: "retry" });
  });

  it("the soonest of several retries counts, a later look is no use to it", () => {
    const results = [
      plainResult(retry(3600)),
      plainResult(permFail("no")),
      plainResult(retry(5)),
      plainResult(ok(null)),
    ];
    expect(soonestRetry(results)).toBe(5);
    expect(soonestRetry([{ ...plainResult(permFail("folded")), retryAfterSeconds: 7 }])).toBe(7);
    expect(soonestRetry([plainResult(ok(null))])).toBeUndefined();
  });

  it("a delay is an upper bound, and a resync moves both ways by a tenth", () => {
    expect(look(retry(30), undefined, 0.999).afterMs).toBeGreaterThan(26_000);
    expect(look(retry(30), undefined, 0.999).afterMs).toBeLessThanOrEqual(30_000);
    expect(look(ok(null), undefined, 0).afterMs).toBe(1_080_000);
    expect(look(ok(null), undefined, 0.9999).afterMs).toBeGreaterThan(1_300_000);
  });
});
