/** Conversions between kinds. `string(true)` is "True" and `int(2.5)` is 2, as in Koreo. */
import { formatJson } from "../../json.ts";
import { spend } from "../budget.ts";
import { itemsOf } from "../membership.ts";
import { doubleText, durationText, jsonOf, timestampText } from "../text.ts";
import { doubleOf, doubleValue, intValue, isInt, MAX_UINT } from "../scalars.ts";
import {
  Bytes,
  Double,
  Duration,
  Fault,
  kindOf,
  Opaque,
  Timestamp,
  TypeName,
  Uint,
  type Site,
  type Value,
} from "../value.ts";
import { noSuchOverload, type CelFunction } from "./function.ts";

export const conversionFunctions: readonly CelFunction[] = [
  conversion("int", `int("0x1f") == 31 && int(true) == 1 && int(2.5) == 2`, toInt),
  conversion("uint", `uint(7) == 7u`, toUint),
  conversion("double", `double("1e3") == 1000.0`, toDouble),
  conversion("bool", `bool(1) && bool("true")`, toBool),
  conversion("string", `string(5) == "5" && string(1.0) == "1.0" && string(true) == "True"`, toText),
  conversion("bytes", `bytes("é") == b"\\303\\251"`, toBytes),
  conversion("list", `list({"a": 1}) == ["a"]`, (value, site) => itemsOf(value, site)),
  conversion("map", `map({"a": 1}) == {"a": 1}`, (value, site) => {
    return kindOf(value) === "map" ? value : noSuchOverload("map", site, value);
  }),
];

function conversion(name: string, example: string, convert: (value: Value, site: Site) => Value): CelFunction {
  return {
    name,
    signature: `${name}(any) -> ${name}`,
    example,
    arity: [1, 1],
    apply: (site, value) => convert(value, site),
  };
}

function outOfRange(target: string, site: Site): Fault {
  return new Fault("conversion", `cannot be converted to ${target}`, site);
}

function toInt(value: Value, site: Site): Value {
  if (value instanceof Timestamp) return Math.floor(Timestamp.ms(value) / 1000);
  if (value instanceof Duration) return Number(Duration.nanos(value) / 1_000_000_000n);
  const whole = wholeOf(value);
  return whole === undefined ? notWhole("int", value, site) : intValue(whole, site);
}

function toUint(value: Value, site: Site): Value {
  const whole = wholeOf(value);
  if (whole === undefined) return notWhole("uint", value, site);
  return whole < 0n || whole > MAX_UINT ? outOfRange("uint", site) : new Uint(whole);
}

function notWhole(target: string, value: Value, site: Site): Fault {
  const kind = kindOf(value);
  return kind === "string" || kind === "double" ? outOfRange(target, site) : noSuchOverload(target, site, value);
}

function wholeOf(value: Value): bigint | undefined {
  if (value === null) return 0n;
  if (typeof value === "boolean" || isInt(value)) return BigInt(value);
  if (typeof value === "string") return wholeOfText(value);
  if (value instanceof Uint) return Uint.of(value);
  const isDouble = typeof value === "number" || value instanceof Double;
  return isDouble && Number.isFinite(doubleOf(value)) ? BigInt(roundHalfEven(doubleOf(value))) : undefined;
}

function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** Python's `int`: surrounding blanks, a sign, digits with single underscores, or hexadecimal. */
function wholeOfText(text: string): bigint | undefined {
  spend(text.length >> 2);
  const found = text.length > 64 ? null : /^([+-]?)(0[xX][0-9a-fA-F]+|\d+(?:_\d+)*)$/.exec(text.trim());
  if (found === null) return undefined;
  const [, sign = "", digits = ""] = found;
  const magnitude = BigInt(digits.replaceAll("_", "").replace(/^0+(?=\d)/, ""));
  return sign === "-" ? -magnitude : magnitude;
}

function toDouble(value: Value, site: Site): Value {
  if (typeof value === "string") return doubleOfText(value, site);
  if (value === null || typeof value === "boolean" || isInt(value)) return doubleValue(Number(value));
  if (value instanceof Uint) return doubleValue(Number(Uint.of(value)));
  return kindOf(value) === "double" ? value : noSuchOverload("double", site, value);
}

/** Python's `float`. */
function doubleOfText(written: string, site: Site): Value {
  spend(written.length >> 2);
  const text = written.trim().toLowerCase();
  const special = /^([+-]?)(inf|infinity|nan)$/.exec(text);
  if (special !== null) return special[2] === "nan" ? NaN : special[1] === "-" ? -Infinity : Infinity;
  const isNumber = /^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+)?$/.test(text);
  return isNumber ? doubleValue(Number(text.replaceAll("_", ""))) : outOfRange("double", site);
}

const TRUE_WORDS: ReadonlySet<string> = new Set(["true", "True", "TRUE", "t"]);
const FALSE_WORDS: ReadonlySet<string> = new Set(["false", "False", "FALSE", "f"]);

/** Koreo reads digits only; where it refuses, the words of the CEL specification apply. */
function toBool(value: Value, site: Site): Value {
  if (typeof value === "boolean") return value;
  if (typeof value === "string" && (TRUE_WORDS.has(value) || FALSE_WORDS.has(value))) return TRUE_WORDS.has(value);
  if (kindOf(value) === "double") return doubleOf(value) !== 0;
  const whole = wholeOf(value);
  return whole === undefined ? notWhole("bool", value, site) : whole !== 0n;
}

function toText(value: Value, site: Site): Value {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "True" : "False";
  if (value === null) return "None";
  if (isInt(value)) return String(value);
  if (typeof value === "number" || value instanceof Double) return doubleText(doubleOf(value));
  if (value instanceof Uint) return String(Uint.of(value));
  if (value instanceof Timestamp) return timestampText(value);
  if (value instanceof Duration) return durationText(value);
  if (value instanceof Bytes) return decodeUtf8(Bytes.of(value)) ?? outOfRange("string", site);
  if (value instanceof Opaque) return Opaque.text(value);
  return value instanceof TypeName ? noSuchOverload("string", site, value) : collectionText(value);
}

/** Koreo writes its library's debug text here; we write JSON, which it means. */
function collectionText(value: Value): Value {
  const json = jsonOf(value);
  return json instanceof Fault ? json : formatJson(json);
}

/** @returns undefined when the bytes are not UTF-8 */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  spend(bytes.length >> 4);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // only malformed input throws here
  }
}

function toBytes(value: Value, site: Site): Value {
  if (value instanceof Bytes) return value;
  if (value === null) return new Bytes(new Uint8Array());
  return typeof value === "string" ? new Bytes(new TextEncoder().encode(value)) : noSuchOverload("bytes", site, value);
}
