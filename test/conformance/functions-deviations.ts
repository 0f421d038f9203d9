/**
 * Where we deliberately differ from the original, as rules: which field, when, and why. A mismatch that no rule explains
 * fails the corpus; a rule that explains nothing any more fails it too. A rule names a root cause (`functions-compare.ts`
 * sees to the rest), by what was recorded and by what we answer instead, never by the case it is met in. The name of each is
 * a row in `docs/differences-from-koreo.md`.
 */
import { member, textMember } from "../../src/core/json.ts";
import { ALL_FUNCTIONS } from "../../src/core/cel/functions/registry.ts";
import type { Mismatch } from "./functions-compare.ts";
import {
  answersBools,
  answersOk,
  celEquality,
  comparesInputOfOtherType,
  isKindChange,
  isParsingError,
  mentions,
  recordedText,
} from "./functions-criteria.ts";

export interface Deviation {
  readonly name: string;
  readonly why: string;
  readonly explains: (mismatch: Mismatch) => boolean;
}

/** The last part of every name of ours: what the original calls undeclared it has not. */
const LIBRARY_NAMES: ReadonlySet<string> = new Set(
  [...ALL_FUNCTIONS.map(({ name }) => name), "cel.bind"].map((name) => name.split(".").at(-1) ?? name),
);

