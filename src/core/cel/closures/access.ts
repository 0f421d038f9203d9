/**
 * Variables, fields and indexes. A chain of plain names becomes one closure that reads members unchecked; only a miss
 * runs the general closures, which find the exact fault. That is safe because boxes have no readable members and names
 * on built-in prototypes never take the fast path. (A null at the end of a chain counts as a miss; only slower.)
 */
import type { Node } from "../node.ts";
import { mapGet } from "../maps.ts";
import { doubleOf } from "../scalars.ts";
import { DOTTED_TYPE_NAMES, TYPE_NAMES } from "../type-names.ts";
import { Double, Fault, kindOf, Optional, Uint, type Site, type Value } from "../value.ts";
import { noOverload } from "../compare.ts";
import { characters } from "../membership.ts";
import type { Closure, Context, Frame } from "./context.ts";

const PROTOTYPES = [Object, Array, String, Number, Boolean, BigInt].map((type) => type.prototype as object);
const INHERITED: ReadonlySet<string> = new Set(PROTOTYPES.flatMap((type) => Object.getOwnPropertyNames(type)));

/** A value as the fast path sees it: any member of anything is a value or undefined. */
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
  const { root, members } = chainOf(node);
  const general = walking(context.compile(root), members);
  if (root.op !== "name" || members.length > 4 || INHERITED.has(root.name)) return general;
  if (members.some(({ isPlain }) => !isPlain)) return general;
  const names = members.map(({ name }) => name);
  const slot = context.variables.slotOf(root.name);
  if (slot !== undefined) return slotChain(slot, names, general);
  const type = DOTTED_TYPE_NAMES.get([root.name, ...names].join("."));
  const { name } = root;
  if (type !== undefined) return (frame) => (Object.hasOwn(frame.scope, name) ? general(frame) : type);
  return scopeChain([name, ...names], general);
}

/** One `.name` of a chain. */
interface Member {
  readonly name: string;
  readonly site: Site;
  /** Whether it may be read unchecked. */
  readonly isPlain: boolean;
}

/** Splits `x.a.b` into its root x, which is no field, and its members. */
function chainOf(node: Node): { readonly root: Node; readonly members: readonly Member[] } {
  const members: Member[] = [];
  let root = node;
  for (; root.op === "field"; root = childOf(root, 0)) {
    members.push({ name: root.name, site: root.site, isPlain: !INHERITED.has(root.name) });
  }
  return { root, members: members.toReversed() }; // a copy without spare room: it lives as long as the program
}

/** The general path: reads member after member and checks each one that is missing. */
function walking(root: Closure, members: readonly Member[]): Closure {
  return (frame) => {
    let value = root(frame);
    for (const member of members) {
      const found = member.isPlain ? ((value as Loose)?.[member.name] as Value | undefined) : undefined;
      value = found ?? memberOf(value, member);
    }
    return value;
  };
}

function memberOf(value: Value, { name, site }: Member): Value {
  if (value instanceof Optional) return optionally(value, (inside) => selectIn(inside, name, site));
  const found = selectIn(value, name, site);
  return found === undefined ? new Fault("no_such_member", `no such member in mapping: '${name}'`, site) : found;
}

/** `a.?b`, and `has` on it. */
export function compileOptionalField(node: Node, context: Context): Closure {
  const object = context.compile(childOf(node, 0));
  const { name, site } = node;
  return (frame) => optionally(object(frame), (value) => selectIn(value, name, site));
}

/** The member of a map; undefined when the map has none. */
function selectIn(value: Value, name: string, site: Site): Value | undefined {
  if (value instanceof Fault) return value;
  const kind = kindOf(value);
  if (kind !== "map") return new Fault("no_field_selection", `${kind} does not support field selection`, site);
  return mapGet(value, name);
}

/** Reads inside an optional, or inside any other value; a missing part gives an empty optional. */
function optionally(value: Value, read: (value: Value) => Value | undefined): Value {
  const inside = value instanceof Optional ? Optional.of(value) : value;
  const found = inside === undefined ? undefined : read(inside);
  return found instanceof Fault ? found : new Optional(found);
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
  const [a = "", b = "", c = ""] = names;
  switch (names.length) {
    case 1:
      return (frame) => ((frame.slots[slot] as Loose)?.[a] as Value | undefined) ?? miss(frame);
    case 2:
      return (frame) => ((frame.slots[slot] as Loose)?.[a]?.[b] as Value | undefined) ?? miss(frame);
    case 3:
      return (frame) => ((frame.slots[slot] as Loose)?.[a]?.[b]?.[c] as Value | undefined) ?? miss(frame);
    default:
      return miss;
  }
}

export function compileIndex(node: Node, context: Context): Closure {
  const [object, index] = [context.compile(childOf(node, 0)), context.compile(childOf(node, 1))];
  const isOptional = node.op === "optionalIndex";
  const { site } = node;
  return (frame) => {
    const value = object(frame);
    const key = index(frame);
    if (value instanceof Fault) return value;
    if (key instanceof Fault) return key;
    if (isOptional || value instanceof Optional) return optionally(value, (inside) => elementIn(inside, key, site));
    const found = elementIn(value, key, site);
    if (found !== undefined) return found;
    const isMap = kindOf(value) === "map";
    return isMap
      ? new Fault("no_such_key", "no such key", site)
      : new Fault("index_out_of_range", "invalid_argument", site);
  };
}

/** Koreo's rules: negative positions count from the end, and a text can be indexed. Undefined when nothing is there. */
function elementIn(value: Value, key: Value, site: Site): Value | undefined {
  if (value instanceof Fault) return value;
  const kind = kindOf(value);
  if (kind === "map") return mapGet(value, key);
  const position = positionOf(key);
  if (position === undefined || (kind !== "list" && kind !== "string")) return noOverload("_[_]", value, key, site);
  const list = typeof value === "string" ? characters(value) : (value as readonly Value[]);
  return list[position < 0 ? list.length + position : position];
}

function positionOf(key: Value): number | undefined {
  if (key instanceof Double) return doubleOf(key);
  if (key instanceof Uint) return Number(Uint.of(key));
  return typeof key === "number" && Number.isSafeInteger(key) ? key : undefined;
}

/** A child that the shape of the node guarantees. */
export function childOf(node: Node, index: number): Node {
  const child = node.children[index];
  if (child === undefined) throw new TypeError(`a ${node.op} node has no child ${index}`);
  return child;
}
