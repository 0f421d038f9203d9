/**
 * Whether an object matches its target, as a subset: the object must contain all of the target; anything else in it
 * does not matter, except inside plain lists. Finds the first difference, in Koreo's words, and obeys directives.
 */
import { isJsonObject, type JsonObject, type JsonValue, listOf, member } from "../json.ts";
import { directivesOf, isDirective, type Directives } from "./directives.ts";

/** The path from the root where target and object differ, and how. */
export interface Difference {
  readonly path: readonly string[];
  readonly how: string;
}

export interface CompareOptions {
  /** True on a cluster: null in the target equals an absent key, because a merge patch cannot create a null. */
  readonly nullIsMissing: boolean;
  /** True when values must not appear in messages, because the object holds secrets. */
  readonly hideValues: boolean;
}

/** The text for a difference of values that must not be shown. */
const HIDDEN = "<target:[...], resource:[...]>";

/** We maintain owner references whatever the target says; see `owner.ts`. */
const NOT_COMPARED = "ownerReferences";

/**
 * @param target - the target with its directives
 * @param observed - the object as the API server holds it
 * @param lastApplied - the target as we last sent it, as recorded on the object
 * @returns undefined when the object matches
 */
export function findDifference(
  target: JsonObject,
  observed: JsonObject,
  lastApplied: JsonValue | undefined,
  options: CompareOptions,
): Difference | undefined {
  return new Comparison(options).maps(target, observed, lastApplied, []);
}

/** Whether one member of a map matches under the map's directives; used to leave equal lists out of a patch. */
export function memberMatches(
  name: string,
  maps: { readonly target: JsonObject; readonly observed: JsonObject; readonly lastApplied: JsonValue | undefined },
): boolean {
  const comparison = new Comparison({ nullIsMissing: true, hideValues: true });
  return (
    comparison.member(name, directivesOf(maps.target), maps.target, maps.observed, maps.lastApplied, []) === undefined
  );
}

/** Joins the path with ` -> `, then adds how it differs. */
export function differenceText({ path, how }: Difference): string {
  return [...path, how].join(" -> ");
}

type Path = readonly string[];

class Comparison {
  readonly #options: CompareOptions;

  constructor(options: CompareOptions) {
    this.#options = options;
  }

