/** Texts of values: numbers as Python writes them, times as RFC 3339, JSON that leaves the engine. */
import type { JsonValue } from "../json.ts";
import { enter, leave, spend, spendText, withBudget, type Budget } from "./budget.ts";
import { keyName, put } from "./maps.ts";
import {
  Box,
  Bytes,
  Double,
  Duration,
  Fault,
  KeyedMap,
  kindOf,
  Opaque,
  Optional,
  Timestamp,
  Uint,
  type Value,
  type ValueMap,
} from "./value.ts";

/** A double as Python's `repr` writes it: `1.0`, `1e+16`, `inf`. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [mantissa = "", power = "0"] = value.toExponential().split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const text = value.toString();
  if (text.includes("e")) return value.toFixed(-exponent + mantissa.replace(/[-.]/g, "").length - 1);
  return text.includes(".") ? text : `${text}.0`;
}

/** RFC 3339, in the offset that the time was written with. */
export function timestampText(value: Timestamp): string {
  const offset = Timestamp.offsetMinutes(value);
  const seconds = new Date(Timestamp.ms(value) + offset * 60_000).toISOString().slice(0, -5);
  const local = `${seconds}${fractionText(value)}Z`;
  if (offset === 0) return local;
  const pad = (part: number) => String(part).padStart(2, "0");
  const minutes = Math.abs(offset);
  return `${local.slice(0, -1)}${offset < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

/** Nothing, milliseconds, or as many digits as the nanoseconds need. */
function fractionText(value: Timestamp): string {
  const nanos = ((Timestamp.nanos(value) % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  if (nanos === 0n) return "";
  const digits = String(nanos).padStart(9, "0");
  return `.${digits.endsWith("000000") ? digits.slice(0, 3) : digits.replace(/0+$/, "")}`;
}

/** Whole seconds, as Kubernetes writes durations: `5400s`. */
export function durationText(value: Duration): string {
  return `${Duration.nanos(value) / 1_000_000_000n}s`;
}

/**
 * A value as JSON for the API server: times, durations and the values of libraries become text, bytes base64, doubles
 * numbers. Copies only what holds a box.
 *
 * @returns the first fault found inside, if there is one
 */
export function toJson(value: Value, budget?: Partial<Budget>): JsonValue | Fault {
  return withBudget(budget, value, jsonOf, overspentFault);
}

const OVERSPENT: Readonly<Record<keyof Budget, string>> = {
  steps: "evaluation budget exceeded: too many steps",
  bytes: "evaluation budget exceeded: too much text",
  depth: "evaluation budget exceeded: nested too deeply",
};

/** The result of an evaluation that has spent its budget. */
export function overspentFault(what: keyof Budget): Fault {
  return new Fault("budget", OVERSPENT[what]);
}

/** `toJson` on the budget of the evaluation in progress. */
export function jsonOf(value: Value): JsonValue | Fault {
  if (typeof value === "string") spendText(value.length);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Box) return boxToJson(value);
  enter();
  const json = Array.isArray(value) ? listToJson(value as readonly Value[]) : mapToJson(value as ValueMap);
  leave();
  return json;
}

function listToJson(list: readonly Value[]): JsonValue | Fault {
  spend(list.length + 1);
  let copy: JsonValue[] | undefined;
  for (const [index, item] of list.entries()) {
    const json = jsonOf(item);
    if (json instanceof Fault) return json;
    if (json !== item) copy ??= list.slice() as JsonValue[];
    if (copy !== undefined) copy[index] = json;
  }
  return copy ?? (list as readonly JsonValue[]);
}

function mapToJson(map: ValueMap): JsonValue | Fault {
  spend(2);
  let copy: Record<string, Value> | undefined;
  for (const [name, item] of Object.entries(map)) {
    spendText(name.length);
    const json = jsonOf(item);
    if (json instanceof Fault) return json;
    if (json !== item) put((copy ??= { ...map }), name, json);
  }
  return (copy ?? map) as JsonValue;
}

function boxToJson(box: Box): JsonValue | Fault {
  if (box instanceof Fault) return box;
  if (box instanceof Double) return Double.of(box);
  if (box instanceof Uint) {
    const value = Uint.of(box);
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  }
  if (box instanceof Bytes) return base64(Bytes.of(box));
  if (box instanceof Timestamp) return timestampText(box);
  if (box instanceof Duration) return durationText(box);
  if (box instanceof KeyedMap) return keyedToJson(box);
  if (box instanceof Opaque) return Opaque.text(box);
  if (box instanceof Optional)
    return new Fault("not_a_value", "an optional is no value that an object can hold: add .orValue()");
  return new Fault("not_a_value", `a ${kindOf(box)} is no value that an object can hold`);
}

function keyedToJson(map: KeyedMap): JsonValue | Fault {
  const result: Record<string, Value> = {};
  for (const [key, item] of KeyedMap.of(map).values()) {
    const json = jsonOf(item);
    if (json instanceof Fault) return json;
    put(result, keyName(key), json);
  }
  return result as JsonValue;
}

/** Standard base64 of bytes. */
export function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}
