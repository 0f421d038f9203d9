/** Koreo's functions on text. Characters are code points. */
import { spend, spendText } from "../budget.ts";
import { characters } from "../membership.ts";
import { isInt } from "../scalars.ts";
import { Fault, kindOf, type Site, type Value } from "../value.ts";
import { functionFault, noSuchOverload, onText, withTexts, type CelFunction } from "./function.ts";

export const stringFunctions: readonly CelFunction[] = [
  change("lower", `"KoReo".lower() == "koreo"`, (text) => text.toLowerCase()),
  change("toLower", `"KoReo".toLower() == "koreo"`, (text) => text.toLowerCase()),
  change("toUpper", `"KoReo".toUpper() == "KOREO"`, (text) => text.toUpperCase()),
  stripping("strip", `"testinga".strip("testing") == "a" && " a ".strip(null) == "a"`, true),
  stripping("rstrip", `"testingisfun".rstrip("isfun") == "testing"`, false),
  {
    name: "split",
    signature: "split(string, string, int?) -> list",
    example: `"a.b".split(".") == ["a", "b"] && "a.b.c".split(".", 2) == ["a", "b.c"]`,
    arity: [2, 3],
    apply: (site, text, separator, ...[limit]) => {
      if (limit !== undefined && !isInt(limit)) return noSuchOverload("split", site, text, separator, limit);
      const found = partsOf("split", text, separator, site);
      return found instanceof Fault ? found : limited(found, Number(limit ?? -1), separator as string);
    },
  },
  splitting("split_first", `"a.b.c".split_first(".") == "a"`, (parts) => parts[0] ?? ""),
  splitting("split_last", `"a.b.c".split_last(".") == "c"`, (parts) => parts.at(-1) ?? ""),
  {
    name: "split_index",
    signature: "split_index(string, string, int) -> string",
    example: `"a.b.c".split_index(".", 1) == "b" && "a.b.c".split_index(".", -1) == "c"`,
    arity: [3, 3],
    apply: (site, text, separator, index) => splitIndex(text, separator, index, site),
  },
  {
    name: "replace",
    signature: "replace(string, string, string, int?) -> string",
    example: `"a-b-c".replace("-", ".") == "a.b.c" && "ab".replace("", "_") == "_a_b_"`,
    arity: [3, 4],
    apply: (site, ...args) => {
      const [text, sought, inserted, limit = -1] = args;
      if (!isInt(limit)) return noSuchOverload("replace", site, ...args);
      return withTexts(
        [text ?? null, sought ?? null, inserted ?? null],
        () => functionFault(`Replace error of ${args.map(kindOf).join(", ")}`, site),
        (...texts) => replace(texts, Number(limit)),
      );
    },
  },
];

function change(name: string, example: string, apply: (text: string) => string): CelFunction {
  return onText(name, "string", example, (text) => apply(text));
}

/** Removes characters of a set, not a prefix or suffix; null means blanks. */
function stripping(name: string, example: string, atBothEnds: boolean): CelFunction {
  return {
    name,
    signature: `${name}(string, string | null) -> string`,
    example,
    arity: [2, 2],
    apply: (site, text, characters) => {
      const isTaken = typeof text === "string" && (characters === null || typeof characters === "string");
      return isTaken ? strip(text, characters, atBothEnds) : noSuchOverload(name, site, text, characters);
    },
  };
}

function strip(text: string, set: string | null, atBothEnds: boolean): string {
  spend((text.length + (set?.length ?? 0)) >> 2);
  const members = set === null ? undefined : new Set(set);
  const isMember = (character: string) => members?.has(character) ?? /\s/.test(character);
  const characters = Array.from(text);
  const first = atBothEnds ? characters.findIndex((character) => !isMember(character)) : 0;
  const last = characters.findLastIndex((character) => !isMember(character));
  return last < 0 ? "" : characters.slice(first, last + 1).join("");
}

function splitting(name: string, example: string, pick: (parts: string[]) => Value): CelFunction {
  return {
    name,
    signature: `${name}(string, string) -> string`,
    example,
    arity: [2, 2],
    apply: (site, text, separator) => {
      const parts = partsOf(name, text, separator, site);
      return parts instanceof Fault ? parts : pick(parts);
    },
  };
}

function partsOf(name: string, text: Value, separator: Value, site: Site): string[] | Fault {
  if (typeof text !== "string") return noSuchOverload(name, site, text, separator);
  if (separator === "" || (separator === null && name === "split")) return noSeparator(site);
  if (typeof separator !== "string") return noSuchOverload(name, site, text, separator);
  spend(text.length >> 2);
  return text.split(separator);
}

/** At most `limit` parts, the last one with the rest; all parts when it is negative. */
function limited(parts: string[], limit: number, separator: string): readonly string[] {
  if (limit < 0 || parts.length <= limit) return parts;
  if (limit === 0) return [];
  return [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
}

function noSeparator(site: Site): Fault {
  return functionFault("split separator may not be empty", site);
}

/** An empty text has an empty part at each index. */
function splitIndex(text: Value, separator: Value, index: Value, site: Site): Value {
  if (typeof text !== "string" || typeof separator !== "string") {
    return noSuchOverload("split_index", site, text, separator, index);
  }
  if (separator === "") return noSeparator(site);
  if (text === "") return "";
  if (kindOf(index) !== "int") return noSuchOverload("split_index", site, text, separator, index);
  spend(text.length >> 2);
  return text.split(separator).at(Number(index)) ?? functionFault("index out of bounds on split", site);
}

/**
 * Replaces the first `limit` occurrences, all when it is negative; an empty `sought` occurs between all characters.
 * Computes the length, and spends for it, first.
 */
function replace([text = "", sought = "", inserted = ""]: readonly string[], limit: number): string {
  const parts = sought === "" ? ["", ...characters(text), ""] : text.split(sought);
  const places = parts.length - 1;
  const count = limit < 0 ? places : Math.min(limit, places);
  spendText(text.length + count * inserted.length + (places - count) * sought.length);
  spend(parts.length);
  return (
    parts.slice(0, count + 1).join(inserted) +
    parts
      .slice(count + 1)
      .map((part) => sought + part)
      .join("")
  );
}
