/** The tree of an expression: one shape for parsed text and for manifest structure. */
import type { Site, Source, Value } from "./value.ts";

/**
 * `children` by operator: field [object]; index [object, index]; call arguments, the receiver first when `isMethod`;
 * list items; map key, value, key, value ...; unary [operand]; binary [left, right]; conditional [if, then, else].
 * `optionalField` and `optionalIndex` are `.?name` and `[?index]`; `maybe` is an item or value of a list or map literal
 * that is left out when it is an empty optional: `[?x]`, `{?key: x}`.
 */
export interface Node {
  readonly op:
    | "literal"
    | "name"
    | "field"
    | "index"
    | "optionalField"
    | "optionalIndex"
    | "maybe"
    | "call"
    | "list"
    | "map"
    | "unary"
    | "binary"
    | "conditional";
  /** Name of a variable, field, function or operator; "" elsewhere. */
  readonly name: string;
  readonly value: Value;
  readonly children: readonly Node[];
  readonly isMethod: boolean;
  readonly site: Site;
}

/** A node with the given parts; the rest is empty. */
export function makeNode(
  op: Node["op"],
  site: Site,
  parts: {
    readonly name?: string;
    readonly value?: Value;
    readonly children?: readonly Node[];
    readonly isMethod?: boolean;
  } = {},
): Node {
  const { name = "", value = null, children = [], isMethod = false } = parts;
  return { op, name, value, children, isMethod, site };
}

/** The site of a whole source. */
export function wholeSite(source: Source): Site {
  return { source, start: 0, end: source.text.length };
}
