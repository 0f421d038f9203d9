/** What defines a macro that binds variables, and how a macro goes through a list. */
import { spend } from "../budget.ts";
import { itemsOf } from "../membership.ts";
import { Fault, type Site, type Value } from "../value.ts";
import type { Closure, Frame } from "./context.ts";

/** One macro with a fixed number of arguments. */
export interface Macro {
  /** How many of the leading arguments are names of variables. */
  readonly variables: number;
  /** Indexes of arguments that see the variables; the others are evaluated outside. */
  readonly inner: readonly number[];
  /** Builds the closure; `parts` are the compiled arguments after the variables, in order. */
  readonly build: (loop: Loop, parts: readonly Closure[]) => Closure;
}

/** What a macro iterates with. */
export interface Loop {
  readonly over: Closure;
  readonly slots: readonly number[];
  /** The cost of one turn: the number of nodes it evaluates. */
  readonly weight: number;
  readonly site: Site;
}

/** Visits each item with its variable set; `visit` ends the loop by returning a value. */
export function iterate(
  frame: Frame,
  { over, slots, weight, site }: Loop,
  visit: (item: Value) => Value | undefined,
): Value | undefined {
  const items = itemsOf(over(frame), site);
  if (items instanceof Fault) return items;
  const slot = slots[0] ?? 0;
  for (let index = 0; index < items.length; index += 1) {
    spend(weight);
    const item = (frame.slots[slot] = items[index] ?? null);
    const end = visit(item);
    if (end !== undefined) return end;
  }
  return undefined;
}
