/** Python's truth, which Koreo's `filter`, `exists_one` and reference functions use. */
import { mapSize } from "./maps.ts";
import { doubleOf } from "./scalars.ts";
import { Box, Bytes, Double, Duration, isList, KeyedMap, Uint, type Value } from "./value.ts";

/** False for null, false, zero and empty values. */
export function isTruthy(value: Value): boolean {
  if (typeof value === "boolean") return value;
  if (value === null || value === "" || value === 0 || value === 0n) return false;
  if (typeof value !== "object") return true;
  if (isList(value)) return value.length > 0;
  if (value instanceof Double) return doubleOf(value) !== 0;
  if (value instanceof Uint) return Uint.of(value) !== 0n;
  if (value instanceof Bytes) return Bytes.of(value).length > 0;
  if (value instanceof Duration) return Duration.nanos(value) !== 0n;
  if (value instanceof Box && !(value instanceof KeyedMap)) return true;
  return mapSize(value) > 0;
}
