/** Lists as sets: the number and the place of equal items do not count. */
import { spend } from "../budget.ts";
import { isEqual } from "../compare.ts";
import { isList, type Value } from "../value.ts";
import { noSuchOverload, type CelFunction } from "./function.ts";

type Items = readonly Value[];

export const setFunctions: readonly CelFunction[] = [
  onSets("sets.contains", `sets.contains([1, 2, 3], [2, 1, 1]) && !sets.contains([1], [2])`, holdsAll),
  onSets(
    "sets.equivalent",
    `sets.equivalent([1, 2], [2, 1, 1]) && !sets.equivalent([1, 2], [1])`,
    (left, right) => holdsAll(left, right) && holdsAll(right, left),
  ),
  onSets("sets.intersects", `sets.intersects([1, 2], [2, 3]) && !sets.intersects([1], [2])`, (left, right) =>
    right.some((item) => holds(left, item)),
  ),
];

function onSets(name: string, example: string, test: (left: Items, right: Items) => boolean): CelFunction {
  return {
    name,
    signature: `${name}(list, list) -> bool`,
    example,
    arity: [2, 2],
    apply: (site, left, right) =>
      isList(left) && isList(right) ? test(left, right) : noSuchOverload(name, site, left, right),
  };
}

function holdsAll(list: Items, sought: Items): boolean {
  return sought.every((item) => holds(list, item));
}

function holds(list: Items, sought: Value): boolean {
  spend(1 + (list.length >> 1));
  return list.some((item) => isEqual(item, sought) === true);
}
