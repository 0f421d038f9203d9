/** Reads and builds maps with any keys. Only own members count: `constructor` and its like are ordinary names. */
import { Double, KeyedMap, Uint, type Value, type ValueMap } from "./value.ts";

/** Canonical text of a map key; undefined when this kind of value cannot be a key. `1`, `1u` and `1.0` are one key. */
export function keyText(key: Value): string | undefined {
  if (typeof key === "string") return `s${key}`;
  if (typeof key === "boolean") return `b${key}`;
  if (typeof key === "number" || typeof key === "bigint") return `n${String(key)}`;
  if (key instanceof Uint) return `n${Uint.of(key)}`;
  return key instanceof Double ? `n${BigInt(Double.of(key))}` : undefined;
}

/** A key as the name of a JSON member. */
export function keyName(key: Value): string {
  if (key instanceof Double) return `${Double.of(key)}`;
  if (key instanceof Uint) return String(Uint.of(key));
  return typeof key === "object" ? "" : String(key);
}

/** How many members a map has. */
export function mapSize(map: Value): number {
  return map instanceof KeyedMap ? KeyedMap.of(map).size : Object.keys(map as ValueMap).length;
}

export function mapKeys(map: Value): Value[] {
  return map instanceof KeyedMap ? [...KeyedMap.of(map).values()].map(([key]) => key) : Object.keys(map as ValueMap);
}

/** Own members only: `constructor` and its like are ordinary names. */
export function mapGet(map: Value, key: Value): Value | undefined {
  if (map instanceof KeyedMap) return KeyedMap.of(map).get(keyText(key) ?? "")?.[1];
  return typeof key === "string" && Object.hasOwn(map as ValueMap, key) ? (map as ValueMap)[key] : undefined;
}

/** Sets a member of an object under construction; `__proto__` is an ordinary name too. */
export function put(target: Record<string, Value>, key: string, value: Value): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
  } else target[key] = value;
}
