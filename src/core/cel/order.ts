/** Sorts values by the language's own order. Every comparison spends. */
import { spend } from "./budget.ts";
import { compare } from "./compare.ts";
import { Fault, type Site, type Value } from "./value.ts";

/** The items in the order of their keys; equal items keep their order. A fault when two keys have no order. */
export function sortByKeys(items: readonly Value[], keys: readonly Value[], site: Site): readonly Value[] | Fault {
  let fault: Fault | undefined;
  const positions = Array.from(items.keys());
  positions.sort((left, right) => {
    if (fault !== undefined) return 0;
    spend(1);
    const order = compare(keys[left] ?? null, keys[right] ?? null, site);
    if (!(order instanceof Fault)) return order === 2 ? 0 : order;
    fault = order;
    return 0;
  });
  // A single key is compared with nothing, and may still be a fault.
  const [only] = keys;
  if (only instanceof Fault) return only;
  spend(items.length);
  return fault ?? positions.map((position) => items[position] ?? null);
}
