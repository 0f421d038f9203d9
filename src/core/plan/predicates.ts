/**
 * `preconditions` and `postconditions`: asserts that must hold, and the outcome when one does not. Each time, every
 * assert and every text of a failing one is evaluated; then the first failing predicate in list order decides.
 */
import { compileFragment, compileOverlay } from "../cel/compile.ts";
import type { CompileFault, OverlayProgram, Program, Scope } from "../cel/program.ts";
import { Fault, isFault, isList, isPlainMap, kindOf, type Value } from "../cel/value.ts";
import { depSkip, ok, permFail, retry, skip, type NotOk, type Outcome } from "../outcome.ts";
import { faultOutcome, programOf } from "./evaluate.ts";
import { valueText } from "./value-text.ts";

/** A compiled list, never empty. */
export type Predicates = readonly Predicate[];

/** One assert, and the map that names the outcome when it does not hold. */
export interface Predicate {
  /** Undefined when its text is empty: then the assert neither holds nor fails, but is a fault. */
  readonly assert: Program | undefined;
  /** Gives `{skip: {message}}`, `{retry: {message, delay}}` and so on; undefined when the item names nothing. */
  readonly verdict: Program | undefined;
  /** The result of a ValueFunction when the item has no verdict. */
  readonly defaultReturn: OverlayProgram | undefined;
}

export type CompiledPredicates =
  | { readonly kind: "absent" }
  | { readonly kind: "predicates"; readonly predicates: Predicates }
  | { readonly kind: "fault"; readonly faults: readonly CompileFault[] };

const NOTHING_LAID: OverlayProgram = { references: [], apply: (base) => (isPlainMap(base) ? base : {}) };

/**
 * @param list - `spec.preconditions` or `spec.postconditions` as read
 * @param where - its path
 */
export function compilePredicates(list: Value | undefined, where: string): CompiledPredicates {
  if (!isList(list) || list.length === 0) return { kind: "absent" };
  const faults: CompileFault[] = [];
  const predicates = list.flatMap((item, index) => {
    const { assert: condition, defaultReturn, ...verdict } = isPlainMap(item) ? item : {};
    const assert = compileFragment(condition, `${where}[${index}].assert`);
    const said = compileFragment(verdict, `${where}[${index}]`);
    const instead = compileOverlay(defaultReturn, `${where}[${index}].defaultReturn`);
    for (const each of [assert, said, instead]) {
      // One by one: there may be more faults than a call accepts arguments.
      if (each.kind === "fault") for (const fault of each.faults) faults.push(fault);
    }
    // An empty map is a value, too: it lays nothing over the base.
    const isGiven = instead.kind === "absent" && isPlainMap(defaultReturn);
    const value = isGiven ? NOTHING_LAID : programOf(instead);
    return [{ assert: programOf(assert), verdict: programOf(said), defaultReturn: value }];
  });
  return faults.length > 0 ? { kind: "fault", faults } : { kind: "predicates", predicates };
}

/**
 * Checks the predicates of a ResourceFunction.
 *
 * @param where - Koreo's location, `{location}:spec.preconditions`
 * @returns undefined when the function continues, else its outcome
 */
export function checkPredicates(predicates: Predicates | undefined, scope: Scope, where: string): NotOk | undefined {
  const stopped = firstFailing(predicates, scope, where);
  return stopped?.kind === "fails" ? verdictOutcome(stopped.verdict, where) : stopped?.outcome;
}

/**
 * Checks the predicates of a ValueFunction, whose `defaultReturn` is a value that replaces `return`.
 *
 * @param base - what the value is laid over
 */
export function checkWithDefaults(
  predicates: Predicates | undefined,
  scope: Scope,
  where: string,
  base: Value,
): Outcome<Value> | undefined {
  const stopped = firstFailing(predicates, scope, where);
  if (stopped?.kind !== "fails") return stopped?.outcome;
  const { verdict, predicate } = stopped;
  if (predicate.verdict !== undefined || predicate.defaultReturn === undefined) return verdictOutcome(verdict, where);
  const value = predicate.defaultReturn.apply(base, scope);
  return isFault(value) ? faultOutcome(value, where) : ok(value);
}

type Stopped =
  | { readonly kind: "fails"; readonly predicate: Predicate; readonly verdict: Value }
  | { readonly kind: "outcome"; readonly outcome: NotOk };

/** The first predicate that does not hold, or the fault of any of them. */
function firstFailing(predicates: Predicates | undefined, scope: Scope, where: string): Stopped | undefined {
  if (predicates === undefined) return undefined;
  const fault = (of: Fault): Stopped => ({ kind: "outcome", outcome: faultOutcome(of, where) });
  const failing: Predicate[] = [];
  for (const predicate of predicates) {
    const held = assertion(predicate.assert?.evaluate(scope) ?? null);
    if (isFault(held)) return fault(held);
    if (!held) failing.push(predicate);
  }
  const verdicts = failing.map((predicate) => predicate.verdict?.evaluate(scope) ?? {});
  const broken = verdicts.find(isFault);
  if (broken !== undefined) return fault(broken);
  const [predicate, verdict] = [failing[0], verdicts[0]];
  return predicate === undefined || verdict === undefined ? undefined : { kind: "fails", predicate, verdict };
}

/** Whether an assert holds; its value must be a bool. */
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
  // The names come from the manifest; of their values only the kind is shown.
  const given = Object.entries(named).map(([name, value]) => `${name} (${kindOf(value)})`);
  return permFail(`Unknown predicate type: ${given.join(", ") || "none"}`, where);
}

const MESSAGE_ONLY = [
  ["skip", skip],
  ["depSkip", depSkip],
  ["permFail", permFail],
] as const;

/** A delay in seconds, as a number or as text. */
function wholeSeconds(delay: Value): number | undefined {
  const text = valueText(delay).trim();
  return /^[+-]?\d{1,9}$/.test(text) ? Number(text) : undefined;
}
