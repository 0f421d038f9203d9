/** Numbers and times as Values: the form each number takes, and its range. */
import { Double, Duration, Fault, Timestamp, type Site, type Value } from "./value.ts";

const MAX_INT = 9223372036854775807n;
const MIN_INT = -9223372036854775808n;
export const MAX_UINT = 18446744073709551615n;

export function isInt(value: Value): value is number | bigint {
  return typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value));
}

/**
 * A number of a manifest as a Value: `2` is an int, `2.0` and `2e0` are doubles, long integers stay exact.
 *
 * @param written - the scalar as written, in a form that YAML accepts as a number (`0o7`, `0x1F`, `.inf`, `.nan` too)
 */
export function fromYamlNumber(written: string): Value {
  const text = written.trim().toLowerCase();
  if (text.endsWith(".nan")) return NaN;
  if (text.endsWith(".inf")) return text.startsWith("-") ? -Infinity : Infinity;
  const whole = /^([-+]?)(0o[0-7]+|0x[0-9a-f]+|\d+)$/.exec(text);
  if (whole === null) return doubleValue(Number(text));
  const magnitude = BigInt((whole[2] ?? "").replace(/^0+(?=\d)/, ""));
  const value = whole[1] === "-" ? -magnitude : magnitude;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** A double as a Value: boxed when a plain number would read as an int. */
export function doubleValue(value: number): Value {
  return Number.isInteger(value) ? new Double(value) : value;
}

/** The number of a value of kind `double`. */
export function doubleOf(value: Value): number {
  return value instanceof Double ? Double.of(value) : Number(value);
}

/** An int as a Value, or an overflow beyond 64 bits. */
export function intValue(value: bigint, site?: Site): Value {
  if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  return value > MAX_INT || value < MIN_INT ? new Fault("overflow", "return error for overflow", site) : value;
}

const NANOS_PER_MS = 1_000_000n;
const FIRST_TIME = BigInt(Date.parse("0001-01-01T00:00:00Z")) * NANOS_PER_MS;
/** The last nanosecond of the year 9999. */
const LAST_TIME = BigInt(Date.parse("9999-12-31T23:59:59.999Z")) * NANOS_PER_MS + 999_999n;
/** About ten thousand years: the language's specification limits a duration to this. */
const MAX_DURATION = 315_576_000_000n * 1_000_000_000n;

/** A time, in nanoseconds since the epoch, as a Value; an overflow outside the years 1 to 9999. */
export function timestampValue(nanos: bigint, offsetMinutes: number, site: Site): Value {
  if (nanos < FIRST_TIME || nanos > LAST_TIME) return new Fault("overflow", "time out of range", site);
  const below = ((nanos % NANOS_PER_MS) + NANOS_PER_MS) % NANOS_PER_MS;
  return new Timestamp(Number((nanos - below) / NANOS_PER_MS), offsetMinutes, Number(below));
}

/** A duration in nanoseconds as a Value, or an overflow. */
export function durationValue(nanos: bigint, site: Site): Value {
  const isInRange = nanos <= MAX_DURATION && nanos >= -MAX_DURATION;
  return isInRange ? new Duration(nanos) : new Fault("overflow", "duration out of range", site);
}
