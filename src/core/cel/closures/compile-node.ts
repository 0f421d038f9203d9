/** Compiles a tree to one closure. The files beside this one compile each kind of node. */
import type { Node } from "../node.ts";
import { intValue } from "../scalars.ts";
import { Fault } from "../value.ts";
import { childOf, compileField, compileIndex, compileName, compileOptionalField } from "./access.ts";
import { compileCall } from "./calls.ts";
import { Variables, type Closure, type Context } from "./context.ts";
import { compileList, compileMap } from "./literals.ts";
import { compileBinary, compileConditional, compileUnary } from "./operators.ts";

/** The closures of several trees that share a frame with `slotCount` slots. */
export interface CompiledNodes {
  readonly closures: readonly Closure[];
  readonly slotCount: number;
}

/** @throws RangeError when a tree is nested deeper than the stack */
export function compileNodes(roots: readonly Node[]): CompiledNodes {
  const variables = new Variables();
  const context: Context = { variables, compile: (node) => compileNode(node, context) };
  const closures = roots.map(context.compile);
  return { closures, slotCount: variables.count };
}

function compileNode(node: Node, context: Context): Closure {
  switch (node.op) {
    case "literal":
      return compileLiteral(node);
    case "name":
      return compileName(node, context);
    case "field":
      return compileField(node, context);
    case "index":
    case "optionalIndex":
      return compileIndex(node, context);
    case "optionalField":
      return compileOptionalField(node, context);
    case "maybe":
      return context.compile(childOf(node, 0)); // lists and maps look at the mark themselves
    case "call":
      return compileCall(node, context);
    case "list":
      return compileList(node, context);
    case "map":
      return compileMap(node, context);
    case "unary":
      return compileUnary(node, context);
    case "binary":
      return compileBinary(node, context);
    case "conditional":
      return compileConditional(node, context);
  }
}

/** A literal beyond 64 bits is a fault when it is evaluated, as in Koreo's library. */
function compileLiteral({ value, site }: Node): Closure {
  const literal = typeof value === "bigint" ? intValue(value, site) : value;
  if (!(literal instanceof Fault)) return () => literal;
  const fault = new Fault(Fault.code(literal), Fault.text(literal), site);
  return () => fault;
}
