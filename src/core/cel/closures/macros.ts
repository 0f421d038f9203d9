/**
 * The macros that bind variables: `map`, `filter`, `all`, `exists`, `exists_one`, `reduce`, `sortBy`, and those of
 * `pair-macros.ts` and `optional-macros.ts`. MACROS has one entry per macro. Every turn spends its body's weight.
 */
import { spend } from "../budget.ts";
import { itemsOf } from "../membership.ts";
import { sortByKeys } from "../order.ts";
import type { Node } from "../node.ts";
import { isTruthy } from "../truth.ts";
import { Fault, type Value } from "../value.ts";
import { keep, weightOf, type Closure, type Context } from "./context.ts";
import { iterate, type Loop, type Macro } from "./macro.ts";
import { joinLogic } from "./operators.ts";
import { OPTIONAL_MACROS } from "./optional-macros.ts";
import { PAIR_MACROS } from "./pair-macros.ts";

/** Keyed by `name/arguments`, without the receiver. A name with a dot consists of a namespace and a macro. */
const MACROS: ReadonlyMap<string, Macro> = new Map<string, Macro>([
  ["map/2", { variables: 1, inner: [1], build: (loop, [body]) => mapping(loop, undefined, body as Closure) }],
  ["map/3", { variables: 1, inner: [1, 2], build: (loop, [test, body]) => mapping(loop, test, body as Closure) }],
  ["filter/2", { variables: 1, inner: [1], build: (loop, [test]) => filtering(loop, test as Closure) }],
  ["all/2", { variables: 1, inner: [1], build: (loop, [test]) => deciding(loop, test as Closure, false) }],
  ["exists/2", { variables: 1, inner: [1], build: (loop, [test]) => deciding(loop, test as Closure, true) }],
  ["exists_one/2", { variables: 1, inner: [1], build: (loop, [test]) => counting(loop, test as Closure) }],
  ["existsOne/2", { variables: 1, inner: [1], build: (loop, [test]) => counting(loop, test as Closure) }],
  [
    "reduce/4",
    { variables: 2, inner: [3], build: (loop, [initial, body]) => folding(loop, initial as Closure, body as Closure) },
  ],
  ["sortBy/2", { variables: 1, inner: [1], build: (loop, [key]) => sorting(loop, key as Closure) }],
  ...PAIR_MACROS,
  ...OPTIONAL_MACROS,
]);

const MACRO_NAMES: ReadonlySet<string> = new Set([...MACROS.keys()].map((key) => key.split("/", 1)[0] ?? ""));

/** Every macro by name, for documents and tools. `has` is compiled separately. */
export function macroNames(): readonly string[] {
  return [...MACRO_NAMES];
}

/** A call of a macro; it has no receiver when that is only a namespace, as in `cel.bind(x, 1, x + x)`. */
export interface MacroCall {
  readonly macro: Macro;
  readonly receiver: Node | undefined;
  readonly args: readonly Node[];
}

/** @returns undefined when the call is no macro, or has another number of arguments */
export function macroCall(node: Node): MacroCall | undefined {
  const [receiver, ...args] = node.children;
  if (node.op !== "call" || !node.isMethod || receiver === undefined) return undefined;
  const qualified = receiver.op === "name" ? MACROS.get(`${receiver.name}.${node.name}/${args.length}`) : undefined;
  if (qualified !== undefined) return { macro: qualified, receiver: undefined, args };
  const macro = MACROS.get(`${node.name}/${args.length}`);
  return macro === undefined ? undefined : { macro, receiver, args };
}

/** @returns undefined when the call is no macro */
export function compileMacro(node: Node, context: Context): Closure | undefined {
  const call = macroCall(node);
  if (call === undefined) {
    return node.isMethod && MACRO_NAMES.has(node.name) ? misuse(node, "wrong number of arguments") : undefined;
  }
  const { macro, receiver, args } = call;
  const names = args.slice(0, macro.variables);
  if (names.some(({ op }) => op !== "name")) return misuse(node, "the variable must be a plain name");
  if (new Set(names.map(({ name }) => name)).size < names.length) return misuse(node, "two variables of one name");

  const over = receiver === undefined ? () => null : context.compile(receiver);
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

/** `map(x, e)`, and `map(x, test, e)` with truth as in `filter`. It has its own loop for speed, like the two below. */
function mapping({ over, slots, weight, site }: Loop, test: Closure | undefined, body: Closure): Closure {
  const slot = slots[0] ?? 0;
  return (frame) => {
    const items = itemsOf(over(frame), site);
    if (items instanceof Fault) return items;
    const mapped: Value[] = [];
    for (let index = 0; index < items.length; index += 1) {
      spend(weight);
      frame.slots[slot] = items[index] ?? null;
      const passes = test === undefined ? true : test(frame);
      if (passes instanceof Fault) return passes;
      if (isTruthy(passes)) mapped.push(keep(frame, body(frame)));
    }
    return mapped;
  };
}

function filtering({ over, slots, weight, site }: Loop, test: Closure): Closure {
  const slot = slots[0] ?? 0;
  return (frame) => {
    const items = itemsOf(over(frame), site);
    if (items instanceof Fault) return items;
    const kept: Value[] = [];
    for (let index = 0; index < items.length; index += 1) {
      spend(weight);
      const item = items[index] ?? null;
      frame.slots[slot] = item;
      const passes = test(frame);
      if (passes instanceof Fault) return passes;
      if (isTruthy(passes)) kept.push(keep(frame, item));
    }
    return kept;
  };
}

/** `all` is a chain of `&&`, `exists` one of `||`. */
function deciding({ over, slots, weight, site }: Loop, test: Closure, decision: boolean): Closure {
  const slot = slots[0] ?? 0;
  return (frame) => {
    const items = itemsOf(over(frame), site);
    if (items instanceof Fault) return items;
    let result: Value = !decision;
    for (let index = 0; index < items.length; index += 1) {
      spend(weight);
      frame.slots[slot] = items[index] ?? null;
      const passes = test(frame);
      if (passes === decision) return decision;
      result = result === !decision ? passes : joinLogic(result, passes, decision, site);
    }
    return result;
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

/** `list.sortBy(x, key)`: the items in the order of their keys; equal items keep their order. */
function sorting(loop: Loop, key: Closure): Closure {
  return (frame) => {
    const items: Value[] = [];
    const keys: Value[] = [];
    const fault = iterate(frame, loop, (item) => {
      items.push(item);
      keys.push(key(frame));
      return undefined;
    });
    return fault ?? sortByKeys(items, keys, loop.site);
  };
}
