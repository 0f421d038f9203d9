/**
 * Variables, fields and indexes. A chain of plain names becomes one closure that reads members unchecked; only a miss runs
 * the general closures, which find the exact fault. That is safe because boxes have no readable members and names that
 * exist on a built-in prototype never take the fast way. (A null at the end of a chain counts as a miss; only slower.)
 */
import type { Node } from "../node.ts";
import { mapGet } from "../maps.ts";
import { doubleOf } from "../scalars.ts";
import { Double, Fault, kindOf, TypeName, Uint, type Site, type Value } from "../value.ts";
import { noOverload } from "../compare.ts";
import { characters } from "../membership.ts";
import type { Closure, Context, Frame } from "./context.ts";

const PROTOTYPES = [Object, Array, String, Number, Boolean, BigInt].map((type) => type.prototype as object);
const INHERITED: ReadonlySet<string> = new Set(PROTOTYPES.flatMap((type) => Object.getOwnPropertyNames(type)));

/** Names that stand for types where no variable has them. */
export const TYPE_NAMES: ReadonlyMap<string, TypeName> = new Map(
  "bool bytes double duration int list map null_type string timestamp type uint"
    .split(" ")
    .map((name) => [name, new TypeName(name)]),
);

/** A value as the fast way sees it: any member of anything is a value or undefined. */
type Loose = { readonly [name: string]: Loose } | null | undefined;

export function compileName(node: Node, { variables }: Context): Closure {
  const { name, site } = node;
  const slot = variables.slotOf(name);
  if (slot !== undefined) return ({ slots }) => slots[slot] ?? null;
  const checked = ({ scope }: Frame): Value => {
    if (Object.hasOwn(scope, name)) return scope[name] ?? null;
    return TYPE_NAMES.get(name) ?? new Fault("undeclared", `undeclared reference to '${name}'`, site);
  };
  return INHERITED.has(name) ? checked : (frame) => frame.scope[name] ?? checked(frame);
}

export function compileField(node: Node, context: Context): Closure {
  const general = generalField(node, context);
  const names = plainChain(node);
  if (names === undefined) return general;
  const slot = context.variables.slotOf(names[0] ?? "");
  return slot === undefined ? scopeChain(names, general) : slotChain(slot, names, general);
}

function generalField(node: Node, context: Context): Closure {
  const { name, site } = node;
  const object = context.compile(childOf(node, 0));
  const checked = (value: Value): Value => {
    if (value instanceof Fault) return value;
    const kind = kindOf(value);
    if (kind !== "map") return new Fault("no_field_selection", `${kind} does not support field selection`, site);
    const found = mapGet(value, name);
    return found === undefined ? new Fault("no_such_member", `no such member in mapping: '${name}'`, site) : found;
  };
  if (INHERITED.has(name)) return (frame) => checked(object(frame));
  return (frame) => {
    const value = object(frame);
    return ((value as Loose)?.[name] as Value | undefined) ?? checked(value);
  };
}

/** `a.b.c` as its names, when all of them may take the fast way. */
function plainChain(node: Node): string[] | undefined {
  const names: string[] = [];
  let at = node;
  for (; at.op === "field"; at = childOf(at, 0)) names.unshift(at.name);
  if (at.op !== "name") return undefined;
  names.unshift(at.name);
  return names.length > 5 || names.some((name) => INHERITED.has(name)) ? undefined : names;
}

function scopeChain(names: readonly string[], miss: Closure): Closure {
  const [a = "", b = "", c = "", d = "", e = ""] = names;
  switch (names.length) {
    case 2:
      return (frame) => ((frame.scope as Loose)?.[a]?.[b] as Value | undefined) ?? miss(frame);
    case 3:
      return (frame) => ((frame.scope as Loose)?.[a]?.[b]?.[c] as Value | undefined) ?? miss(frame);
    case 4:
      return (frame) => ((frame.scope as Loose)?.[a]?.[b]?.[c]?.[d] as Value | undefined) ?? miss(frame);
    default:
      return (frame) => ((frame.scope as Loose)?.[a]?.[b]?.[c]?.[d]?.[e] as Value | undefined) ?? miss(frame);
  }
}

function slotChain(slot: number, names: readonly string[], miss: Closure): Closure {
  const [, a = "", b = "", c = ""] = names;
  switch (names.length) {
    case 2:
      return (frame) => ((frame.slots[slot] as Loose)?.[a] as Value | undefined) ?? miss(frame);
    case 3:
      return (frame) => ((frame.slots[slot] as Loose)?.[a]?.[b] as Value | undefined) ?? miss(frame);
    case 4:
      return (frame) => ((frame.slots[slot] as Loose)?.[a]?.[b]?.[c] as Value | undefined) ?? miss(frame);
    default:
      return miss;
  }
}

export function compileIndex(node: Node, context: Context): Closure {
  const [object, index] = [context.compile(childOf(node, 0)), context.compile(childOf(node, 1))];
  return (frame) => {
    const value = object(frame);
    const key = index(frame);
    if (value instanceof Fault) return value;
    return key instanceof Fault ? key : elementOf(value, key, node.site);
  };
}

/** Koreo's rules: negative positions count from the end, and a text can be indexed. */
function elementOf(value: Value, key: Value, site: Site): Value {
  const kind = kindOf(value);
  if (kind === "map") {
    const found = mapGet(value, key);
    return found === undefined ? new Fault("no_such_key", "no such key", site) : found;
  }
  const position = positionOf(key);
  if (position === undefined || (kind !== "list" && kind !== "string")) return noOverload("_[_]", value, key, site);
  const list = typeof value === "string" ? characters(value) : (value as readonly Value[]);
  const found = list[position < 0 ? list.length + position : position];
  return found === undefined ? new Fault("index_out_of_range", "invalid_argument", site) : found;
}

function positionOf(key: Value): number | undefined {
  if (key instanceof Double) return doubleOf(key);
  if (key instanceof Uint) return Number(Uint.of(key));
  return typeof key === "number" && Number.isSafeInteger(key) ? key : undefined;
}

/** A child the shape of the node promises. */
export function childOf(node: Node, index: number): Node {
  const child = node.children[index];
  if (child === undefined) throw new TypeError(`a ${node.op} node has no child ${index}`);
  return child;
}
