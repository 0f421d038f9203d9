/** What a function of the language is, and the small helpers the families share. */
import { spend } from "../budget.ts";
import { Fault, kindOf, type Kind, type Site, type Value } from "../value.ts";

export interface CelFunction {
  /** With a dot where it belongs to a namespace: `math.abs`. Functions of one name differ in `on`. */
  readonly name: string;
  /** The kinds of first argument this one is for; absent where the name has one function only, or this takes the rest. */
  readonly on?: readonly Kind[];
  /** For messages and documents, such as `split(string, string) -> list`. */
  readonly signature: string;
  /** A worked example: an expression that is true. */
  readonly example: string;
  /** The least and the most arguments, the receiver counted. */
  readonly arity: readonly [least: number, most: number];
  /**
   * The value, or a Fault at `site`. Whatever depends on the size of an argument spends from the budget.
   * Arguments left out are absent, so a parameter beyond `arity[0]` may be undefined.
   */
  readonly apply: (site: Site, ...args: Value[]) => Value;
  /** Faults among the arguments are handed in; otherwise the first one is the result and `apply` is not called. */
  readonly looksAtFaults?: true;
}

/** A function of one text, paid for by its length. */
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

/** The answer to arguments of kinds a function does not take; names kinds, never values. */
export function noSuchOverload(name: string, site: Site, ...args: readonly Value[]): Fault {
  const kinds = args.map(kindOf).join(", ");
  return new Fault("no_overload", `no such overload: ${name}(${kinds})`, site);
}

/** A fault in a function's own words. */
export function functionFault(message: string, site: Site): Fault {
  return new Fault("function", message, site);
}

/** Applies `apply` to texts, paid for by their length; `refuse` answers when one is none. */
export function withTexts(args: readonly Value[], refuse: () => Fault, apply: (...texts: string[]) => Value): Value {
  const texts: string[] = [];
  for (const arg of args) {
    if (typeof arg !== "string") return refuse();
    spend(arg.length >> 4);
    texts.push(arg);
  }
  return apply(...texts);
}
