/** CEL's library of functions on text. Positions count code points from 0; a position beyond the text is a fault. */
import { spend, spendText } from "../budget.ts";
import { countCharacters, offsetOf } from "../characters.ts";
import { characters } from "../membership.ts";
import { isInt } from "../scalars.ts";
import { Fault, isList, type Site, type Value } from "../value.ts";
import { functionFault, noSuchOverload, onText, type CelFunction } from "./function.ts";

export const textLibrary: readonly CelFunction[] = [
  {
    name: "charAt",
    signature: "charAt(string, int) -> string",
    example: `"koreo".charAt(1) == "o" && "koreo".charAt(5) == ""`,
    arity: [2, 2],
    apply: (site, text, position) => slice("charAt", [text, position], site, (from) => from + 1),
  },
  {
    name: "substring",
    signature: "substring(string, int, int?) -> string",
    example: `"koreo".substring(2) == "reo" && "koreo".substring(0, 2) == "ko"`,
    arity: [2, 3],
    apply: (site, text, from, ...[to]) =>
      to === undefined
        ? slice("substring", [text, from], site, () => Infinity)
        : slice("substring", [text, from, to], site, () => Number(to)),
  },
  {
    name: "indexOf",
    on: ["string"],
    signature: "indexOf(string, string, int?) -> int",
    example: `"koreo".indexOf("o") == 1 && "koreo".indexOf("o", 2) == 4 && "koreo".indexOf("x") == -1`,
    arity: [2, 3],
    apply: (site, ...args) => position("indexOf", args, site, (text, sought, from = 0) => text.indexOf(sought, from)),
  },
  {
    name: "lastIndexOf",
    on: ["string"],
    signature: "lastIndexOf(string, string, int?) -> int",
    example: `"koreo".lastIndexOf("o") == 4 && "koreo".lastIndexOf("o", 3) == 1`,
    arity: [2, 3],
    apply: (site, ...args) =>
      position("lastIndexOf", args, site, (text, sought, from = Infinity) => text.lastIndexOf(sought, from)),
  },
  change("lowerAscii", `"KoReÖ".lowerAscii() == "koreÖ"`, (text) =>
    text.replace(/[A-Z]+/g, (part) => part.toLowerCase()),
  ),
  change("upperAscii", `"koreö".upperAscii() == "KOREö"`, (text) =>
    text.replace(/[a-z]+/g, (part) => part.toUpperCase()),
  ),
  change("trim", `"  koreo\\n".trim() == "koreo"`, trim),
  {
    ...change("reverse", `"koreo".reverse() == "oerok"`, (text) => characters(text).reverse().join("")),
    on: ["string"],
  },
  {
    name: "join",
    signature: "join(list, string?) -> string",
    example: `["a", "b"].join("-") == "a-b" && ["a", "b"].join() == "ab"`,
    arity: [1, 2],
    apply: (site, list, ...[separator = ""]) => join(list, separator, site),
  },
  onText("strings.quote", "string", `strings.quote("a\\"b") == '"a\\\\"b"'`, (text) => {
    spendText(text.length * 2 + 2);
    return quote(text);
  }),
];

function change(name: string, example: string, apply: (text: string) => string): CelFunction {
  return onText(name, "string", example, (text) => {
    spendText(text.length);
    return apply(text);
  });
}

function outOfRange(name: string, site: Site): Fault {
  return functionFault(`${name}: index out of range`, site);
}

/** The part between a position and the one that `end` gives; Infinity is the end of the text. */
function slice(name: string, args: readonly Value[], site: Site, end: (from: number) => number): Value {
  const [text, ...positions] = args;
  if (typeof text !== "string" || !positions.every(isInt)) return noSuchOverload(name, site, ...args);
  const start = Number(positions[0]);
  const from = offsetOf(text, start);
  if (from === undefined) return outOfRange(name, site);
  const stop = end(start);
  // charAt gives "" at the position after the last character.
  const to = stop === Infinity || (name === "charAt" && from === text.length) ? text.length : offsetOf(text, stop);
  return to === undefined || to < from ? outOfRange(name, site) : text.slice(from, to);
}

type Find = (text: string, sought: string, from: number | undefined) => number;

function position(name: string, args: readonly Value[], site: Site, find: Find): Value {
  const [text, sought, start] = args;
  const isTaken = typeof text === "string" && typeof sought === "string" && (start === undefined || isInt(start));
  if (!isTaken) return noSuchOverload(name, site, ...args);
  spend((text.length + sought.length) >> 2);
  const from = start === undefined ? undefined : offsetOf(text, Number(start));
  if (start !== undefined && from === undefined) return outOfRange(name, site);
  const found = find(text, sought, from);
  return found < 0 ? -1 : countCharacters(text.slice(0, found));
}

const BLANK = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** Without a pattern: one anchored at the end would scan every run of blanks repeatedly. */
function trim(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && BLANK.test(text.charAt(start))) start += 1;
  while (end > start && BLANK.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function join(list: Value, separator: Value, site: Site): Value {
  if (!isList(list) || typeof separator !== "string") return noSuchOverload("join", site, list, separator);
  let length = Math.max(0, list.length - 1) * separator.length;
  spend(list.length);
  const texts: string[] = [];
  for (const item of list) {
    if (item instanceof Fault) return item;
    if (typeof item !== "string") return noSuchOverload("join", site, list, separator);
    length += item.length;
    texts.push(item);
  }
  spendText(length);
  return texts.join(separator);
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};

/** Writes a literal of the language; half a surrogate pair is not a character and becomes U+FFFD. */
function quote(text: string): string {
  return `"${text.toWellFormed().replace(/[\x07\b\f\n\r\t\v\\"]/g, (character) => ESCAPES[character] ?? character)}"`;
}
