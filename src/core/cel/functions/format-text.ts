/**
 * `"%s has %d".format(["a", 1])`: text with clauses for the items of a list. A clause consists of `%`, an optional
 * precision such as `.2` for numbers with a fraction, and a letter; `%%` is a percent sign.
 */
import { enter, leave, spend, spendText } from "../budget.ts";
import { decimalText, scientificText } from "../decimal-text.ts";
import { compareText } from "../compare.ts";
import { mapGet, mapKeys, mapSize } from "../maps.ts";
import { doubleOf, isInt } from "../scalars.ts";
import { durationText, timestampText } from "../text.ts";
import {
  Bytes,
  Duration,
  Fault,
  isList,
  kindOf,
  Opaque,
  Timestamp,
  TypeName,
  Uint,
  type Site,
  type Value,
} from "../value.ts";
import { functionFault, noSuchOverload, type CelFunction } from "./function.ts";

export const formatFunctions: readonly CelFunction[] = [
  {
    name: "format",
    signature: "format(string, list) -> string",
    example: `"%s-%d-%.1f-%x".format(["a", 7, 0.25, 255]) == "a-7-0.2-ff"`,
    arity: [2, 2],
    apply: (site, text, items) =>
      typeof text === "string" && isList(items)
        ? format(text, items, site)
        : noSuchOverload("format", site, text, items),
  },
];

/** The largest precision a clause may have. */
const MAX_PRECISION = 100;

function format(text: string, items: readonly Value[], site: Site): Value {
  spend(text.length >> 2);
  const parts: string[] = [];
  let length = 0;
  let at = 0;
  let next = 0;
  for (const [written, digits, letter = ""] of text.matchAll(/%(?:\.(\d+))?(.?)/gsu)) {
    const start = text.indexOf(written, at);
    parts.push(text.slice(at, start));
    at = start + written.length;
    const part = letter === "%" && digits === undefined ? "%" : clause(letter, digits, items[next], site);
    if (part instanceof Fault) return part;
    if (letter !== "%") next += 1;
    length += part.length;
    spendText(length); // before the parts become one text
    parts.push(part);
  }
  return parts.join("") + text.slice(at);
}

/** Writes one item by one clause; gives a fault when the item is missing, or the clause does not accept it. */
function clause(letter: string, digits: string | undefined, item: Value | undefined, site: Site): string | Fault {
  const precision = Number(digits ?? 6);
  if (!/^[sdfebxXo]$/.test(letter)) return functionFault("format: a clause that is not known", site);
  if (precision > MAX_PRECISION) return functionFault("format: too many digits asked for", site);
  if (item === undefined) return functionFault("format: fewer items than clauses", site);
  if (item instanceof Fault) return item;
  const found = WRITE[letter as keyof typeof WRITE](item, precision);
  return found ?? functionFault(`format: %${letter} does not take a ${kindOf(item)}`, site);
}

type Write = (item: Value, precision: number) => string | Fault | undefined;

const WRITE: Readonly<Record<"s" | "d" | "f" | "e" | "b" | "x" | "X" | "o", Write>> = {
  s: textOf,
  d: (item) => unusualText(item) ?? wholeOf(item)?.toString(),
  f: (item, precision) => unusualText(item) ?? mapNumber(item, (number) => decimalText(number, precision)),
  e: (item, precision) => unusualText(item) ?? mapNumber(item, (number) => scientificText(number, precision)),
  b: (item) => (typeof item === "boolean" ? String(Number(item)) : wholeOf(item)?.toString(2)),
  o: (item) => wholeOf(item)?.toString(8),
  x: hexText,
  X: (item) => hexText(item)?.toUpperCase(),
};

function wholeOf(item: Value): bigint | undefined {
  return item instanceof Uint ? Uint.of(item) : isInt(item) ? BigInt(item) : undefined;
}

function mapNumber(item: Value, write: (number: number) => string): string | undefined {
  if (kindOf(item) === "double") return write(doubleOf(item));
  const whole = wholeOf(item);
  return whole === undefined ? undefined : write(Number(whole));
}

/** NaN and the infinities, which have no digits. */
function unusualText(item: Value): string | undefined {
  if (kindOf(item) !== "double" || Number.isFinite(doubleOf(item))) return undefined;
  return String(doubleOf(item));
}

function hexText(item: Value): string | undefined {
  const bytes = item instanceof Bytes ? Bytes.of(item) : typeof item === "string" ? encoded(item) : undefined;
  if (bytes === undefined) return wholeOf(item)?.toString(16);
  spendText(bytes.length * 2);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function encoded(text: string): Uint8Array {
  spendText(text.length);
  return new TextEncoder().encode(text);
}

/** `%s`: accepts any data. Writes lists and maps in brackets, the keys of a map in order. */
function textOf(item: Value): string | Fault | undefined {
  if (typeof item === "string") return item;
  if (item === null || typeof item === "boolean") return String(item);
  if (kindOf(item) === "double") return unusualText(item) ?? plainText(doubleOf(item));
  if (item instanceof Bytes) return new TextDecoder().decode(Bytes.of(item));
  if (item instanceof Timestamp) return timestampText(item);
  if (item instanceof Duration) return durationText(item);
  if (item instanceof TypeName) return TypeName.of(item);
  if (item instanceof Opaque) return Opaque.text(item);
  if (item instanceof Fault) return item;
  if (isList(item)) return joined(item.length, item, "[", "]", textOf);
  return kindOf(item) === "map" ? mapText(item) : wholeOf(item)?.toString();
}

function plainText(number: number): string {
  const text = String(number);
  if (!text.includes("e")) return text;
  return Number.isInteger(number) ? BigInt(number).toString() : decimalText(number, MAX_PRECISION).replace(/0+$/, "");
}

/** Keys are texts, bools and numbers; each of these has a text. */
function keyTextOf(key: Value): string {
  const text = textOf(key);
  return typeof text === "string" ? text : "";
}

function mapText(map: Value): string | Fault | undefined {
  const entries = mapKeys(map).map((key) => [keyTextOf(key), mapGet(map, key) ?? null] as const);
  entries.sort(([left], [right]) => compareText(left, right));
  return joined(mapSize(map), entries, "{", "}", ([key, value]) => {
    const text = textOf(value);
    return typeof text === "string" ? `${key}: ${text}` : text;
  });
}

function joined<T>(
  size: number,
  items: readonly T[],
  open: string,
  close: string,
  write: (item: T) => string | Fault | undefined,
): string | Fault | undefined {
  spend(1 + size);
  enter();
  const parts: string[] = [];
  let length = 0;
  for (const item of items) {
    const part = write(item);
    if (typeof part !== "string") {
      leave();
      return part;
    }
    length += part.length + 2;
    parts.push(part);
  }
  leave();
  spendText(length);
  return `${open}${parts.join(", ")}${close}`;
}
