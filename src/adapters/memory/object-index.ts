/** The object index of one process: two maps that mirror each other. */
import type { KeyText } from "../../core/object-key.ts";
import { kindText, type IndexedTrigger, type IndexEntry, type ObjectIndex } from "../../engine/ports/object-index.ts";

type Looked = Omit<IndexedTrigger, "trigger">;

export class MemoryObjectIndex implements ObjectIndex {
  /** Object -> trigger -> what it has looked at. */
  readonly #triggers = new Map<KeyText, Map<KeyText, Looked>>();
  readonly #objects = new Map<KeyText, Set<KeyText>>();

  add(entries: readonly IndexEntry[]): Promise<readonly (readonly IndexedTrigger[])[]> {
    for (const { object, trigger, resourceVersion, note = "" } of entries) {
      const triggers = valueAt(this.#triggers, object, () => new Map<KeyText, Looked>());
      const known = triggers.get(trigger) ?? { resourceVersion: "", note: "" };
      triggers.set(trigger, resourceVersion === undefined ? known : { resourceVersion, note });
      valueAt(this.#objects, trigger, () => new Set<KeyText>()).add(object);
    }
    return Promise.resolve(entries.map(({ object }) => this.#named(object)));
  }

  trim(trigger: KeyText, objects: readonly KeyText[]): Promise<void> {
    const kept = new Set(objects);
    const known = this.#objects.get(trigger) ?? new Set<KeyText>();
    for (const object of known) {
      if (kept.has(object)) continue;
      known.delete(object);
      const triggers = this.#triggers.get(object);
      triggers?.delete(trigger);
      if (triggers?.size === 0) this.#triggers.delete(object);
    }
    if (known.size === 0) this.#objects.delete(trigger);
    return Promise.resolve();
  }

  triggersOf(objects: readonly KeyText[]): Promise<readonly (readonly IndexedTrigger[])[]> {
    return Promise.resolve(objects.map((object) => this.#named(object)));
  }

  #named(object: KeyText): readonly IndexedTrigger[] {
    return [...(this.#triggers.get(object) ?? [])].map(([trigger, looked]) => ({ trigger, ...looked }));
  }

  objectsOf(trigger: KeyText): Promise<readonly KeyText[]> {
    return Promise.resolve([...(this.#objects.get(trigger) ?? [])]);
  }

  objectsOfKind(kind: string): Promise<readonly KeyText[]> {
    return Promise.resolve([...this.#triggers.keys()].filter((object) => kindText(object) === kind));
  }

  kinds(): Promise<readonly string[]> {
    return Promise.resolve([...new Set([...this.#triggers.keys()].map(kindText))]);
  }
}

function valueAt<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
