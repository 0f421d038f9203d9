/** The text of values in messages and names, written as Python's `str` does, which Koreo uses. */
import { doubleText, durationText, timestampText, toJson } from "../cel/text.ts";
import { Duration, Double, isFault, kindOf, Timestamp, type Value } from "../cel/value.ts";
import { formatJson } from "../json.ts";

/** Text unchanged, `None`, `True`, `2.0`; lists and maps as JSON. */
export function valueText(value: Value): string {
  if (typeof value === "string") return value;
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : doubleText(value);
  if (value instanceof Double) return doubleText(Double.of(value));
  if (value instanceof Timestamp) return timestampText(value);
  if (value instanceof Duration) return durationText(value);
  const json = toJson(value);
  return isFault(json) ? kindOf(value) : formatJson(json);
}
