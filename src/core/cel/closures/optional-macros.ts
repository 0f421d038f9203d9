/** Macros that name one value: `optMap` and `optFlatMap` name the content of an optional, `cel.bind` any value. */
import { spend } from "../budget.ts";
import { Fault, kindOf, Optional, type Value } from "../value.ts";
import type { Closure } from "./context.ts";
import type { Loop, Macro } from "./macro.ts";

export const OPTIONAL_MACROS: readonly (readonly [string, Macro])[] = [
  ["optMap/2", { variables: 1, inner: [1], build: (loop, [body]) => inside(loop, body as Closure, false) }],
  ["optFlatMap/2", { variables: 1, inner: [1], build: (loop, [body]) => inside(loop, body as Closure, true) }],
  [
    "cel.bind/3",
    { variables: 1, inner: [2], build: (loop, [value, body]) => binding(loop, value as Closure, body as Closure) },
  ],
];

/** With `isFlat` the body itself gives an optional. */
function inside({ over, slots, weight, site }: Loop, body: Closure, isFlat: boolean): Closure {
  const slot = slots[0] ?? 0;
  return (frame) => {
    const value = over(frame);
    if (value instanceof Fault) return value;
    if (!(value instanceof Optional)) {
      return new Fault(
        "no_overload",
        `no such overload: ${isFlat ? "optFlatMap" : "optMap"} of a ${kindOf(value)}`,
        site,
      );
    }
    const content = Optional.of(value);
    if (content === undefined) return value;
    spend(weight);
    frame.slots[slot] = content;
    return wrapped(body(frame), isFlat, loopFault);
  };

  function loopFault(found: Value): Fault {
    return new Fault("no_overload", `no such overload: optFlatMap to a ${kindOf(found)}`, site);
  }
}

function wrapped(found: Value, isFlat: boolean, refuse: (found: Value) => Fault): Value {
  if (found instanceof Fault) return found;
  if (!isFlat) return new Optional(found);
  return found instanceof Optional ? found : refuse(found);
}

/** Evaluates the value once; a fault waits until the body reads it, as in a list. */
function binding({ slots, weight }: Loop, value: Closure, body: Closure): Closure {
  const slot = slots[0] ?? 0;
  return (frame) => {
    spend(weight);
    frame.slots[slot] = value(frame);
    return body(frame);
  };
}
