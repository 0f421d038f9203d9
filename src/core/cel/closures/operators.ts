/** Operators and conditions as closures. Frequent cases have a fast path first. */
import { add, arithmetic, negate, type Operator } from "../arithmetic.ts";
import { compare, isEqual, noOverload, type Order } from "../compare.ts";
import { contains } from "../membership.ts";
import type { Node } from "../node.ts";
import { Fault, kindOf, type Site, type Value } from "../value.ts";
import { childOf } from "./access.ts";
import { type Closure, type Context } from "./context.ts";

export function compileUnary(node: Node, context: Context): Closure {
  const operand = context.compile(childOf(node, 0));
  const { site } = node;
  if (node.name === "-") return (frame) => negate(operand(frame), site);
  return (frame) => {
    const value = operand(frame);
    if (typeof value === "boolean") return !value;
    if (value instanceof Fault) return value;
    return new Fault("no_overload", `found no matching overload for 'unary_not' applied to ${kindOf(value)}`, site);
  };
}

export function compileConditional(node: Node, context: Context): Closure {
  // No closure here may hold the node, or its tree lives as long as the program.
  const { site } = node;
  const [condition, then, otherwise] = node.children.map(context.compile) as [Closure, Closure, Closure];
  return (frame) => {
    const value = condition(frame);
    if (value === true) return then(frame);
    if (value === false) return otherwise(frame);
    return value instanceof Fault ? value : noOverload("_?_:_", value, true, site);
  };
}

export function compileBinary(node: Node, context: Context): Closure {
  const { name, site } = node;
  if (name === "&&" || name === "||") return logic(chainOf(node, context), name === "||", site);
  if (name === "+") return sum(chainOf(node, context), site);
  const [left, right] = [context.compile(childOf(node, 0)), context.compile(childOf(node, 1))];
  switch (name) {
    case "==":
      return equality(left, right, false);
    case "!=":
      return equality(left, right, true);
    case "in":
      return (frame) => contains(right(frame), left(frame), site, "relation_in");
    case "<":
    case "<=":
    case ">":
    case ">=":
      return relation(name, left, right, site);
    default:
      return (frame) => arithmetic(name as Operator, left(frame), right(frame), site);
  }
}

/** Splits `a + b + c` into [a, b, c], so that long chains do not become deep stacks. */
function chainOf(node: Node, context: Context): Closure[] {
  const parts: Closure[] = [];
  let at = node;
  for (; at.op === "binary" && at.name === node.name; at = childOf(at, 0)) parts.push(context.compile(childOf(at, 1)));
  return [context.compile(at), ...parts.reverse()];
}

function sum(parts: readonly Closure[], site: Site): Closure {
  const [first, second, ...rest] = parts as [Closure, Closure, ...Closure[]];
  if (rest.length === 0) return (frame) => add(first(frame), second(frame), site);
  return (frame) => {
    let total = add(first(frame), second(frame), site);
    for (const part of rest) total = add(total, part(frame), site);
    return total;
  };
}

function equality(left: Closure, right: Closure, isNegated: boolean): Closure {
  return (frame) => {
    const equal = isEqual(left(frame), right(frame));
    return typeof equal === "boolean" ? equal !== isNegated : equal;
  };
}

/** Compares numbers and text directly, other values by their order. */
function relation(operator: "<" | "<=" | ">" | ">=", left: Closure, right: Closure, site: Site): Closure {
  switch (operator) {
    case "<":
      return related(
        left,
        right,
        site,
        (a, b) => a < b,
        (order) => order === -1,
      );
    case "<=":
      return related(
        left,
        right,
        site,
        (a, b) => a <= b,
        (order) => order === -1 || order === 0,
      );
    case ">":
      return related(
        left,
        right,
        site,
        (a, b) => a > b,
        (order) => order === 1,
      );
    case ">=":
      return related(
        left,
        right,
        site,
        (a, b) => a >= b,
        (order) => order === 1 || order === 0,
      );
  }
}

function related(
  left: Closure,
  right: Closure,
  site: Site,
  ofNumbers: (a: number, b: number) => boolean,
  ofOrder: (order: Order) => boolean,
): Closure {
  return (frame) => {
    const [a, b] = [left(frame), right(frame)];
    if (typeof a === "number" && typeof b === "number") return ofNumbers(a, b);
    const order = compare(a, b, site);
    return order instanceof Fault ? order : ofOrder(order);
  };
}

/** `&&` and `||`: the deciding bool wins over faults on either side, in either order. */
function logic(parts: readonly Closure[], deciding: boolean, site: Site): Closure {
  const [first, ...rest] = parts as [Closure, ...Closure[]];
  return (frame) => {
    let result = first(frame);
    for (let index = 0; index < rest.length; index += 1) {
      if (result === deciding) return deciding;
      const right = (rest[index] as Closure)(frame);
      result = result === !deciding ? right : joinLogic(result, right, deciding, site);
    }
    return result;
  };
}

/** When one operand is a bool, returns the other one whatever it is, as Koreo does. */
export function joinLogic(left: Value, right: Value, deciding: boolean, site: Site): Value {
  if (left === deciding || right === deciding) return deciding;
  if (left === !deciding) return right;
  return right === !deciding ? left : noOverload(deciding ? "_||_" : "_&&_", left, right, site);
}
