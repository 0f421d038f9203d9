/** Functions on maps and lists. They never change an argument; results share the parts they leave untouched. */
import { enter, leave, spend } from "../budget.ts";
import { itemsOf } from "../membership.ts";
import { mapGet, mapKeys, mapSize, put } from "../maps.ts";
import { isInt } from "../scalars.ts";
import { Fault, isList, isPlainMap, kindOf, type Site, type Value, type ValueMap } from "../value.ts";
import { functionFault, noSuchOverload, type CelFunction } from "./function.ts";

export const structureFunctions: readonly CelFunction[] = [
  {
    name: "overlay",
    signature: "overlay(map, map) -> map",
    example: `{"a": {"b": 1, "c": 2}}.overlay({"a": {"b": 3}}) == {"a": {"b": 3, "c": 2}}`,
    arity: [2, 2],
    apply: (site, base, over) => {
      if (isPlainMap(base) && isPlainMap(over)) return overlay(base, over);
      const isNoOverlay = isPlainMap(over) && mapSize(over) === 0; // an empty map leaves a text or null alone
      return isNoOverlay && (typeof base === "string" || base === null)
        ? base
        : noSuchOverload("overlay", site, base, over);
    },
  },
  {
    name: "flatten",
    signature: "flatten(list, int?) -> list",
    example: `flatten([[1, 2], [], [3]]) == [1, 2, 3] && [1, [2, [3, [4]]]].flatten(2) == [1, 2, 3, [4]]`,
    arity: [1, 2],
    apply: (site, lists, ...[depth]) => (depth === undefined ? flatten(lists, site) : flattenTo(lists, depth, site)),
  },
  {
    name: "keys",
    signature: "keys(map) -> list",
    example: `keys({"a": 1, "b": 2}) == ["a", "b"]`,
    arity: [1, 1],
    apply: (site, map) => ofMap("keys", map, site, (key) => key),
  },
  {
    name: "values",
    signature: "values(map) -> list",
    example: `values({"a": 1, "b": 2}) == [1, 2]`,
    arity: [1, 1],
    apply: (site, map) => ofMap("values", map, site, (key, of) => mapGet(of, key) ?? null),
  },
];

/** Goes deeper when both members are maps; anything else in `over` replaces. */
function overlay(base: ValueMap, over: ValueMap): ValueMap {
  spend(1 + Object.keys(base).length);
  enter();
  const result: Record<string, Value> = { ...base };
  for (const [name, value] of Object.entries(over)) {
    spend(1);
    const below = Object.hasOwn(result, name) ? result[name] : undefined;
    put(result, name, isPlainMap(value) && isPlainMap(below) ? overlay(below, value) : value);
  }
  leave();
  return result;
}

/** Flattens one level. Text splits into characters and maps into keys, as in Koreo. */
function flatten(lists: Value, site: Site): Value {
  if (lists === null) return [];
  const outer = itemsOf(lists, site);
  if (outer instanceof Fault) return outer;
  const flat: Value[] = [];
  for (const list of outer) {
    const items = itemsOf(list, site);
    if (items instanceof Fault) return items;
    spend(1 + items.length);
    for (const item of items) flat.push(item);
  }
  return flat;
}

/** CEL's form: flattens as many levels as asked; keeps items that are not lists. */
function flattenTo(lists: Value, depth: Value, site: Site): Value {
  if (!isList(lists) || !isInt(depth)) return noSuchOverload("flatten", site, lists, depth);
  if (depth < 0) return functionFault("flatten: the depth is negative", site);
  const flat: Value[] = [];
  const add = (list: readonly Value[], levels: number) => {
    spend(1 + list.length);
    enter();
    for (const item of list) {
      if (levels > 0 && isList(item)) add(item, levels - 1);
      else flat.push(item);
    }
    leave();
  };
  add(lists, Number(depth));
  return flat;
}

function ofMap(name: string, map: Value, site: Site, pick: (key: Value, map: Value) => Value): Value {
  if (kindOf(map) !== "map") return noSuchOverload(name, site, map);
  spend(mapSize(map));
  return mapKeys(map).map((key) => pick(key, map));
}
