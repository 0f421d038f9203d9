/** Values of the public CEL suite: from its protobuf-JSON form to ours, and exact comparison (1 is not 1u and not 1.0). */
import { keyText, mapGet, mapKeys, mapSize, put } from "../../src/core/cel/maps.ts";
import { doubleOf, doubleValue } from "../../src/core/cel/scalars.ts";
import { toDuration, toTimestamp } from "../../src/core/cel/functions/time.ts";
import {
  Bytes,
  Duration,
  isList,
  kindOf,
  KeyedMap,
  Timestamp,
  TypeName,
  Uint,
  type Site,
  type Value,
} from "../../src/core/cel/value.ts";

const SITE: Site = { source: { text: "", path: "suite" }, start: 0, end: 0 };

interface SpecList {
  readonly values?: readonly unknown[];
}
interface SpecMap {
  readonly entries?: readonly { readonly key: unknown; readonly value: unknown }[];
}
interface SpecObject {
  readonly "@type": string;
  readonly value: string;
}

/** Our value of one of the suite's. */
export function valueOf(written: unknown): Value {
  const [[kind, content] = ["", null]] = Object.entries(written as object) as [string, unknown][];
  switch (kind) {
    case "nullValue":
      return null;
    case "boolValue":
    case "stringValue":
      return content as boolean | string;
    case "int64Value": {
      const int = BigInt(content as string);
      return Number.isSafeInteger(Number(int)) ? Number(int) : int;
    }
    case "uint64Value":
      return new Uint(BigInt(content as string));
    case "doubleValue":
      return doubleValue(Number(content));
    case "bytesValue":
      return new Bytes(Uint8Array.from(atob(content as string), (unit) => unit.charCodeAt(0)));
    case "typeValue":
      return new TypeName(content as string);
    case "listValue":
      return ((content as SpecList).values ?? []).map(valueOf);
    case "mapValue":
      return mapOf(content as SpecMap);
    case "objectValue":
      return timeOf(content as SpecObject);
    default:
      throw new Error(`the suite has values of kind ${kind}, which are not read here`);
  }
}

function mapOf({ entries = [] }: SpecMap): Value {
  const pairs = entries.map(({ key, value }) => [valueOf(key), valueOf(value)] as const);
  if (!pairs.every(([key]) => typeof key === "string")) {
    return new KeyedMap(new Map(pairs.map((pair) => [keyText(pair[0]) ?? "", pair])));
  }
  const map: Record<string, Value> = {};
  for (const [key, value] of pairs) put(map, key as string, value);
  return map;
}

function timeOf(message: SpecObject): Value {
  if (message["@type"].endsWith("Timestamp")) return toTimestamp(message.value, SITE);
  return toDuration(message.value, SITE);
}

/** Same kind and same value; NaN is NaN, and 0.0 is -0.0. */
export function isSame(left: Value, right: Value): boolean {
  const kind = kindOf(left);
  if (kind !== kindOf(right)) return false;
  if (kind === "double") return doubleOf(left) === doubleOf(right) || Object.is(doubleOf(left), doubleOf(right));
  if (left instanceof Uint) return Uint.of(left) === Uint.of(right as Uint);
  if (left instanceof Bytes) return Bytes.of(left).join() === Bytes.of(right as Bytes).join();
  if (left instanceof TypeName) return TypeName.of(left) === TypeName.of(right as TypeName);
  if (left instanceof Timestamp) return Timestamp.nanos(left) === Timestamp.nanos(right as Timestamp);
  if (left instanceof Duration) return Duration.nanos(left) === Duration.nanos(right as Duration);
  if (isList(left)) return areSame(left, right as readonly Value[]);
  if (kind !== "map") return left === right;
  if (mapSize(left) !== mapSize(right)) return false;
  return mapKeys(left).every((key) => {
    const [mine, other] = [mapGet(left, key), mapGet(right, key)];
    return mine !== undefined && other !== undefined && isSame(mine, other);
  });
}

function areSame(left: readonly Value[], right: readonly Value[]): boolean {
  return left.length === right.length && left.every((item, index) => isSame(item, right[index] ?? null));
}

/** A value for messages. */
export function shown(value: Value): string {
  const plain = (_name: string, item: unknown) => (typeof item === "bigint" ? `${item}n` : item);
  const told = kindOf(value) === "double" ? String(doubleOf(value)) : JSON.stringify(value, plain);
  return `${kindOf(value)} ${told.slice(0, 80)}`;
}
