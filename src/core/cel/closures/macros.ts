/**
 * The macros that bind variables: `map`, `filter`, `all`, `exists`, `exists_one`, `reduce`. One entry a macro in MACROS;
 * a library of macros adds entries there. Every turn spends what its body weighs.
 */
import { spend } from "../budget.ts";
import { itemsOf } from "../membership.ts";
import type { Node } from "../node.ts";
import { isTruthy } from "../truth.ts";
import { Fault, type Site, type Value } from "../value.ts";
import { keep, weightOf, type Closure, type Context, type Frame } from "./context.ts";
import { joinLogic } from "./operators.ts";

/** One macro with a number of arguments. */
export interface Macro {
  /** How many of the leading arguments are names of variables. */
  readonly variables: number;
  /** Indexes of arguments that see the variables; the others are evaluated outside. */
  readonly inner: readonly number[];
  /** Builds the closure; `parts` are the compiled arguments behind the variables, in order. */
  readonly build: (loop: Loop, parts: readonly Closure[]) => Closure;
}

/** What a macro iterates with. */
interface Loop {
  readonly over: Closure;
  readonly slots: readonly number[];
  readonly weight: number;
  readonly site: Site;
}

/** By `name/arguments`; the receiver is no argument. */
export const MACROS: ReadonlyMap<string, Macro> = new Map<string, Macro>([
  ["map/2", { variables: 1, inner: [1], build: (loop, [body]) => mapping(loop, undefined, body as Closure) }],
  ["map/3", { variables: 1, inner: [1, 2], build: (loop, [test, body]) => mapping(loop, test, body as Closure) }],
  ["filter/2", { variables: 1, inner: [1], build: (loop, [test]) => filtering(loop, test as Closure) }],
  ["all/2", { variables: 1, inner: [1], build: (loop, [test]) => deciding(loop, test as Closure, false) }],
  ["exists/2", { variables: 1, inner: [1], build: (loop, [test]) => deciding(loop, test as Closure, true) }],
  ["exists_one/2", { variables: 1, inner: [1], build: (loop, [test]) => counting(loop, test as Closure) }],
  [
    "reduce/4",
    { variables: 2, inner: [3], build: (loop, [initial, body]) => folding(loop, initial as Closure, body as Closure) },
  ],
]);

const MACRO_NAMES: ReadonlySet<string> = new Set([...MACROS.keys()].map((key) => key.split("/", 1)[0] ?? ""));

/** @returns undefined when the call is no macro */
export function compileMacro(node: Node, context: Context): Closure | undefined {
  const [receiver, ...args] = node.children;
  if (!node.isMethod || receiver === undefined || !MACRO_NAMES.has(node.name)) return undefined;
  const macro = MACROS.get(`${node.name}/${args.length}`);
  if (macro === undefined) return misuse(node, "wrong number of arguments");
  const names = args.slice(0, macro.variables);
  if (names.some(({ op }) => op !== "name")) return misuse(node, "the variable must be a plain name");

  const over = context.compile(receiver);
  const rest = args.slice(macro.variables);
  const isInner = (index: number) => macro.inner.includes(index + macro.variables);
  const outside = rest.map((arg, index) => (isInner(index) ? undefined : context.compile(arg)));
  const weight = rest.reduce((sum, arg, index) => sum + (isInner(index) ? weightOf(arg) : 0), 1);
  return context.variables.within(
    names.map(({ name }) => name),
    (slots) => {
      const parts = rest.map((arg, index) => outside[index] ?? context.compile(arg));
      return macro.build({ over, slots, weight, site: node.site }, parts);
    },
  );
}

function misuse(node: Node, what: string): Closure {
  const fault = new Fault("macro_arguments", `${node.name}: ${what}`, node.site);
  return () => fault;
}

/** Visits each item with its variable set; `visit` ends the loop by returning a value. */
function iterate(
  frame: Frame,
  { over, slots, weight, site }: Loop,
  visit: (item: Value) => Value | undefined,
): Value | undefined {
  const items = itemsOf(over(frame), site);
  if (items instanceof Fault) return items;
  const slot = slots[0] ?? 0;
  for (const item of items) {
    spend(weight);
    frame.slots[slot] = item;
    const end = visit(item);
    if (end !== undefined) return end;
  }
  return undefined;
}

/** `map(x, e)`, and `map(x, test, e)` with a truth as in `filter`. */
function mapping(loop: Loop, test: Closure | undefined, body: Closure): Closure {
  return (frame) => {
    const mapped: Value[] = [];
    const fault = iterate(frame, loop, () => {
      const passes = test === undefined ? true : test(frame);
      if (passes instanceof Fault) return passes;
      if (isTruthy(passes)) mapped.push(keep(frame, body(frame)));
      return undefined;
    });
    return fault ?? mapped;
  };
}

function filtering(loop: Loop, test: Closure): Closure {
  return (frame) => {
    const kept: Value[] = [];
    const fault = iterate(frame, loop, (item) => {
      const passes = test(frame);
      if (passes instanceof Fault) return passes;
      if (isTruthy(passes)) kept.push(keep(frame, item));
      return undefined;
    });
    return fault ?? kept;
  };
}

/** `all` is a chain of `&&`, `exists` one of `||`. */
function deciding(loop: Loop, test: Closure, decision: boolean): Closure {
  return (frame) => {
    let result: Value = !decision;
    const end = iterate(frame, loop, () => {
      result = joinLogic(result, test(frame), decision, loop.site);
      return result === decision ? result : undefined;
    });
    return end ?? result;
  };
}

function counting(loop: Loop, test: Closure): Closure {
  return (frame) => {
    let count = 0;
    const fault = iterate(frame, loop, () => {
      const passes = test(frame);
      if (passes instanceof Fault) return passes;
      if (isTruthy(passes)) count += 1;
      return undefined;
    });
    return fault ?? count === 1;
  };
}

function folding(loop: Loop, initial: Closure, body: Closure): Closure {
  const [accumulator = 0, slot = 1] = loop.slots;
  return (frame) => {
    let total = initial(frame);
    const fault = iterate(frame, { ...loop, slots: [slot] }, () => {
      frame.slots[accumulator] = total;
      total = body(frame);
      return undefined;
    });
    return fault ?? total;
  };
}
