/** The operators `+ - * / %` and unary minus, with 64-bit overflow and the mixtures Koreo's library allows. */
import { spend, spendText } from "./budget.ts";
import { noOverload } from "./compare.ts";
import { doubleOf, doubleValue, durationValue, intValue, isInt, MAX_UINT, timestampValue } from "./scalars.ts";
import { Bytes, Double, Duration, Fault, kindOf, Timestamp, Uint, type Kind, type Site, type Value } from "./value.ts";

export type Operator = "+" | "-" | "*" | "/" | "%";

/** `left + right` with fast paths; long text and lists spend from the budget. */
export function add(left: Value, right: Value, site: Site): Value {
  if (Number.isSafeInteger(left) && Number.isSafeInteger(right))
    return ofInts("+", left as number, right as number, site);
  if (typeof left === "string" && typeof right === "string") {
    spendText(left.length + right.length);
    return left + right;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    spend(left.length + right.length);
    return (left as readonly Value[]).concat(right as readonly Value[]);
  }
  return arithmetic("+", left, right, site);
}

/** Any arithmetic operator. */
export function arithmetic(operator: Operator, left: Value, right: Value, site: Site): Value {
  const leftKind = kindOf(left);
  const rightKind = kindOf(right);
  if (leftKind === "int" && rightKind === "int") return ofInts(operator, left as number, right as number, site);
  if (
    leftKind === "double" &&
    (rightKind === "double" || (rightKind === "int" && operator !== "/" && operator !== "%"))
  ) {
    return ofDoubles(operator, left, right, site);
  }
  if (leftKind === "int" && rightKind === "bool") return arithmetic(operator, left, Number(right), site);
  if (leftKind === "int" && rightKind === "double" && operator === "/") return intByDouble(left, right, site);
  if (isWhole(leftKind) && isWhole(rightKind)) return ofUints(operator, left, right, site);
  return ofTimes(operator, left, right, site) ?? noOverload(OVERLOAD[operator], left, right, site);
}

const OVERLOAD: Readonly<Record<Operator, string>> = {
  "+": "addition_add",
  "-": "addition_sub",
  "*": "multiplication_mul",
  "/": "multiplication_div",
  "%": "multiplication_mod",
};

function isWhole(kind: Kind): boolean {
  return kind === "int" || kind === "uint";
}

function ofInts(operator: Operator, left: number | bigint, right: number | bigint, site: Site): Value {
  if (right === 0 && (operator === "/" || operator === "%")) return zeroDivision(site);
  if (typeof left === "number" && typeof right === "number") {
    const result = ofNumbers(operator, left, right);
    if (Number.isSafeInteger(result)) return result + 0; // never -0: that would be a double
  }
  return intValue(ofBigs(operator, BigInt(left), BigInt(right)), site);
}

function ofNumbers(operator: Operator, left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return Math.trunc(left / right);
    case "%":
      return left % right;
  }
}

function ofBigs(operator: Operator, left: bigint, right: bigint): bigint {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
  }
}

function ofDoubles(operator: Operator, left: Value, right: Value, site: Site): Value {
  const [a, b] = [doubleOf(left), doubleOf(right)];
  if (operator === "%") return noOverload(OVERLOAD["%"], left, right, site);
  if (operator === "/") return doubleValue(b === 0 ? Infinity : a / b); // Koreo answers so for any division by zero
  return doubleValue(ofNumbers(operator, a, b));
}

/** Koreo's library turns the divisor into an int here. */
function intByDouble(left: Value, right: Value, site: Site): Value {
  const divisor = doubleOf(right);
  return Number.isFinite(divisor)
    ? arithmetic("/", left, Math.trunc(divisor), site)
    : noOverload(OVERLOAD["/"], left, right, site);
}

function ofUints(operator: Operator, left: Value, right: Value, site: Site): Value {
  const [a, b] = [wholeOf(left), wholeOf(right)];
  if (isZeroDivision(operator, b)) return zeroDivision(site);
  const result = ofBigs(operator, a, b);
  if (!(left instanceof Uint)) return intValue(result, site);
  return result < 0n || result > MAX_UINT ? new Fault("overflow", "return error for overflow", site) : new Uint(result);
}

function wholeOf(value: Value): bigint {
  return value instanceof Uint ? Uint.of(value) : isInt(value) ? BigInt(value) : 0n;
}

function ofTimes(operator: Operator, left: Value, right: Value, site: Site): Value | undefined {
  if (operator !== "+" && operator !== "-") return undefined;
  if (left instanceof Bytes && right instanceof Bytes && operator === "+") return concatBytes(left, right);
  if (left instanceof Timestamp && right instanceof Duration) {
    const nanos = ofBigs(operator, Timestamp.nanos(left), Duration.nanos(right));
    return timestampValue(nanos, Timestamp.offsetMinutes(left), site);
  }
  if (left instanceof Duration && right instanceof Timestamp && operator === "+")
    return ofTimes("+", right, left, site);
  if (left instanceof Timestamp && right instanceof Timestamp && operator === "-") {
    return durationValue(Timestamp.nanos(left) - Timestamp.nanos(right), site);
  }
  if (left instanceof Duration && right instanceof Duration) {
    return durationValue(ofBigs(operator, Duration.nanos(left), Duration.nanos(right)), site);
  }
  return undefined;
}

function concatBytes(left: Bytes, right: Bytes): Bytes {
  const [a, b] = [Bytes.of(left), Bytes.of(right)];
  spendText(a.length + b.length);
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return new Bytes(all);
}

/** Unary minus. */
export function negate(value: Value, site: Site): Value {
  if (isInt(value)) return intValue(-BigInt(value), site);
  if (typeof value === "number" || value instanceof Double) return doubleValue(-doubleOf(value));
  if (value instanceof Duration) return new Duration(-Duration.nanos(value));
  if (value instanceof Fault) return value;
  return new Fault("no_overload", `found no matching overload for 'unary_neg' applied to ${kindOf(value)}`, site);
}

function isZeroDivision(operator: Operator, divisor: bigint): boolean {
  return divisor === 0n && (operator === "/" || operator === "%");
}

function zeroDivision(site: Site): Fault {
  return new Fault("divide_by_zero", "modulus or divide by zero", site);
}
