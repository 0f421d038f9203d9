/** Regular expressions: Kubernetes' `find` and `findAll`, and CEL's library `regex`. RE2 syntax, linear in the text. */
import type { Matcher, RE2JS } from "re2js";
import { spend, spendText } from "../budget.ts";
import { patternFor } from "../patterns.ts";
import { isInt } from "../scalars.ts";
import { Fault, Optional, type Site, type Value } from "../value.ts";
import { functionFault, noSuchOverload, type CelFunction } from "./function.ts";

export const regexFunctions: readonly CelFunction[] = [
  searching("find", 0, "string", `"zone 12, rack 7".find("[0-9]+") == "12" && "a".find("b") == ""`, (search) =>
    search.matcher.find() ? (search.matcher.group(0) ?? "") : "",
  ),
  searching(
    "findAll",
    1,
    "list",
    `"a1b22".findAll("[0-9]+") == ["1", "22"] && "1 2".findAll("[0-9]", 1) == ["1"]`,
    all,
  ),
  searching(
    "regex.extract",
    0,
    "optional",
    `regex.extract("v1.2", "v([0-9]+)") == optional.of("1") && !regex.extract("x", "y").hasValue()`,
    ({ matcher, group }) => new Optional(matcher.find() ? (matcher.group(group) ?? "") : undefined),
  ),
  searching("regex.extractAll", 0, "list", `regex.extractAll("a1b2", "[a-z]([0-9])") == ["1", "2"]`, all),
  {
    name: "regex.replace",
    signature: "regex.replace(string, string, string, int?) -> string",
    example: `regex.replace("a1b2", "[0-9]", "#") == "a#b#" && regex.replace("ab", "(a)(b)", "\\\\2\\\\1") == "ba"`,
    arity: [3, 4],
    apply: (site, text, pattern, by, ...[limit = -1]) => {
      const isTaken = typeof text === "string" && typeof pattern === "string" && typeof by === "string";
      if (!isTaken || !isInt(limit)) return noSuchOverload("regex.replace", site, text, pattern, by);
      const compiled = patternFor(pattern, text);
      if (compiled === null) return functionFault("regex.replace: no pattern", site);
      return replace(text, compiled, by, Number(limit), site);
    },
  },
];

interface Search {
  readonly matcher: Matcher;
  /** The group to return: the pattern's only group, or the whole match. */
  readonly group: number;
  /** The largest number of matches; negative for all. */
  readonly limit: number;
}

function searching(
  name: string,
  options: 0 | 1,
  gives: string,
  example: string,
  apply: (search: Search) => Value,
): CelFunction {
  const isLibrary = name.startsWith("regex.");
  return {
    name,
    signature: `${name}(string, string${options === 1 ? ", int?" : ""}) -> ${gives}`,
    example,
    arity: [2, 2 + options],
    apply: (site, text, pattern, ...[limit = -1]) => {
      if (typeof text !== "string" || typeof pattern !== "string" || !isInt(limit)) {
        return noSuchOverload(name, site, text, pattern);
      }
      const compiled = patternFor(pattern, text);
      if (compiled === null) return functionFault(`${name}: no pattern`, site);
      const groups = isLibrary ? compiled.groupCount() : 0;
      if (groups > 1) return functionFault(`${name}: more than one group`, site);
      return apply({ matcher: compiled.matcher(text), group: groups, limit: Number(limit) });
    },
  };
}

function all({ matcher, group, limit }: Search): Value {
  const found: Value[] = [];
  while ((limit < 0 || found.length < limit) && matcher.find()) {
    const part = matcher.group(group);
    spend(2 + ((part?.length ?? 0) >> 4));
    if (part !== null) found.push(part);
  }
  return found;
}

/** In the replacement, `\\1` to `\\9` are the groups, `\\0` is the whole match, `\\\\` a backslash. */
function replace(text: string, pattern: RE2JS, by: string, limit: number, site: Site): Value {
  if (/\\(?:[^0-9\\]|$)/.test(by.replaceAll("\\\\", "")))
    return functionFault("regex.replace: an unknown escape", site);
  const matcher = pattern.matcher(text);
  const groups = pattern.groupCount();
  const parts: string[] = [];
  let [at, length] = [0, 0];
  for (let count = 0; (limit < 0 || count < limit) && matcher.find(); count += 1) {
    let fault: Fault | undefined;
    const inserted = by.replace(/\\([0-9\\])/g, (_written, digit: string) => {
      if (digit === "\\") return "\\";
      if (Number(digit) > groups) fault = functionFault("regex.replace: there is no such group", site);
      return fault === undefined ? (matcher.group(Number(digit)) ?? "") : "";
    });
    if (fault !== undefined) return fault;
    length += inserted.length;
    spend(2);
    spendText(text.length + length);
    parts.push(text.slice(at, matcher.start()), inserted);
    at = matcher.end();
  }
  return parts.join("") + text.slice(at);
}
