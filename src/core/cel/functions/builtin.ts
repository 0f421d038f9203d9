/** The language's own functions on texts and collections. As in Koreo, null has size 0 and `contains` accepts maps. */
import { contains } from "../membership.ts";
import { mapSize } from "../maps.ts";
import { patternFor } from "../patterns.ts";
import { countCharacters } from "../characters.ts";
import { typeOf } from "../type-names.ts";
import { Bytes, isList, kindOf, type Site, type Value } from "../value.ts";
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
    apply: (_site, value) => typeOf(value),
    looksAtFaults: true,
  },
  {
    name: "dyn",
    signature: "dyn(any) -> any",
    example: `dyn(1) == 1`,
    arity: [1, 1],
    apply: (_site, value) => value,
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

function matches(text: string, pattern: string, site: Site): Value {
  const compiled = patternFor(pattern, text);
  return compiled === null ? functionFault("match error", site) : compiled.matcher(text).find();
}
