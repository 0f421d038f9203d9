/**
 * The exact comparison of FunctionTests: unlike drift detection, it counts extra keys on both sides and reports every
 * difference. Directives in the expected value say where order does not matter.
 */
import { formatJson, isJsonObject, jsonEqual, type JsonObject, type JsonValue } from "../json.ts";
import { directivesOf, isDirective } from "../resource/directives.ts";

/** A text for a leaf; a map of the differing keys; a list with null for equal items. Undefined: no difference. */
export type Differences = string | { readonly [key: string]: Differences } | readonly (Differences | null)[];

/** How `actual` differs from `expected`; `1` equals `1.0`, true equals only true. */
export function compareExactly(expected: JsonValue, actual: JsonValue): Differences | undefined {
  return compareValues(expected, actual, true);
}

/** The same, but maps may hold more than expected, and a missing member satisfies an expected null. */
export function compareGiven(expected: JsonValue, actual: JsonValue): Differences | undefined {
  return compareValues(expected, actual, false);
}

function compareValues(expected: JsonValue, actual: JsonValue, isExact: boolean): Differences | undefined {
  if (isJsonObject(expected) && isJsonObject(actual)) return compareMaps(expected, actual, isExact);
  if (isList(expected) && isList(actual)) return compareLists(expected, actual, isExact);
  if (nameOf(expected) !== nameOf(actual)) return `expected \`${nameOf(expected)}\` but found \`${nameOf(actual)}\``;
  return expected === actual || jsonEqual(expected, actual)
    ? undefined
    : `expected '\`${textOf(expected)}\`' but found '\`${textOf(actual)}\`'`;
}

function compareMaps(expected: JsonObject, actual: JsonObject, isExact: boolean): Differences | undefined {
  const { asSet, asMap } = directivesOf(expected);
  const differences = new Map<string, Differences>();
  const others = isExact ? Object.keys(actual) : [];
  const names = new Set([...Object.keys(expected), ...others].filter((name) => !isDirective(name)));
  for (const name of names) {
    const [wanted, found] = [ownOf(expected, name), ownOf(actual, name)];
    const fields = asMap.get(name);
    let difference: Differences | undefined;
    if (wanted === undefined) difference = "unexpected";
    else if (found === undefined) difference = wanted === null && !isExact ? undefined : "missing";
    else if (isList(wanted) && isList(found) && asSet.has(name)) difference = compareSets(wanted, found);
    else if (isList(wanted) && isList(found) && fields !== undefined) {
      difference = compareMaps(keyed(wanted, fields), keyed(found, fields), isExact);
    } else difference = compareValues(wanted, found, isExact);
    if (difference !== undefined) differences.set(name, difference);
  }
  return differences.size === 0 ? undefined : Object.fromEntries(differences);
}

function compareLists(
  expected: readonly JsonValue[],
  actual: readonly JsonValue[],
  isExact: boolean,
): Differences | undefined {
  if (expected.length !== actual.length) {
    return `<length mismatch target:${expected.length}, actual:${actual.length}>`;
  }
  const items = expected.map((item, index) => compareValues(item, actual[index] ?? null, isExact) ?? null);
  return items.every((item) => item === null) ? undefined : items;
}

/** Compares lists without order and repetition. */
function compareSets(expected: readonly JsonValue[], actual: readonly JsonValue[]): Differences | undefined {
  if ([...expected, ...actual].some((item) => typeof item === "object" && item !== null)) {
    return "Could not compare array-as-set, try: `x-koreo-compare-as-map`";
  }
  const [wanted, found] = [asMembers(expected), asMembers(actual)];
  const missing = [...wanted].filter(([member]) => !found.has(member)).map(([, text]) => `<missing '${text}'>`);
  const extra = [...found]
    .filter(([member]) => !wanted.has(member))
    .map(([, text]) => `<unexpectedly found '${text}'>`);
  return missing.length + extra.length === 0 ? undefined : [...missing, ...extra];
}

/** Members of a set by what makes them equal, as in Python: `1`, `1.0` and true are one. */
function asMembers(list: readonly JsonValue[]): ReadonlyMap<unknown, string> {
  return new Map(list.map((item) => [typeof item === "boolean" ? Number(item) : item, textOf(item)]));
}

/** A list as a map by the values of some fields; of equal keys the last item wins. */
function keyed(list: readonly JsonValue[], fields: readonly string[]): JsonObject {
  const keyOf = (item: JsonValue) =>
    fields.map((name) => textOf((isJsonObject(item) ? ownOf(item, name) : undefined) ?? "None").trim()).join("$");
  return Object.fromEntries(list.map((item) => [keyOf(item), item]));
}

function ownOf(map: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

/** A scalar as text; lists and maps as JSON, which Koreo's words never show. */
function textOf(value: JsonValue): string {
  return typeof value === "object" && value !== null ? formatJson(value) : String(value);
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function nameOf(value: JsonValue): string {
  if (value === null) return "null";
  if (isList(value)) return "array";
  const type = typeof value;
  if (type === "boolean") return "bool";
  return type === "bigint" ? "number" : type;
}
