/**
 * Plain JSON values as every layer passes them, and a few pure helpers. Values are immutable: code that wants another
 * value builds a new one.
 */

/**
 * A JSON value. Integers beyond 2^53 are `bigint`, so that 64-bit numbers from Kubernetes and from manifests stay
 * exact; every other number is a plain `number`.
 */
export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;

/** A JSON object; read members with `member()` so that names such as `constructor` never reach a prototype. */
export type JsonObject = { readonly [key: string]: JsonValue };

/** Whether a value is a JSON object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own member of an object; undefined when the value is no object or has no such member. */
export function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** The value at a path of member names; undefined as soon as one is missing. */
export function memberAt(value: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  let current = value;
  for (const name of path) current = member(current, name);
  return current;
}

/** The own member as text, or "" when it is absent or no string. */
export function textMember(value: JsonValue | undefined, name: string): string {
  const found = member(value, name);
  return typeof found === "string" ? found : "";
}

/** The items of a list; none when the value is no list. */
export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

/** Structural equality; maps without order, lists in order, `1` equals `1n`. */
export function jsonEqual(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  if (left === right) return true;
  if (Array.isArray(left) || Array.isArray(right)) return listsEqual(left, right);
  if (isJsonObject(left) && isJsonObject(right)) return objectsEqual(left, right);
  if (isNumeric(left) && isNumeric(right)) return BigInt(left) === BigInt(right);
  return false;
}

function isNumeric(value: JsonValue | undefined): value is number | bigint {
  return typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
}

function listsEqual(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
  return left.every((item: JsonValue, index) => jsonEqual(item, right[index] as JsonValue));
}

function objectsEqual(left: JsonObject, right: JsonObject): boolean {
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => Object.hasOwn(right, name) && jsonEqual(left[name], right[name]));
}

/** Integers that a `number` may not hold exactly. */
const LONG_INTEGER = /(?:^|[[:,\s])-?\d{16}/;

/**
 * JSON text to a value, with integers beyond 2^53 exact.
 *
 * @throws SyntaxError when the text is not JSON
 */
export function parseJson(text: string): JsonValue {
  return (LONG_INTEGER.test(text) ? JSON.parse(text, exactInteger) : JSON.parse(text)) as JsonValue;
}

function exactInteger(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const written = context?.source ?? "";
  return /^-?\d+$/.test(written) ? BigInt(written) : value;
}

/** A value to JSON text, `bigint` as its digits. What JSON cannot hold (NaN, infinities) becomes null. */
export function formatJson(value: JsonValue, indent?: number): string {
  return JSON.stringify(
    value,
    (_name, item: unknown) => (typeof item === "bigint" ? rawJson(String(item)) : item),
    indent,
  );
}

/** TypeScript's library lacks it. */
const { rawJSON: rawJson } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };
