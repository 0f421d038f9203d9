/** Reads and writes JSON in the dialect of Koreo: sorted keys, `", "` and `": "`, ASCII only, bools as 1 and 0. */
import { enter, leave, spend, spendText } from "../budget.ts";
import { compareText } from "../compare.ts";
import { doubleText } from "../text.ts";
import { keyName, mapGet, mapKeys } from "../maps.ts";
import { doubleOf, doubleValue, isInt } from "../scalars.ts";
import { Double, Fault, isList, kindOf, Uint, type Kind, type Site, type Value } from "../value.ts";
import { functionFault, type CelFunction } from "./function.ts";

export const jsonFunctions: readonly CelFunction[] = [
  {
    name: "to_json",
    signature: "to_json(any) -> string",
    example: `to_json({"b": [1, 2.0], "a": true}) == '{"a": 1, "b": [1, 2.0]}'`,
    arity: [1, 1],
    apply: (site, value) => write(value, site),
  },
  {
    name: "from_json",
    signature: "from_json(string) -> any",
    example: `from_json('{"a": [1, 2.0]}') == {"a": [1, 2.0]}`,
    arity: [1, 1],
    apply: (site, text) => {
      if (typeof text === "string") return read(text, site);
      return functionFault(`JSON Decoding error of ${kindOf(text)}`, site);
    },
  },
];

function write(value: Value, site: Site): string | Fault {
  if (value === null) return "null";
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "string") return quote(value);
  if (isInt(value)) return String(value);
  if (typeof value === "number" || value instanceof Double) return writeDouble(doubleOf(value));
  if (value instanceof Uint) return String(Uint.of(value));
  if (isList(value)) return writeAll(value, "[", "]", (item) => write(item, site));
  if (value instanceof Fault) return value;
  return kindOf(value) === "map" ? writeMap(value, site) : unwritable(kindOf(value), site);
}

function unwritable(kind: Kind, site: Site): Fault {
  return functionFault(`JSON Encoding error of ${kind}`, site);
}

function writeDouble(value: number): string {
  return Number.isFinite(value) ? doubleText(value) : String(value);
}

function quote(text: string): string {
  spendText(text.length);
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function writeAll<T>(
  items: readonly T[],
  open: string,
  close: string,
  writeOne: (item: T) => string | Fault,
): string | Fault {
  spend(1 + items.length);
  enter();
  const parts: string[] = [];
  let length = 0;
  let fault: Fault | undefined;
  for (const item of items) {
    const part = writeOne(item);
    if (part instanceof Fault) fault ??= part;
    else {
      length += part.length;
      parts.push(part);
    }
  }
  leave();
  if (fault !== undefined) return fault;
  spendText(length);
  return `${open}${parts.join(", ")}${close}`;
}

function writeMap(map: Value, site: Site): string | Fault {
  const entries = mapKeys(map).map((key) => [jsonKey(key), mapGet(map, key) ?? null] as const);
  entries.sort(([left], [right]) => compareText(left, right));
  return writeAll(entries, "{", "}", ([name, item]) => {
    const text = write(item, site);
    return text instanceof Fault ? text : `${quote(name)}: ${text}`;
  });
}

function jsonKey(key: Value): string {
  return key instanceof Double ? doubleText(Double.of(key)) : keyName(key);
}

/** Matches numbers that plain `JSON.parse` would read as a different number. */
const INEXACT = /(?:^|[[:,\s])-?(?:\d{16}|\d+(?:\.\d|[eE]))/;

function read(text: string, site: Site): Value {
  spend(text.length >> 3);
  try {
    return INEXACT.test(text) ? (JSON.parse(text, exactNumber) as Value) : (JSON.parse(text) as Value);
  } catch {
    const word = /^\s*(NaN|-?Infinity)\s*$/.exec(text)?.[1];
    return word === undefined ? functionFault("JSON Decoding error", site) : Number(word);
  }
}

/** A reviver that sees how a number was written: `2.0` is a double, long integers stay exact. */
function exactNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number") return value;
  const written = context?.source ?? String(value);
  if (!/^-?\d+$/.test(written)) return doubleValue(value);
  return Number.isSafeInteger(value) ? value + 0 : BigInt(written);
}
