/** A map under construction whose keys are known only at run time: checks that each key is valid and not repeated. */
import { keyText, put } from "./maps.ts";
import { Fault, KeyedMap, kindOf, type Site, type Value } from "./value.ts";

export class MapEntries {
  readonly #entries = new Map<string, readonly [Value, Value]>();

  /** @returns a fault when the key is invalid or repeated */
  enter(key: Value, value: Value, site: Site): Fault | undefined {
    if (key instanceof Fault) return key;
    const text = keyText(key);
    if (text === undefined) return new Fault("bad_key", `a ${kindOf(key)} cannot be a key`, site);
    if (this.#entries.has(text)) return duplicateKey(site);
    this.#entries.set(text, [key, value]);
    return undefined;
  }

  /** Gives a plain object when all keys are texts. */
  map(): Value {
    const pairs = [...this.#entries.values()];
    if (!pairs.every(([key]) => typeof key === "string")) return new KeyedMap(this.#entries);
    const map: Record<string, Value> = {};
    for (const [key, value] of pairs) put(map, key as string, value);
    return map;
  }
}

export function duplicateKey(site: Site): Fault {
  return new Fault("duplicate_key", "Duplicate key in a map", site);
}