export const DEVIATIONS: readonly Deviation[] = [
  {
    name: "equality-across-types",
    why: "design.md 5: a comparison that Koreo refuses is CEL's to answer; a fault as operand stays a fault",
    explains: (mismatch) => {
      const { field, defect } = mismatch;
      const text = recordedText(mismatch);
      const isRefused = /'relation_(?:eq|ne)'|no such overload: \S+ .*!= /.test(text) && !text.includes("CELEvalError");
      if (isKindChange(mismatch, "permFail", "ok")) return isRefused && answersBools(mismatch, celEquality(text));
      // Raised where the refusal itself could not be told.
      if (field === "runError") return defect.startsWith("an equality error that") && answersBools(mismatch, [false]);
      // The refusal ends preconditions that hold; what comes behind them then fails.
      const isBehind =
        field === "outcome.message begins" && text.includes(":spec.preconditions` (at ! predicate.assert)");
      return isBehind && comparesInputOfOtherType(mismatch);
    },
  },
  {
    name: "sums-keep-their-type",
    why: "the sum of two lists is a list: forEach and switchOn refuse it in the original",
    explains: ({ field, defect, actual }) =>
      field === "outcome.value" && defect === "the sum of two lists loses its CEL type" && mentions(actual, /true/),
  },
  {
    name: "durations-keep-their-type",
    why: "the original's result is no CEL value; a difference is a duration, a product has no overload in CEL",
    explains: (mismatch) => {
      const { field, actual, expectedEntry } = mismatch;
      if (!mentions(expectedEntry, /"\$opaque":"datetime\.timedelta/)) return false;
      return isKindChange(mismatch, "ok", "permFail") || (field === "outcome.value" && mentions(actual, /"-?\d+s"/));
    },
  },
  {
    name: "whole-double-as-index",
    why: "design.md 5: where Koreo fails, CEL decides; its public suite has list[0.0]",
    explains: (mismatch) =>
      isKindChange(mismatch, "permFail", "ok") &&
      recordedText(mismatch).includes("list indices must be integers or slices, not DoubleType"),
  },
  {
    name: "map-with-a-condition",
    why: "design.md 5: where Koreo fails, CEL decides; map(x, condition, value) is one of its macros",
    explains: (mismatch) =>
      isKindChange(mismatch, "permFail", "ok") &&
      recordedText(mismatch).startsWith("Unknown failure evaluating") &&
      mentions(mismatch.specs, /\.map\(\w+, [^,()]+, [^,()]+\)/),
  },
  {
    name: "bool-of-text",
    why: "design.md 5: where Koreo fails, CEL decides",
    explains: (mismatch) =>
      isKindChange(mismatch, "permFail", "ok") &&
      mismatch.defect.startsWith('CEL accepts "true" and "false"') &&
      answersBools(mismatch),
  },
  {
    name: "collections-as-json",
    why: "Python's notation of its library's classes is no text an author can mean",
    explains: ({ field, expected, actual }) =>
      (field === "outcome.value" || field === "outcome.message") &&
      mentions(expected, /\b(?:ListType|MapType)\(/) &&
      mentions(actual, /"(?:\[.*\]|\{.*\})"/),
  },
  {
    name: "no-text-of-faults",
    why: "the text of an error is no value, and holds what the variables held",
    explains: (mismatch) =>
      isKindChange(mismatch, "ok", "permFail") &&
      mismatch.defect === "string() of an error gives the text of the error",
  },
  {
    name: "documented-functions",
    why: "design.md 7: documented, absent",
    explains: (mismatch) =>
      isKindChange(mismatch, "permFail", "ok") &&
      /^documented as (?:map|string)\.(?:keys|values|toLower|toUpper)\(\), not implemented$/.test(mismatch.defect),
  },
  {
    name: "default-return",
    why: "design.md 7: documented, absent",
    explains: (mismatch) =>
      mismatch.field === "functionUnderTest" &&
      mismatch.actual === null &&
      mentions(mismatch.expected, /must be valid exactly by one definition \(0 matches found\)/) &&
      mismatch.specs.some((spec) => mentions(member(spec, "preconditions") ?? null, /"defaultReturn":/)) &&
      answersOk(mismatch),
  },
  {
    name: "extension-libraries",
    why: "the libraries Kubernetes users know; the original has none of their functions",
    explains: (mismatch) => {
      const [, missing = ""] = /\("undeclared reference to '(\w+)' \(in activation/.exec(recordedText(mismatch)) ?? [];
      return isKindChange(mismatch, "permFail", "ok") && LIBRARY_NAMES.has(missing);
    },
  },
  {
    name: "members-of-any-expression",
    why: "design.md 5: dependencies come from the whole tree, so nothing raises",
    explains: (mismatch) =>
      (mismatch.field === "functionPrepare" || mismatch.field === "functionUnderTest") &&
      mismatch.defect.startsWith("preparing the function raises: the scan for used inputs cannot digest") &&
      answersOk(mismatch),
  },
  {
    name: "parse-errors-are-told",
    why: "an exception is no answer to an author's mistake",
    explains: (mismatch) =>
      ["functionPrepare", "functionUnderTest", "functionUnderTest.kind", "runError"].includes(mismatch.field) &&
      /^preparing the function raises instead of|^nothing is left after removing =/.test(mismatch.defect) &&
      isParsingError(mismatch.actualEntry["functionUnderTest"]),
  },
  {
    name: "no-pasted-text",
    why: "design.md 5: manifests become trees without splicing text, so nothing is injected or swallowed",
    explains: (mismatch) => {
      const { field, defect, expected, actual } = mismatch;
      if (field !== "functionUnderTest") return false;
      if (defect.startsWith("expressions are pasted into one list:"))
        return expected === null && isParsingError(actual);
      const isSwallowed = /^a comment at the end swallows|^a quote or backslash in such a key breaks/.test(defect);
      return isSwallowed && isParsingError(expected) && answersOk(mismatch);
    },
  },
  {
    name: "locals-use-locals",
    why: "design.md 7: documented, absent",
    explains: (mismatch) =>
      isKindChange(mismatch, "permFail", "ok") &&
      /:spec\.locals` \(at locals\) \("undeclared reference to 'locals'/.test(recordedText(mismatch)),
  },
  {
    name: "overlay-resource-names",
    why: "design.md 7: what the documentation promises in overlayResource",
    explains: (mismatch) =>
      isKindChange(mismatch, "permFail", "ok") &&
      /:overlayResource` \(at (?:inputs|template|resource\.spec)\)/.test(recordedText(mismatch)),
  },
  {
    name: "malformed-directives",
    why: "a directive that cannot be read must not end the run; it counts as absent",
    explains: (mismatch) =>
      mismatch.field === "runError" &&
      /^a (?:malformed directive|list of scalars under as-map) raises out of the reconcile$/.test(mismatch.defect) &&
      answersOk(mismatch),
  },
  {
    name: "incomplete-objects",
    why: "an object without metadata or name is drift like any other",
    explains: ({ field, defect, actualEntry }) =>
      field === "runError" &&
      defect === "an incomplete object raises in the mock API" &&
      mentions(actualEntry["cases"] ?? null, /due to .*<missing '(?:metadata|name)' in resource>/),
  },
  {
    name: "values-stay-untold",
    why: "design.md 7: a message ends in a status, so it tells the kind of a value; a test that asks for the value fails",
    explains: (mismatch) => {
      const { field, expected, actual, actualEntry } = mismatch;
      const isUnmet = field === "pass" && expected === true && actual === false;
      const [, before = ""] = /^(.* received )'[^']*' \(<class '[^']*'>\) at `/.exec(recordedText(mismatch)) ?? [];
      const told = textMember(actualEntry["outcome"], "message");
      return isUnmet && before !== "" && told.startsWith(before) && /^[a-z]+ at `/.test(told.slice(before.length));
    },
  },
];