  maps(
    target: JsonObject,
    observed: JsonObject,
    lastApplied: JsonValue | undefined,
    path: Path,
  ): Difference | undefined {
    const directives = directivesOf(target);
    for (const name of Object.keys(target)) {
      if (isDirective(name) || name === NOT_COMPARED) continue;
      const difference = this.member(name, directives, target, observed, lastApplied, path);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }

  member(
    name: string,
    directives: Directives,
    target: JsonObject,
    observed: JsonObject,
    lastApplied: JsonValue | undefined,
    path: Path,
  ): Difference | undefined {
    const wanted = member(target, name) ?? null;
    const applied = member(lastApplied, name);
    const isByRecord = directives.lastApplied.has(name);
    if (!isByRecord && !Object.hasOwn(observed, name)) {
      if (wanted === null && this.#options.nullIsMissing) return undefined;
      return { path, how: `<missing '${name}' in resource>` };
    }
    const actual = isByRecord ? (applied ?? null) : (member(observed, name) ?? null);
    const inside = [...path, `'${name}'`];
    if (directives.asSet.has(name) && Array.isArray(wanted) && Array.isArray(actual)) {
      return this.#sets(wanted as readonly JsonValue[], actual as readonly JsonValue[], inside);
    }
    const fields = directives.asMap.get(name);
    if (fields === undefined) return this.values(wanted, actual, applied, inside);
    const keys = [wanted, actual, applied ?? null].map((list) => keyed(list, fields));
    const [byKey = null, actualByKey = null, appliedByKey] = keys;
    const difference = this.values(byKey, actualByKey, appliedByKey, inside);
    // The keys are made of values of the elements.
    return difference !== undefined && this.#options.hideValues ? { path: inside, how: HIDDEN } : difference;
  }

  values(target: JsonValue, actual: JsonValue, lastApplied: JsonValue | undefined, path: Path): Difference | undefined {
    const differ = (how: string) => ({ path, how });
    if (isJsonObject(target)) {
      if (!isJsonObject(actual)) return differ(`<target:object, resource:${typeText(actual)}>`);
      return this.maps(target, actual, lastApplied, path);
    }
    if (isJsonObject(actual)) return differ(`<target:${typeText(target)}, resource:object>`);
    if (Array.isArray(target)) {
      if (!Array.isArray(actual)) return differ(`<target:array, resource:${typeText(actual)}>`);
      return this.#lists(target as readonly JsonValue[], actual as readonly JsonValue[], lastApplied, path);
    }
    if (Array.isArray(actual)) return differ(`<target:${typeText(target)}, resource:array>`);
    if (typeof target === "boolean" && typeof actual !== "boolean") {
      return differ(`<target:bool, resource:${typeText(actual)}>`);
    }
    if (typeof actual === "boolean" && typeof target !== "boolean") {
      return differ(`<target:${typeText(target)}, resource:bool>`);
    }
    if (scalarsEqual(target, actual)) return undefined;
    if (actual === null && isTruthy(target)) return differ(`<target:${typeText(target)}, resource:null or missing>`);
    if (target === null && isTruthy(actual)) return differ(`<target:null, resource:${typeText(actual)}`);
    if (this.#options.hideValues) return differ(HIDDEN);
    return differ(`<target:[${scalarText(target)}], resource:[${scalarText(actual)}]>`);
  }

  #lists(
    target: readonly JsonValue[],
    actual: readonly JsonValue[],
    lastApplied: JsonValue | undefined,
    path: Path,
  ): Difference | undefined {
    if (target.length !== actual.length) {
      return { path, how: `<length mismatch target:${target.length}, actual:${actual.length}` };
    }
    const applied = listOf(lastApplied);
    for (const [index, wanted] of target.entries()) {
      const inside = [...path, `at index '${index}'`];
      const difference = this.values(wanted, actual[index] ?? null, applied[index], inside);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }

  #sets(target: readonly JsonValue[], actual: readonly JsonValue[], path: Path): Difference | undefined {
    const structured = [...target, ...actual].find((value) => typeof value === "object" && value !== null);
    if (structured !== undefined) {
      const isMap = isJsonObject(structured);
      const how = isMap ? ", try: `x-koreo-compare-as-map`" : " (a list cannot be a member of a set)";
      return { path, how: `Could not compare array-as-set${how}` };
    }
    const holds = (all: readonly JsonValue[], value: JsonValue) => all.some((each) => membersEqual(each, value));
    const missing = target.find((value) => !holds(actual, value));
    if (missing !== undefined) return { path, how: `<missing '${this.#shown(missing)}'>` };
    const unexpected = actual.find((value) => !holds(target, value));
    return unexpected === undefined ? undefined : { path, how: `<unexpectedly found '${this.#shown(unexpected)}'>` };
  }

  #shown(value: JsonValue): string {
    return this.#options.hideValues ? "..." : scalarText(value);
  }
}

/**
 * A list as a map, keyed by the text of some fields of its elements; empty and null lists give null, a later duplicate
 * wins. An element that is no map has no fields: its own text is its key, so that it differs from every map.
 */
function keyed(list: JsonValue, fields: readonly string[]): JsonValue {
  if (!Array.isArray(list)) return list;
  const elements = list as readonly JsonValue[];
  if (elements.length === 0) return null;
  return Object.fromEntries(
    elements.map((element) => {
      const parts = fields.map((field) => scalarText(member(element, field) ?? null).trim());
      return [isJsonObject(element) ? parts.join("$") : scalarText(element), element];
    }),
  );
}

function scalarsEqual(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true;
  const isNumber = (value: JsonValue): value is number | bigint =>
    typeof value === "number" || typeof value === "bigint";
  return isNumber(a) && isNumber(b) && a == b; // eslint-disable-line eqeqeq -- 1n equals 1
}

/** Members of sets are equal when Koreo's hashes are: 1, 1.0 and true are one member. */
function membersEqual(a: JsonValue, b: JsonValue): boolean {
  const plain = (value: JsonValue) => (typeof value === "boolean" ? Number(value) : value);
  return scalarsEqual(plain(a), plain(b));
}

function isTruthy(value: JsonValue): boolean {
  return value !== null && value !== "" && value !== false && !scalarsEqual(value, 0);
}

function typeText(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  switch (typeof value) {
    case "object":
      return "object";
    case "boolean":
      return "bool";
    case "string":
      return "string";
    default:
      return "number";
  }
}

function scalarText(value: JsonValue): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "object" ? typeText(value) : String(value);
}
