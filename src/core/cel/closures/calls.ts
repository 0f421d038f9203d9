/** Calls: `has`, the macros, and functions, which can all be called both as `f(x)` and as `x.f()`. */
import { findFunction, qualifiedFunction } from "../functions/registry.ts";
import type { CelFunction } from "../functions/function.ts";
import type { Node } from "../node.ts";
import { Fault, Optional, type Site, type Value } from "../value.ts";
import { childOf } from "./access.ts";
import type { Closure, Context } from "./context.ts";
import { compileMacro } from "./macros.ts";

export function compileCall(node: Node, context: Context): Closure {
  if (node.name === "has" && !node.isMethod) return compileHas(node, context);
  const macro = compileMacro(node, context);
  if (macro !== undefined) return macro;

  const qualified = qualifiedFunction(node);
  const called = qualified ?? findFunction(node.name);
  if (called === undefined) return always(new Fault("undeclared", `undeclared reference to '${node.name}'`, node.site));
  const args = (qualified === undefined ? node.children : node.children.slice(1)).map(context.compile);
  const [least, most] = called.arity;
  if (args.length < least || args.length > most) {
    return always(new Fault("no_overload", `no such overload: ${called.signature}`, node.site));
  }
  return compileFunction(called, args, node.site);
}

function always(fault: Fault): Closure {
  return () => fault;
}

/**
 * Koreo's `has`: true exactly when its operand evaluates without a fault; false with another number of operands. A
 * field read through an optional (`a.?b`, `optional.of(a).b`) is also missing when the result is empty.
 */
function compileHas(node: Node, context: Context): Closure {
  if (node.children.length !== 1) return () => false;
  const child = childOf(node, 0);
  const operand = context.compile(child);
  const object = child.op === "field" ? context.compile(childOf(child, 0)) : undefined;
  const isOptional = child.op === "optionalField";
  return (frame) => {
    const value = operand(frame);
    if (!(value instanceof Optional)) return !(value instanceof Fault);
    const isRead = isOptional || (object !== undefined && object(frame) instanceof Optional);
    return !isRead || Optional.of(value) !== undefined;
  };
}

/** Arguments that are faults become the result, unless the function says that it looks at them. */
function compileFunction(called: CelFunction, args: readonly Closure[], site: Site): Closure {
  const { apply } = called;
  const looksAtFaults = called.looksAtFaults === true;
  const [first, second] = args;
  if (first === undefined) return () => apply(site);
  if (second === undefined) {
    return (frame) => {
      const value = first(frame);
      return value instanceof Fault && !looksAtFaults ? value : apply(site, value);
    };
  }
  return (frame) => {
    const values: Value[] = [];
    for (const arg of args) {
      const value = arg(frame);
      if (value instanceof Fault && !looksAtFaults) return value;
      values.push(value);
    }
    return apply(site, ...values);
  };
}
