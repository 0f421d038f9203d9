/** The language's own functions on texts and collections. Koreo's answers: null has size 0, `contains` also asks maps. */
import { RE2JS } from "re2js";
import { spend } from "../budget.ts";
import { compare } from "../compare.ts";
import { contains, itemsOf } from "../membership.ts";
import { mapSize } from "../maps.ts";
import { Bytes, Fault, isList, kindOf, TypeName, type Site, type Value } from "../value.ts";
import { functionFault, noSuchOverload, withTexts, type CelFunction } from "./function.ts";

export const builtinFunctions: readonly CelFunction[] = [
  {
    name: "size",
    signature: "size(string | bytes | list | map | null) -> int",
    example: `size("añb") == 3 && [1, 2].size() == 2 && size(null) == 0`,
    arity: [1, 1],
    apply: (site, value) => sizeOf(value) ?? noSuchOverload("size", site, value),
  },
  {
    name: "contains",
    signature: "contains(string | list | map, any) -> bool",
    example: `"koreo".contains("ore") && [1, 2].contains(2) && {"a": 1}.contains("a")`,
    arity: [2, 2],
    apply: (site, holder, sought) => contains(holder, sought, site, "contains"),
    looksAtFaults: true,
  },
  textTest("startsWith", `"koreo".startsWith("ko")`, (text, prefix) => text.startsWith(prefix)),
  textTest("endsWith", `"koreo".endsWith("eo")`, (text, suffix) => text.endsWith(suffix)),
  {
    name: "matches",
    signature: "matches(string, string) -> bool",
    example: `"zone-7".matches("[0-9]+$") && !"zone".matches("^one")`,
    arity: [2, 2],
    apply: (site, ...args) =>
      withTexts(
        args,
        () => noSuchOverload("matches", site, ...args),
        (text = "", pattern = "") => matches(text, pattern, site),
      ),
  },
  {
    name: "type",
    signature: "type(any) -> type",
    example: `type(1) == int && type("a") == string && type(null) == null_type`,
    arity: [1, 1],
    apply: (_site, value) => new TypeName(typeNameOf(value)),
    looksAtFaults: true,
  },
  {
    name: "dyn",
    signature: "dyn(any) -> any",
    example: `dyn(1) == 1`,
    arity: [1, 1],
    apply: (_site, value) => value,
  },
  {
    name: "min",
    signature: "min(list) -> any",
    example: `[3, 1, 2].min() == 1`,
    arity: [1, 1],
    apply: (site, list) => smallest(list, site),
  },
];

function textTest(name: string, example: string, test: (text: string, part: string) => boolean): CelFunction {
  return {
    name,
    signature: `${name}(string, string) -> bool`,
    example,
    arity: [2, 2],
    apply: (site, ...args) =>
      withTexts(
        args,
        () => noSuchOverload(name, site, ...args),
        (text = "", part = "") => test(text, part),
      ),
  };
}

function sizeOf(value: Value): number | undefined {
  if (value === null) return 0;
  if (typeof value === "string") return countCharacters(value);
  if (isList(value)) return value.length;
  if (value instanceof Bytes) return Bytes.of(value).length;
  return kindOf(value) === "map" ? mapSize(value) : undefined;
}

/** Code points, not UTF-16 units. */
function countCharacters(text: string): number {
  spend(text.length >> 4);
  let count = text.length;
  for (let at = 1; at < text.length; at += 1) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800) count -= 1;
  }
  return count;
}

const MAX_PATTERNS = 500;
/** Compiled patterns, the oldest leaves first; null for text that is no pattern. A memo only: it changes no result. */
const patterns = new Map<string, RE2JS | null>();

/** On an engine that is linear in the text: no pattern can hang a worker. */
function matches(text: string, pattern: string, site: Site): Value {
  const compiled = patternOf(pattern);
  if (compiled === null) return functionFault("match error", site);
  spend((text.length * (1 + (pattern.length >> 3))) >> 3);
  return compiled.matcher(text).find();
}

function patternOf(pattern: string): RE2JS | null {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  spend(pattern.length);
  const compiled = compilePattern(pattern);
  const oldest = patterns.keys().next();
  if (patterns.size >= MAX_PATTERNS && oldest.done !== true) patterns.delete(oldest.value);
  patterns.set(pattern, compiled);
  return compiled;
}

function compilePattern(pattern: string): RE2JS | null {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return null; // whatever the library says about it, it is no pattern
  }
}

function typeNameOf(value: Value): string {
  const kind = kindOf(value);
  return kind === "null" ? "null_type" : kind;
}

function smallest(value: Value, site: Site): Value {
  const items = itemsOf(value, site);
  if (items instanceof Fault) return items;
  const [first, ...rest] = items;
  if (first === undefined) return functionFault("min of an empty list", site);
  spend(items.length);
  let least = first;
  for (const item of rest) {
    const order = compare(item, least, site);
    if (order instanceof Fault) return order;
    if (order === -1) least = item;
  }
  return least;
}
