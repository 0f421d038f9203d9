/**
 * `preconditions` and `postconditions`: asserts that must hold, and what it comes to when one does not. Every assert and
 * every text of a failing one is evaluated each time; then the first failing predicate in list order decides.
 */
import { compileFragment } from "../cel/compile.ts";
import type { CompileFault, Program, Scope } from "../cel/program.ts";
import { toJson } from "../cel/text.ts";
import { Fault, isFault, isList, isPlainMap, kindOf, type Value } from "../cel/value.ts";
import { formatJson } from "../json.ts";
import { depSkip, permFail, retry, skip, type NotOk } from "../outcome.ts";
import { faultOutcome, programOf } from "./evaluate.ts";
import { valueText } from "./value-text.ts";

/** A compiled list, never empty. */
export type Predicates = readonly Predicate[];

/** One assert, and the map that says what it comes to when it does not hold. */
export interface Predicate {
  /** Undefined when the text is empty: it never holds and never fails, it is a fault. */
  readonly assert: Program | undefined;
  /** Gives `{skip: {message}}`, `{retry: {message, delay}}` and so on; undefined when the item names nothing. */
  readonly verdict: Program | undefined;
}

export type CompiledPredicates =
  | { readonly kind: "absent" }
  | { readonly kind: "predicates"; readonly predicates: Predicates }
  | { readonly kind: "fault"; readonly faults: readonly CompileFault[] };

/**
 * @param list - `spec.preconditions` or `spec.postconditions` as read
 * @param where - its path
 */
export function compilePredicates(list: Value | undefined, where: string): CompiledPredicates {
  if (!isList(list) || list.length === 0) return { kind: "absent" };
  const faults: CompileFault[] = [];
  const predicates = list.flatMap((item, index) => {
    const { assert: condition, ...verdict } = isPlainMap(item) ? item : {};
    const assert = compileFragment(condition, `${where}[${index}].assert`);
    const said = compileFragment(verdict, `${where}[${index}]`);
    for (const each of [assert, said]) if (each.kind === "fault") faults.push(...each.faults);
    if (assert.kind === "fault" || said.kind === "fault") return [];
    return [{ assert: programOf(assert), verdict: programOf(said) }];
  });
  return faults.length > 0 ? { kind: "fault", faults } : { kind: "predicates", predicates };
}

/**
 * @param where - Koreo's location, `{location}:spec.preconditions`
 * @returns undefined when the function goes on, else what it comes to
 */
export function checkPredicates(predicates: Predicates | undefined, scope: Scope, where: string): NotOk | undefined {
  if (predicates === undefined) return undefined;
  const failing: Predicate[] = [];
  for (const predicate of predicates) {
    const held = assertion(predicate.assert?.evaluate(scope) ?? null);
    if (isFault(held)) return faultOutcome(held, where);
    if (!held) failing.push(predicate);
  }
  const verdicts = failing.map((predicate) => predicate.verdict?.evaluate(scope) ?? {});
  const fault = verdicts.find(isFault);
  if (fault !== undefined) return faultOutcome(fault, where);
  const [first] = verdicts;
  return first === undefined ? undefined : verdictOutcome(first, where);
}

/** Whether an assert holds; only a bool can say. */
function assertion(value: Value): boolean | Fault {
  if (typeof value === "boolean" || isFault(value)) return value;
  return new Fault("no_overload", `an assert must be a bool, not a ${kindOf(value)}`);
}

/** The outcome a verdict names; undefined for `ok`. */
function verdictOutcome(verdict: Value, where: string): NotOk | undefined {
  const named = isPlainMap(verdict) ? verdict : {};
  if (Object.hasOwn(named, "ok")) return undefined;
  for (const [kind, make] of MESSAGE_ONLY) {
    const body = Object.hasOwn(named, kind) ? named[kind] : undefined;
    if (isPlainMap(body) && Object.hasOwn(body, "message")) return make(valueText(body["message"] ?? null), where);
  }
  const body = named["retry"];
  if (isPlainMap(body) && Object.hasOwn(body, "message")) {
    const delaySeconds = wholeSeconds(body["delay"] ?? null);
    if (delaySeconds !== undefined) return retry(delaySeconds, valueText(body["message"] ?? null), where);
  }
  const json = toJson(verdict);
  return permFail(`Unknown predicate type: ${isFault(json) ? "" : formatJson(json)}`, where);
}

const MESSAGE_ONLY = [
  ["skip", skip],
  ["depSkip", depSkip],
  ["permFail", permFail],
] as const;

/** A delay, or text that is one, in seconds. */
function wholeSeconds(delay: Value): number | undefined {
  const text = valueText(delay).trim();
  return /^[+-]?\d{1,9}$/.test(text) ? Number(text) : undefined;
}
