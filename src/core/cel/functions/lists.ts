/** Functions on lists: CEL's library, and what Kubernetes adds. They order as `<` does and compare as `==` does. */
import { add } from "../arithmetic.ts";
import { spend } from "../budget.ts";
import { compare, isEqual } from "../compare.ts";
import { keyText } from "../maps.ts";
import { itemsOf } from "../membership.ts";
import { sortByKeys } from "../order.ts";
import { isInt } from "../scalars.ts";
import { Fault, isList, Optional, type Site, type Value } from "../value.ts";
import { functionFault, noSuchOverload, type CelFunction } from "./function.ts";

type Items = readonly Value[];

export const listFunctions: readonly CelFunction[] = [
  extreme("min", `[3, 1, 2].min() == 1`, -1),
  extreme("max", `[3, 1, 2].max() == 3`, 1),
  onList("distinct", "list", `[1, 2, 1.0, "a", "a"].distinct() == [1, 2, "a"]`, distinct),
  { ...onList("reverse", "list", `[1, 2, 3].reverse() == [3, 2, 1]`, (list) => list.toReversed()), on: ["list"] },
  onList("sort", "list", `["b", "a"].sort() == ["a", "b"]`, (list, site) => sortByKeys(list, list, site)),
  onList("isSorted", "bool", `[1, 2, 2].isSorted() && ![2, 1].isSorted()`, isSorted),
  onList("sum", "any", `[1, 2, 3].sum() == 6 && [].sum() == 0`, (list, site) => sum(list, site)),
  onList("first", "optional", `[1, 2].first().value() == 1 && ![].first().hasValue()`, (list) => new Optional(list[0])),
  onList("last", "optional", `[1, 2].last().value() == 2`, (list) => new Optional(list.at(-1))),
  place("indexOf", `[1, 2, 2].indexOf(2) == 1 && [1].indexOf(3) == -1`, (count) =>
    Array.from({ length: count }).keys(),
  ),
  place("lastIndexOf", `[1, 2, 2].lastIndexOf(2) == 2`, (count) =>
    Array.from({ length: count }, (_, index) => count - 1 - index).values(),
  ),
  {
    name: "slice",
    signature: "slice(list, int, int) -> list",
    example: `[1, 2, 3, 4].slice(1, 3) == [2, 3]`,
    arity: [3, 3],
    apply: (site, list, from, to) => {
      if (!isList(list) || !isInt(from) || !isInt(to)) return noSuchOverload("slice", site, list, from, to);
      if (from < 0 || to < from || to > list.length) return functionFault("slice: index out of range", site);
      spend(1 + Number(to) - Number(from));
      return list.slice(Number(from), Number(to));
    },
  },
  {
    name: "lists.range",
    signature: "lists.range(int) -> list",
    example: `lists.range(3) == [0, 1, 2] && lists.range(0) == []`,
    arity: [1, 1],
    apply: (site, count) => {
      if (!isInt(count)) return noSuchOverload("lists.range", site, count);
      spend(1 + Math.max(0, Number(count)));
      return Array.from({ length: Math.max(0, Number(count)) }, (_, index) => index);
    },
  },
];

function onList(name: string, gives: string, example: string, apply: (list: Items, site: Site) => Value): CelFunction {
  return {
    name,
    signature: `${name}(list) -> ${gives}`,
    example,
    arity: [1, 1],
    apply: (site, list) => {
      if (!isList(list)) return noSuchOverload(name, site, list);
      spend(1 + list.length);
      return apply(list, site);
    },
  };
}

/** Koreo's `min` accepts everything that can be iterated. */
function extreme(name: "min" | "max", example: string, wanted: -1 | 1): CelFunction {
  return {
    name,
    signature: `${name}(list) -> any`,
    example,
    arity: [1, 1],
    apply: (site, list) => {
      const items = itemsOf(list, site);
      if (items instanceof Fault) return items;
      const [first, ...rest] = items;
      if (first === undefined) return functionFault(`${name} of an empty list`, site);
      spend(items.length);
      let best = first;
      for (const item of rest) {
        const order = compare(item, best, site);
        if (order instanceof Fault) return order;
        if (order === wanted) best = item;
      }
      return best;
    },
  };
}

/** Looks scalars up in a set; compares other items one by one. */
function distinct(list: Items): Value {
  const seen = new Set<string>();
  const others: Value[] = [];
  const kept: Value[] = [];
  for (const item of list) {
    if (item instanceof Fault) return item;
    const text = item === null ? "null" : keyText(item);
    if (text === undefined ? others.some((other) => isSame(other, item)) : seen.has(text)) continue;
    if (text === undefined) others.push(item);
    else if (text !== "nNaN") seen.add(text); // NaN equals nothing
    kept.push(item);
  }
  return kept;
}

function isSame(left: Value, right: Value): boolean {
  spend(1);
  return isEqual(left, right) === true;
}

function isSorted(list: Items, site: Site): Value {
  for (let index = 1; index < list.length; index += 1) {
    const order = compare(list[index - 1] ?? null, list[index] ?? null, site);
    if (order instanceof Fault) return order;
    if (order > 0) return false;
  }
  return true;
}

/** Sums numbers or durations; the sum of nothing is 0. */
function sum(list: Items, site: Site): Value {
  const [first = 0, ...rest] = list;
  if (typeof first === "string" || isList(first)) return noSuchOverload("sum", site, list);
  let total: Value = first;
  for (const item of rest) total = add(total, item, site);
  return total;
}

function place(name: string, example: string, order: (count: number) => Iterable<number>): CelFunction {
  return {
    name,
    on: ["list"],
    signature: `${name}(list, any) -> int`,
    example,
    arity: [2, 2],
    apply: (site, list, sought) => {
      if (!isList(list)) return noSuchOverload(name, site, list, sought);
      spend(1 + list.length);
      for (const index of order(list.length)) if (isEqual(sought, list[index] ?? null) === true) return index;
      return -1;
    },
  };
}
