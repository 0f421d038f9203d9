/**
 * Equality and order of values. Where Koreo's library yields a value, we yield the same; where it raises (an int with
 * text, lists of unlike elements), CEL's own answer holds: unlike kinds are unequal, numbers compare across kinds.
 */
import { enter, leave, spend } from "./budget.ts";
import { mapGet, mapKeys, mapSize } from "./maps.ts";
import { doubleOf } from "./scalars.ts";
import {
  Bytes,
  Duration,
  Fault,
  kindOf,
  Opaque,
  Optional,
  Timestamp,
  TypeName,
  Uint,
  type Kind,
  type Site,
  type Value,
} from "./value.ts";

const NUMBERS: ReadonlySet<Kind> = new Set(["int", "double", "uint"]);
/** Comparing a fault with one of these kinds gives false, no fault: manifests rely on it for absent status fields. */
const SOFT: ReadonlySet<Kind> = new Set(["string", "bool", "null", "bytes", "timestamp", "duration", "type"]);

/** `left == right`; a fault when one operand is a fault and the other's kind is not soft. */
export function isEqual(left: Value, right: Value): boolean | Fault {
  if (typeof left === "string" && typeof right === "string") return left === right;
  if (typeof left === "number" && typeof right === "number") return left === right;
  const [leftKind, rightKind] = [kindOf(left), kindOf(right)];
  if (left instanceof Fault) {
    if (right instanceof Fault) return Fault.code(left) === Fault.code(right) && Fault.text(left) === Fault.text(right);
    return SOFT.has(rightKind) ? false : left;
  }
  if (right instanceof Fault) return SOFT.has(leftKind) ? false : right;
  if (leftKind === rightKind) {
    enter();
    const equal = sameKindEqual(leftKind, left, right);
    leave();
    return equal;
  }
  if (leftKind === "bool" && rightKind === "int") return Number(left) === Number(right); // Python's bool is a number
  return NUMBERS.has(leftKind) && NUMBERS.has(rightKind) && compareNumbers(left, right) === 0;
}

function sameKindEqual(kind: Kind, left: Value, right: Value): boolean | Fault {
  switch (kind) {
    case "null":
      return true;
    case "double":
      return doubleOf(left) === doubleOf(right);
    case "uint":
      return Uint.of(left as Uint) === Uint.of(right as Uint);
    case "bytes":
      return compareBytes(Bytes.of(left as Bytes), Bytes.of(right as Bytes)) === 0;
    case "timestamp":
      return Timestamp.nanos(left as Timestamp) === Timestamp.nanos(right as Timestamp);
    case "duration":
      return Duration.nanos(left as Duration) === Duration.nanos(right as Duration);
    case "type":
      return TypeName.of(left as TypeName) === TypeName.of(right as TypeName);
    case "list":
      return listsEqual(left as readonly Value[], right as readonly Value[]);
    case "map":
      return mapsEqual(left, right);
    case "optional":
      return optionalsEqual(Optional.of(left as Optional), Optional.of(right as Optional));
    case "url":
    case "ip":
    case "cidr":
    case "quantity":
    case "format":
      return Opaque.key(left as Opaque) === Opaque.key(right as Opaque);
    case "bool":
    case "string":
    case "error":
      return left === right;
    case "int":
      return left === right || BigInt(left as number | bigint) === BigInt(right as number | bigint);
  }
}

function optionalsEqual(left: Value | undefined, right: Value | undefined): boolean | Fault {
  if (left === undefined || right === undefined) return left === right;
  spend(1);
  return isEqual(left, right);
}

function listsEqual(left: readonly Value[], right: readonly Value[]): boolean | Fault {
  if (left.length !== right.length) return false;
  spend(left.length);
  let fault: Fault | undefined;
  for (const [index, item] of left.entries()) {
    const equal = isEqual(item, right[index] ?? null);
    if (equal === false) return false;
    if (equal !== true) fault = equal;
  }
  return fault ?? true;
}

function mapsEqual(left: Value, right: Value): boolean | Fault {
  const keys = mapKeys(left);
  spend(keys.length + 1);
  if (keys.length !== mapSize(right)) return false;
  let fault: Fault | undefined;
  for (const key of keys) {
    const other = mapGet(right, key);
    if (other === undefined) return false;
    const equal = isEqual(mapGet(left, key) ?? null, other);
    if (equal === false) return false;
    if (equal !== true) fault = equal;
  }
  return fault ?? true;
}

/** -1, 0 or 1; 2 when there is no order (NaN). */
export type Order = -1 | 0 | 1 | 2;

/** Order of two values, for `<` and its relatives and for `min`. */
export function compare(left: Value, right: Value, site: Site): Order | Fault {
  if (typeof left === "number" && typeof right === "number") return order(left, right);
  const [leftKind, rightKind] = [kindOf(left), kindOf(right)];
  if (NUMBERS.has(leftKind) && NUMBERS.has(rightKind)) return compareNumbers(left, right);
  return (leftKind === rightKind ? orderWithin(left, right) : undefined) ?? noOverload("relation", left, right, site);
}

/** The order of two values of one non-numeric kind; undefined when the kind has no order. */
function orderWithin(left: Value, right: Value): Order | undefined {
  if (typeof left === "string") return compareText(left, right as string);
  if (typeof left === "boolean") return order(Number(left), Number(right));
  if (left instanceof Bytes) return compareBytes(Bytes.of(left), Bytes.of(right as Bytes));
  if (left instanceof Timestamp) return order(Timestamp.nanos(left), Timestamp.nanos(right as Timestamp));
  if (left instanceof Duration) return order(Duration.nanos(left), Duration.nanos(right as Duration));
  return undefined;
}

/** The first operand that is a fault, else a new fault that names the kinds (never the values). */
export function noOverload(operator: string, left: Value, right: Value, site: Site): Fault {
  if (left instanceof Fault) return left;
  if (right instanceof Fault) return right;
  const kinds = `(${kindOf(left)}, ${kindOf(right)})`;
  return new Fault("no_overload", `found no matching overload for '${operator}' applied to ${kinds}`, site);
}

function order(left: number | bigint, right: number | bigint): Order {
  return left < right ? -1 : left > right ? 1 : left == right ? 0 : 2; // eslint-disable-line eqeqeq -- 1 and 1n
}

function compareNumbers(left: Value, right: Value): Order {
  return order(numberOf(left), numberOf(right));
}

function numberOf(value: Value): number | bigint {
  if (value instanceof Uint) return Uint.of(value);
  return typeof value === "bigint" ? value : doubleOf(value);
}

/** By code point: UTF-16 order would put the astral planes before U+E000. */
export function compareText(left: string, right: string): Order {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const [a, b] = [left.charCodeAt(index), right.charCodeAt(index)];
    if (a !== b) return isSurrogate(a) === isSurrogate(b) ? order(a, b) : isSurrogate(a) ? 1 : -1;
  }
  return order(left.length, right.length);
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function compareBytes(left: Uint8Array, right: Uint8Array): Order {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const result = order(left[index] ?? 0, right[index] ?? 0);
    if (result !== 0) return result;
  }
  return order(left.length, right.length);
}
