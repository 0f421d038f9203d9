/** Times and durations, to the nanosecond. Months, days of the month and days of the year count from 0. */
import { durationValue, timestampValue } from "../scalars.ts";
import { Duration, Fault, Timestamp, type Site, type Value } from "../value.ts";
import { functionFault, noSuchOverload, type CelFunction } from "./function.ts";

const DAY_MS = 86_400_000;
const NANOS_PER_MS = 1_000_000n;

export const timeFunctions: readonly CelFunction[] = [
  {
    name: "timestamp",
    signature: "timestamp(string) -> timestamp",
    example: `timestamp("2024-02-29T12:00:00+01:00") == timestamp("2024-02-29T11:00:00Z")`,
    arity: [1, 1],
    apply: (site, value) => toTimestamp(value, site),
  },
  {
    name: "duration",
    signature: "duration(string) -> duration",
    example: `duration("1h30m") == duration("5400s")`,
    arity: [1, 1],
    apply: (site, value) => toDuration(value, site),
  },
  part("getFullYear", "2024", (date) => date.getUTCFullYear()),
  part("getMonth", "1", (date) => date.getUTCMonth()),
  part("getDate", "29", (date) => date.getUTCDate()),
  part("getDayOfMonth", "28", (date) => date.getUTCDate() - 1),
  part("getDayOfWeek", "4", (date) => date.getUTCDay()),
  part("getDayOfYear", "59", (date) => dayOfYear(date)),
  part("getHours", "12", (date) => date.getUTCHours(), 3_600_000),
  part("getMinutes", "30", (date) => date.getUTCMinutes(), 60_000),
  part("getSeconds", "15", (date) => date.getUTCSeconds(), 1000),
  part("getMilliseconds", "250", (date) => date.getUTCMilliseconds(), 1),
];

/** A part of a time. When `unitMs` is set it also accepts a duration: the total in this unit, truncated. */
function part(name: string, answer: string, read: (local: Date) => number, unitMs?: number): CelFunction {
  return {
    name,
    signature: `${name}(timestamp${unitMs === undefined ? "" : " | duration"}, string?) -> int`,
    example: `timestamp("2024-02-29T12:30:15.25Z").${name}() == ${answer}`,
    arity: [1, 2],
    apply: (site, value, ...[zone]) => {
      if (value instanceof Duration && unitMs !== undefined) return totalOf(value, unitMs);
      if (!(value instanceof Timestamp)) return noSuchOverload(name, site, value);
      const offset = zone === undefined ? Timestamp.offsetMinutes(value) : offsetOf(value, zone, site);
      return offset instanceof Fault ? offset : read(new Date(Timestamp.ms(value) + offset * 60_000));
    },
  };
}

function totalOf(value: Duration, unitMs: number): number {
  return Number(Duration.nanos(value) / (BigInt(unitMs) * NANOS_PER_MS));
}

function dayOfYear(date: Date): number {
  const year = date.getUTCFullYear();
  return Math.floor((Date.UTC(year, date.getUTCMonth(), date.getUTCDate()) - Date.UTC(year, 0, 1)) / DAY_MS);
}

const OFFSET = /([+-]?)(\d\d):(\d\d)$/;

function offsetIn(text: string): number {
  const found = OFFSET.exec(text);
  if (found === null) return 0;
  return (found[1] === "-" ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3]));
}

/** Minutes east of UTC of a zone, such as `+02:00` or `Europe/Berlin`, at that time. */
function offsetOf(time: Timestamp, zone: Value, site: Site): number | Fault {
  if (typeof zone !== "string") return noSuchOverload("time zone", site, zone);
  if (OFFSET.test(zone)) return offsetIn(zone);
  if (zone === "UTC") return 0;
  try {
    const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
    const named = format.formatToParts(Timestamp.ms(time)).find(({ type }) => type === "timeZoneName");
    return offsetIn(named?.value ?? "");
  } catch {
    return functionFault("unknown time zone", site); // nothing else throws here
  }
}

const RFC_3339 = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)?)?$/;

/** Reads RFC 3339, also without zone or time of day. Refuses an int, as Koreo does. */
export function toTimestamp(value: Value, site: Site): Value {
  if (value instanceof Timestamp) return value;
  if (typeof value !== "string") return noSuchOverload("timestamp", site, value);
  const found = RFC_3339.exec(value);
  if (found === null) return new Fault("conversion", "no time of the form 2006-01-02T15:04:05Z", site);
  const [, date = "", time = "00:00:00", fraction = "", zone = ""] = found;
  const offset = offsetIn(zone);
  const local = Date.parse(`${date}T${time}Z`);
  if (Number.isNaN(local) || !new Date(local).toISOString().startsWith(date)) {
    return new Fault("conversion", "no day or time of the calendar", site); // February 30 would become March 1
  }
  const nanos = BigInt(local - offset * 60_000) * NANOS_PER_MS + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
  return timestampValue(nanos, offset, site);
}

const UNIT_NANOS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  ms: NANOS_PER_MS,
  s: 1000n * NANOS_PER_MS,
  m: 60_000n * NANOS_PER_MS,
  h: 3_600_000n * NANOS_PER_MS,
  d: BigInt(DAY_MS) * NANOS_PER_MS,
};
const DURATION = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|ms|s|m|h|d))+$/;

export function toDuration(value: Value, site: Site): Value {
  if (value instanceof Duration) return value;
  if (typeof value !== "string") return noSuchOverload("duration", site, value);
  if (value.length > 256 || !DURATION.test(value)) {
    return new Fault("conversion", "no duration of the form 1h30m5s", site);
  }
  let total = 0n;
  for (const [, whole = "", fraction = "", unit = ""] of value.matchAll(/(\d*)(?:\.(\d*))?(ns|us|ms|s|m|h|d)/g)) {
    const nanos = UNIT_NANOS[unit] ?? 0n;
    total += BigInt(whole) * nanos + (BigInt(fraction) * nanos) / 10n ** BigInt(fraction.length);
  }
  return durationValue(value.startsWith("-") ? -total : total, site);
}
