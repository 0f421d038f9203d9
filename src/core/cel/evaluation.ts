/** Runs closures for a program on a budget, and lets no Fault hide inside a result. */
import { enter, leave, spend, withBudget, type Budget } from "./budget.ts";
import type { Closure, Frame } from "./closures/context.ts";
import type { Scope } from "./program.ts";
import { overspentFault } from "./text.ts";
import { Fault, isPlainMap, KeyedMap, type Value } from "./value.ts";

const NO_SLOTS: Value[] = [];

/** A slot for each variable of macros; most programs have one or two. */
function emptySlots(count: number): Value[] {
  if (count === 0) return NO_SLOTS;
  if (count === 1) return [null];
  return count === 2 ? [null, null] : new Array<Value>(count).fill(null);
}

/** Runs `root` on a fresh frame. */
export function runProgram(scope: Scope, slotCount: number, budget: Partial<Budget> | undefined, root: Closure): Value {
  const frame: Frame = { scope, slots: emptySlots(slotCount), holdsFault: false };
  return withBudget(budget, { root, frame }, runFrame, overspentFault);
}

function runFrame({ root, frame }: { readonly root: Closure; readonly frame: Frame }): Value {
  const value = root(frame);
  return frame.holdsFault ? (hiddenFault(value) ?? value) : value;
}

/** The first fault in a value; the value itself may be one. */
function hiddenFault(value: Value): Fault | undefined {
  if (value instanceof Fault) return value;
  if (Array.isArray(value)) return firstFault(value as readonly Value[]);
  if (value instanceof KeyedMap) return firstFault([...KeyedMap.of(value).values()].map(([, item]) => item));
  return isPlainMap(value) ? firstFault(Object.values(value)) : undefined;
}

function firstFault(items: readonly Value[]): Fault | undefined {
  spend(items.length + 1);
  enter();
  let fault: Fault | undefined;
  for (let index = 0; fault === undefined && index < items.length; index += 1)
    fault = hiddenFault(items[index] ?? null);
  leave();
  return fault;
}
