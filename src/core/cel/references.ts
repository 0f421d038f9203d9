/** What an expression reads: its dependencies, taken from the tree, never from text. */
import type { Reference } from "./program.ts";
import { macroCall } from "./closures/macros.ts";
import { qualifiedFunction } from "./functions/registry.ts";
import { DOTTED_TYPE_NAMES, TYPE_NAMES } from "./type-names.ts";
import type { Node } from "./node.ts";

/** Every path that these trees read, as far as it is written (`a.b.c` without `a.b`), each once. */
export function referencesOf(roots: readonly Node[]): Reference[] {
  const found = new Map<string, Reference>();
  const add = (reference: Reference) => {
    const key = JSON.stringify(reference);
    if (!found.has(key)) found.set(key, reference);
  };
  for (const root of roots) collect(root, new Set(), add);
  return [...found.values()];
}

function collect(node: Node, bound: ReadonlySet<string>, add: (reference: Reference) => void): void {
  const chain = chainOf(node);
  if (chain === undefined) {
    collectParts(node, bound, add);
    return;
  }
  const root = chain.reference[0];
  if (typeof root !== "string" || !bound.has(root)) {
    const name = chain.reference.join(".");
    const isType = chain.reference.length === 1 ? TYPE_NAMES.has(name) : DOTTED_TYPE_NAMES.has(name);
    if (!isType) add(chain.reference);
  }
  for (const index of chain.computed) collect(index, bound, add);
}

function collectParts(node: Node, bound: ReadonlySet<string>, add: (reference: Reference) => void): void {
  const call = macroCall(node);
  if (call === undefined) {
    const children = qualifiedFunction(node) === undefined ? node.children : node.children.slice(1);
    for (const child of children) collect(child, bound, add);
    return;
  }
  const { macro, receiver, args } = call;
  if (receiver !== undefined) collect(receiver, bound, add);
  const inside = new Set([...bound, ...args.slice(0, macro.variables).map(({ name }) => name)]);
  for (const [index, arg] of args.entries()) {
    if (index >= macro.variables) collect(arg, macro.inner.includes(index) ? inside : bound, add);
  }
}

interface Chain {
  readonly reference: Reference;
  /** Indexes that are expressions; they have references of their own. */
  readonly computed: readonly Node[];
}

/** Nodes that read a part of a value; with one child a field, with two an index. */
const READS: ReadonlySet<Node["op"]> = new Set(["field", "index", "optionalField", "optionalIndex"]);

/** Splits `a.b["c"][0][x]` into its parts; undefined when the node is no path from a variable. */
function chainOf(node: Node): Chain | undefined {
  const parts: (string | number | null)[] = [];
  const computed: Node[] = [];
  let at: Node | undefined = node;
  for (; at !== undefined && READS.has(at.op); at = at.children[0]) {
    const index: Node | undefined = at.children[1];
    const part = index === undefined ? at.name : literalPart(index);
    parts.unshift(part);
    if (part === null && index !== undefined) computed.unshift(index);
  }
  return at?.op === "name" ? { reference: [at.name, ...parts], computed } : undefined;
}

function literalPart(index: Node | undefined): string | number | null {
  if (index?.op !== "literal") return null;
  return typeof index.value === "string" || typeof index.value === "number" ? index.value : null;
}
