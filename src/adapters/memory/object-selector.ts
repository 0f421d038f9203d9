/** Label selectors as text: `a=b`, `a==b`, `a!=b`, `a` (present) and `!a` (absent), joined by commas. */
import { memberAt, type JsonObject } from "../../core/json.ts";

const REQUIREMENT = /^(?:!\s*(?<absent>[^=!\s]+)|(?<name>[^=!\s]+)(?:\s*(?<operator>==|=|!=)\s*(?<value>[^=!\s]*))?)$/;

/**
 * Whether the object's labels fulfil every requirement.
 *
 * @returns undefined when the selector is no text this parser knows (`in`, `notin` are not needed here)
 */
export function matchesSelector(object: JsonObject, selector: string): boolean | undefined {
  const parts = selector.split(",").map((part) => part.trim());
  const verdicts = parts.filter((part) => part !== "").map((part) => matchesRequirement(object, part));
  return verdicts.includes(undefined) ? undefined : !verdicts.includes(false);
}

function matchesRequirement(object: JsonObject, text: string): boolean | undefined {
  const groups = REQUIREMENT.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { absent, name = "", operator, value } = groups;
  const label = memberAt(object, ["metadata", "labels", absent ?? name]);
  if (absent !== undefined) return label === undefined;
  if (operator === undefined) return label !== undefined;
  return operator === "!=" ? label !== value : label === value;
}
