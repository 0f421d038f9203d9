/** What a value contains: `in`, `contains`, and what macros iterate over. */
import { spend } from "./budget.ts";
import { isEqual, noOverload } from "./compare.ts";
import { mapGet, mapKeys, mapSize } from "./maps.ts";
import { Fault, isList, kindOf, type Site, type Value } from "./value.ts";

/**
 * Whether a list holds an equal item, a map the key, a text the part. Koreo's `in` seeks one character of a text, its
 * `contains` any part.
 */
export function contains(holder: Value, sought: Value, site: Site, operator: "relation_in" | "contains"): Value {
  if (isList(holder)) return listContains(holder, sought);
  if (kindOf(holder) === "map") return sought instanceof Fault ? sought : mapGet(holder, sought) !== undefined;
  if (typeof holder !== "string" || typeof sought !== "string") return noOverload(operator, sought, holder, site);
  spend(holder.length >> 3);
  return (operator === "contains" || isOneCharacter(sought)) && holder.includes(sought);
}

function isOneCharacter(text: string): boolean {
  return text.length > 0 && text.length <= 2 && Array.from(text).length === 1;
}

function listContains(list: readonly Value[], sought: Value): boolean | Fault {
  spend(list.length >> 2);
  let fault: Fault | undefined;
  for (const item of list) {
    const equal = isEqual(sought, item);
    if (equal === true) return true;
    if (equal !== false) fault = equal;
  }
  return fault ?? false;
}

/** The items of a list, the keys of a map, the characters of a text; anything else cannot be iterated. */
export function itemsOf(value: Value, site: Site): readonly Value[] | Fault {
  if (isList(value)) return value;
  if (value instanceof Fault) return value;
  if (typeof value === "string") return characters(value);
  const kind = kindOf(value);
  if (kind !== "map") return new Fault("not_iterable", `a ${kind} cannot be iterated`, site);
  spend(mapSize(value));
  return mapKeys(value);
}

/** The code points of a text; spends for them. */
export function characters(text: string): string[] {
  spend(text.length);
  return Array.from(text);
}
