/** What defines a function of the language, and small helpers that the families share. */
import { spend } from "../budget.ts";
import { Fault, kindOf, type Kind, type Site, type Value } from "../value.ts";

export interface CelFunction {
  /** Has a dot when it belongs to a namespace: `math.abs`. Functions with the same name differ in `on`. */
  readonly name: string;
  /** The kinds of first argument it accepts; absent when no other function has the name, or this one takes the rest. */
  readonly on?: readonly Kind[];
  /** For messages and documents, such as `split(string, string) -> list`. */
  readonly signature: string;
  /** A worked example: an expression that is true. */
  readonly example: string;
  /** The fewest and the most arguments, including the receiver. */
  readonly arity: readonly [least: number, most: number];
  /**
   * The value, or a Fault at `site`. Work that depends on the size of an argument spends from the budget. Omitted
   * arguments are absent, so a parameter beyond `arity[0]` may be undefined.
   */
  readonly apply: (site: Site, ...args: Value[]) => Value;
  /** Receives arguments that are faults; otherwise the first of them is the result and `apply` is not called. */
  readonly looksAtFaults?: true;
}

/** A function of one text that spends by its length. */
export function onText(
  name: string,
  gives: string,
  example: string,
  apply: (text: string, site: Site) => Value,
): CelFunction {
  return {
    name,
    signature: `${name}(string) -> ${gives}`,
    example,
    arity: [1, 1],
    apply: (site, ...args) =>
      withTexts(
        args,
        () => noSuchOverload(name, site, ...args),
        (text = "") => apply(text, site),
      ),
  };
}

/** The answer to arguments of kinds that a function does not accept; names kinds, never values. */
export function noSuchOverload(name: string, site: Site, ...args: readonly Value[]): Fault {
  const kinds = args.map(kindOf).join(", ");
  return new Fault("no_overload", `no such overload: ${name}(${kinds})`, site);
}

/** A fault in a function's own words. */
export function functionFault(message: string, site: Site): Fault {
  return new Fault("function", message, site);
}

/** Calls `apply` with texts and spends by their length; calls `refuse` when an argument is no text. */
export function withTexts(args: readonly Value[], refuse: () => Fault, apply: (...texts: string[]) => Value): Value {
  const texts: string[] = [];
  for (const arg of args) {
    if (typeof arg !== "string") return refuse();
    spend(arg.length >> 4);
    texts.push(arg);
  }
  return apply(...texts);
}
