/** How deep definitions may nest: deeper than people write, and shallow enough for every recursive walk. */
import { isList, isPlainMap, type Value } from "../cel/value.ts";

export const MAX_DEPTH = 200;

/** Whether a value has more levels of lists and maps than allowed. The API server stores up to 10,000. */
export function isTooDeep(value: Value, levels: number = MAX_DEPTH): boolean {
  if (!isList(value) && !isPlainMap(value)) return false;
  return levels <= 0 || Object.values(value).some((item) => isTooDeep(item, levels - 1));
}
