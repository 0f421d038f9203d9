/** How outcomes combine: the documented precedence, and laws that hold for any outcomes in any grouping. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { depSkip, fold, ok, permFail, retry, skip, type Outcome } from "../../../src/core/outcome.ts";

/** From least to most severe, as docs and reference list it. */
const PRECEDENCE = ["depSkip", "skip", "ok", "retry", "permFail"] as const;

const text = fc.option(fc.constantFrom("", "a", "b", "c"), { nil: undefined });
const said = fc.tuple(text, text);
const outcome: fc.Arbitrary<Outcome<number>> = fc.oneof(
  fc.tuple(fc.nat(9), text).map(([value, location]) => ok(value, location)),
  said.map(([message, location]) => skip(message, location)),
  said.map(([message, location]) => depSkip(message, location)),
  fc.tuple(fc.nat(100), text, text).map(([delay, message, location]) => retry(delay, message, location)),
  said.map(([message, location]) => permFail(message, location)),
);
const some = fc.array(outcome, { minLength: 1, maxLength: 6 });

/** The fold of folds, its values in one list again. */
function foldOfFolds(groups: readonly (readonly Outcome<number>[])[]): Outcome<readonly number[]> {
  const folded = fold(groups.map((group) => fold(group)));
  return folded.kind === "ok" ? { ...folded, value: folded.value.flat() } : folded;
}

/** Texts that are empty and texts that are absent say the same. */
function plain(folded: Outcome<unknown>): unknown {
  return Object.fromEntries(Object.entries(folded).filter(([, value]) => value !== undefined && value !== ""));
}

describe("fold", () => {
  it.each([
    { name: "nothing at all is a skip", given: [], want: { kind: "skip" } },
    {
      name: "values gather",
      given: [ok(1, "x"), skip("s"), ok(2, "y")],
      want: { kind: "ok", value: [1, 2], location: "x, y" },
    },
    { name: "the last skip stands", given: [skip("a"), depSkip("b"), skip("c")], want: { kind: "skip", message: "c" } },
    {
      name: "the longest delay counts",
      given: [retry(5, "a"), ok(1), retry(3, "b")],
      want: { kind: "retry", delaySeconds: 5, message: "a, b" },
    },
    {
      name: "a failure hides a retry",
      given: [retry(5, "a"), permFail("b", "x"), permFail("c")],
      want: { kind: "permFail", message: "b, c", location: "x" },
    },
  ])("$name", ({ given, want }) => {
    expect(plain(fold(given as readonly Outcome<number>[]))).toEqual(want);
  });

  it("is of the most severe kind: depSkip < skip < ok < retry < permFail", () => {
    fc.assert(
      fc.property(some, (outcomes) => {
        const worst = Math.max(...outcomes.map(({ kind }) => PRECEDENCE.indexOf(kind)));
        expect(fold(outcomes).kind).toBe(PRECEDENCE[worst]);
      }),
    );
  });

  it("is associative: folding groups first makes no difference", () => {
    fc.assert(
      fc.property(fc.array(some, { minLength: 1, maxLength: 5 }), (groups) => {
        expect(plain(foldOfFolds(groups))).toEqual(plain(fold(groups.flat())));
      }),
    );
  });

  it("of one outcome is that outcome", () => {
    fc.assert(
      fc.property(outcome, (one) => {
        const alone = one.kind === "ok" ? { ...one, value: [one.value] } : one;
        expect(plain(fold([one]))).toEqual(plain(alone));
      }),
    );
  });

  it("has the same kind and delay in any order", () => {
    const shuffled = some.chain((all) =>
      fc.shuffledSubarray(all, { minLength: all.length }).map((other) => ({ all, other })),
    );
    fc.assert(
      fc.property(shuffled, ({ all, other }) => {
        const [one, two] = [fold(all), fold(other)];
        expect(two.kind).toBe(one.kind);
        if (one.kind === "retry" && two.kind === "retry") expect(two.delaySeconds).toBe(one.delaySeconds);
      }),
    );
  });
});
