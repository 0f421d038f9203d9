/** Lists and maps as written, with their optional parts. */
import type { Node } from "../node.ts";
import { duplicateKey, MapEntries } from "../map-entries.ts";
import { Fault, kindOf, Optional, type Site, type Value } from "../value.ts";
import { keep, type Closure, type Context } from "./context.ts";

export function compileList(node: Node, context: Context): Closure {
  const items = node.children.map(context.compile);
  if (node.children.some(isMaybe)) return listWithGaps(node, items);
  return (frame) => {
    const list: Value[] = [];
    for (const item of items) list.push(keep(frame, item(frame)));
    return list;
  };
}

function isMaybe(node: Node): boolean {
  return node.op === "maybe";
}

/** A list with items such as `?x`, which it leaves out when x is empty. */
function listWithGaps({ children, site }: Node, items: readonly Closure[]): Closure {
  const marks = children.map(isMaybe);
  return (frame) => {
    const list: Value[] = [];
    for (const [index, item] of items.entries()) {
      const value = marks[index] === true ? insideOf(item(frame), site) : item(frame);
      if (value !== undefined) list.push(keep(frame, value));
    }
    return list;
  };
}

/** The value inside an optional; undefined when it is empty. */
function insideOf(value: Value, site: Site): Value | undefined {
  if (value instanceof Optional) return Optional.of(value);
  return value instanceof Fault
    ? value
    : new Fault("no_overload", `a ${kindOf(value)} stands behind '?', not an optional`, site);
}

export function compileMap(node: Node, context: Context): Closure {
  const keys = node.children.filter((_, index) => index % 2 === 0);
  const parts = node.children.filter((_, index) => index % 2 === 1);
  const values = parts.map(context.compile);
  const names = keys.map((key) => key.value);
  const isPlain = keys.every(({ op, value }) => op === "literal" && typeof value === "string" && value !== "__proto__");
  if (!isPlain || parts.some(isMaybe)) {
    return computedMap(keys.map(context.compile), values, parts.map(isMaybe), node.site);
  }
  if (new Set(names).size < names.length) return () => duplicateKey(node.site);
  return plainMap(names as string[], values);
}

function plainMap(names: readonly string[], values: readonly Closure[]): Closure {
  return (frame) => {
    const map: Record<string, Value> = {};
    for (let index = 0; index < names.length; index += 1) {
      map[names[index] as string] = keep(frame, (values[index] as Closure)(frame));
    }
    return map;
  };
}

function computedMap(
  keys: readonly Closure[],
  values: readonly Closure[],
  marks: readonly boolean[],
  site: Site,
): Closure {
  return (frame) => {
    const entries = new MapEntries();
    for (const [index, key] of keys.entries()) {
      const name = key(frame);
      const written = (values[index] as Closure)(frame);
      const value = marks[index] === true ? insideOf(written, site) : written;
      if (value === undefined) continue;
      const fault = entries.enter(name, keep(frame, value), site);
      if (fault !== undefined) return fault;
    }
    return entries.map();
  };
}
