/** The object index of one process: two maps that mirror each other. */
import { kindOfKey, type KeyText, type KindText } from "../../core/object-key.ts";
import {
  KEPT,
  MAX_MANAGERS,
  type IndexedTrigger,
  type IndexEntry,
  type NamedObject,
  type NamingRun,
  type ObjectIndex,
} from "../../engine/ports/object-index.ts";

/** What a trigger has looked at, and the fence of the run that did; 0 for a watcher's entry. */
interface Look extends Omit<IndexedTrigger, "trigger"> {
  readonly fence: number;
}

export class MemoryObjectIndex implements ObjectIndex {
  /** Object -> trigger -> what it has looked at. */
  readonly #triggers = new Map<KeyText, Map<KeyText, Look>>();
  readonly #objects = new Map<KeyText, Set<KeyText>>();
  #isWhole = false;

  async name(run: NamingRun): Promise<NamedObject> {
    await this.add([run]);
    const named = this.#named(run.object);
    const others = named.filter(({ trigger }) => trigger !== run.trigger);
    const managers = others.filter(({ readonly }) => !readonly).map(({ trigger }) => trigger);
    return {
      note: named.find(({ trigger }) => trigger === run.trigger)?.note ?? "",
      isShared: others.length > 0,
      managers: managers.sort().slice(0, MAX_MANAGERS),
    };
  }

  add(entries: readonly IndexEntry[]): Promise<void> {
    for (const { object, trigger, resourceVersion, note = "", fence = 0, readonly = false } of entries) {
      const triggers = valueAt(this.#triggers, object, () => new Map<KeyText, Look>());
      const known = triggers.get(trigger) ?? { resourceVersion: "", note: "", fence: 0, readonly: true };
      const isNews = resourceVersion !== undefined && fence >= known.fence;
      const said = isNews ? { resourceVersion, note } : { resourceVersion: known.resourceVersion, note: known.note };
      triggers.set(trigger, {
        ...said,
        fence: Math.max(fence, known.fence),
        readonly: readonly && known.readonly,
      });
      valueAt(this.#objects, trigger, () => new Set<KeyText>()).add(object);
    }
    return Promise.resolve();
  }

  keep(trigger: KeyText, objects: readonly KeyText[], fence: number): Promise<void> {
    const entries = objects.map((object): IndexEntry => {
      const { resourceVersion = "", note = "" } = this.#triggers.get(object)?.get(trigger) ?? {};
      return { object, trigger, fence, ...(resourceVersion === "" ? { resourceVersion: KEPT, note } : {}) };
    });
    return this.add(entries);
  }

  names(trigger: KeyText, object: KeyText): Promise<boolean> {
    return Promise.resolve(this.#triggers.get(object)?.has(trigger) ?? false);
  }

  drop(trigger: KeyText, objects: readonly KeyText[] | "all", fence: number): Promise<void> {
    const known = this.#objects.get(trigger) ?? new Set<KeyText>();
    for (const object of objects === "all" ? [...known] : objects) {
      const triggers = this.#triggers.get(object);
      if ((triggers?.get(trigger)?.fence ?? 0) > fence) continue;
      known.delete(object);
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
    const looks = [...(this.#triggers.get(object) ?? [])];
    return looks.map(([trigger, { fence: _fence, ...look }]) => ({ trigger, ...look }));
  }

  objectsOf(trigger: KeyText): Promise<readonly KeyText[]> {
    return Promise.resolve([...(this.#objects.get(trigger) ?? [])]);
  }

  objectsOfKind(kind: KindText): Promise<readonly KeyText[]> {
    return Promise.resolve([...this.#triggers.keys()].filter((object) => kindOfKey(object) === kind));
  }

  kinds(): Promise<readonly KindText[]> {
    return Promise.resolve([...new Set([...this.#triggers.keys()].map(kindOfKey))]);
  }

  sayWhole(_epoch?: string): Promise<void> {
    this.#isWhole = true;
    return Promise.resolve();
  }

  isWhole(): Promise<boolean> {
    return Promise.resolve(this.#isWhole);
  }
}

function valueAt<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
