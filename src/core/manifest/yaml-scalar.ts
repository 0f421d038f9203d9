/**
 * The value of a scalar in a manifest file, read as kubectl and the API server read it (YAML 1.1 as in Go: `yes` is a
 * bool, `0777` an octal number), with one exception that `dialect` names.
 */
import { doubleValue, fromYamlNumber } from "../cel/scalars.ts";
import type { Value } from "../cel/value.ts";

/**
 * A lone `y` or `n` is a bool to kubectl and the API server (`server`), and text to Koreo's tools and in YAML 1.2
 * (`koreo`); manifests and recorded runs rely on the latter.
 */
export type Dialect = "koreo" | "server";

const NULLS: ReadonlySet<string> = new Set(["", "~", "null", "Null", "NULL"]);
const TRUTHS: ReadonlySet<string> = new Set(["true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"]);
const UNTRUTHS: ReadonlySet<string> = new Set(["false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"]);
const LETTERS: ReadonlyMap<string, boolean> = new Map([
  ["y", true],
  ["Y", true],
  ["n", false],
  ["N", false],
]);

const INTEGER = /^([-+]?)(0[bB][01]+|0[xX][\da-fA-F]+|0[oO]?[0-7]+|0|[1-9]\d*)$/;
const DECIMAL = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;
const INFINITE = /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/;

/** Whether the dialects read a plain scalar differently. */
export function isLetter(text: string): boolean {
  return LETTERS.has(text);
}

/** The value of a scalar without quotes or tag. */
export function plainScalar(text: string, dialect: Dialect): Value {
  if (NULLS.has(text)) return null;
  if (TRUTHS.has(text)) return true;
  if (UNTRUTHS.has(text)) return false;
  const letter = dialect === "server" ? LETTERS.get(text) : undefined;
  return letter ?? numberOf(text) ?? text;
}

function numberOf(text: string): Value | undefined {
  if (!/^[-+.\d]/.test(text)) return undefined;
  if (INFINITE.test(text)) return fromYamlNumber(text);
  const written = text.replaceAll("_", "");
  const [, sign, magnitude] = INTEGER.exec(written) ?? [];
  if (magnitude !== undefined) return fromYamlNumber(`${sign}${magnitudeOf(magnitude)}`);
  if (!DECIMAL.test(written)) return undefined;
  // `0888` is not octal: it reads as a decimal number.
  if (/^[-+]?\d+$/.test(written)) return fromYamlNumber(written);
  const value = Number(written);
  return Number.isFinite(value) ? doubleValue(value) : undefined;
}

/** An unsigned integer in any base, in decimal digits. */
function magnitudeOf(written: string): bigint {
  return BigInt(/^0\d/.test(written) ? `0o${written.slice(1)}` : written);
}

/** The API server's reader has no integers beyond 64 bits. */
const MAX_INTEGER = 1n << 64n;

const STANDARD = "tag:yaml.org,2002:";

/**
 * The value of a scalar with a tag; quotes do not matter.
 *
 * @returns undefined when the text does not fit the tag, or manifests cannot use the tag
 */
export function taggedScalar(tag: string, text: string): Value | undefined {
  if (!tag.startsWith(STANDARD)) return text;
  const plain = plainScalar(text, "server");
  switch (tag.slice(STANDARD.length)) {
    case "str":
      return text;
    case "null":
      return plain === null ? null : undefined;
    case "bool":
      return typeof plain === "boolean" ? plain : undefined;
    case "int":
      return (typeof plain === "bigint" && plain < MAX_INTEGER) || Number.isInteger(plain) ? plain : undefined;
    case "float":
      return typeof plain === "number" && Number.isInteger(plain) ? doubleValue(plain) : numberOf(text);
    default:
      return undefined;
  }
}
