/** The object index on Redis, shared by all watchers and workers of an installation. */
import type { Redis } from "ioredis";
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
import { orUnavailable } from "./connection.ts";
import type { RedisKeys } from "./keys.ts";
import { loadScript } from "./script.ts";

const ADD = loadScript("index-add-1", ["index-entry"]);
const NAME = loadScript("index-name-1", ["index-entry"]);
const SAY_WHOLE = loadScript("record-2");
const DROP = loadScript("index-drop-1", ["index-entry"]);
/** What `index-drop-1.lua` takes for every object of the trigger. */
const ALL = "*";
/** The only field of the hash `wholeIndex`. */
const WHOLE = "epoch";
/** Entries per script, so that no script keeps Redis busy for long. */
const BATCH = 200;

export class RedisObjectIndex implements ObjectIndex {
  readonly #redis: Redis;
  readonly #keys: RedisKeys;

  constructor(redis: Redis, keys: RedisKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  async name({ object, trigger, fence, readonly }: NamingRun): Promise<NamedObject> {
    const args = [object, kindOfKey(object), trigger, readonly ? "r" : "", fence];
    const reply = (await NAME.run(this.#redis, [this.#keys.index], args)) as [string, number, KeyText[]];
    const [look, others, managers] = reply;
    const [, note = ""] = look.split(" ");
    return { note, isShared: others > 0, managers: managers.sort().slice(0, MAX_MANAGERS) };
  }

  async add(entries: readonly IndexEntry[]): Promise<void> {
    const rows = entries.map(({ object, trigger, resourceVersion, note = "", fence = 0, readonly = false }) => {
      const looked = note === "" ? `=${resourceVersion}` : `=${resourceVersion} ${note}`;
      const said = resourceVersion === undefined ? "" : looked;
      return [object, kindOfKey(object), trigger, readonly ? "r" : "", said, fence];
    });
    await this.#put(rows);
  }

  /** @param rows - the arguments of `index-add-1.lua`, by entry */
  async #put(rows: readonly (readonly (string | number)[])[]): Promise<void> {
    for (let start = 0; start < rows.length; start += BATCH)
      await ADD.run(this.#redis, [this.#keys.index], rows.slice(start, start + BATCH).flat());
  }

  async keep(trigger: KeyText, objects: readonly KeyText[], fence: number): Promise<void> {
    await this.#put(objects.map((object) => [object, kindOfKey(object), trigger, "", `?${KEPT}`, fence]));
  }

  async names(trigger: KeyText, object: KeyText): Promise<boolean> {
    return (await orUnavailable(this.#redis.hexists(this.#keys.triggersOf(object), trigger))) === 1;
  }

  async drop(trigger: KeyText, objects: readonly KeyText[] | "all", fence: number): Promise<void> {
    const gone = objects === "all" ? [ALL] : objects;
    for (let start = 0; start < gone.length; start += BATCH)
      await DROP.run(this.#redis, [this.#keys.index], [trigger, fence, ...gone.slice(start, start + BATCH)]);
  }

  async triggersOf(objects: readonly KeyText[]): Promise<readonly (readonly IndexedTrigger[])[]> {
    if (objects.length === 0) return [];
    const pipeline = this.#redis.pipeline();
    for (const object of objects) pipeline.hgetall(this.#keys.triggersOf(object));
    const replies = (await orUnavailable(pipeline.exec())) ?? [];
    return Promise.all(
      replies.map(async ([error, reply]) => {
        if (error !== null) return orUnavailable(Promise.reject(error));
        return indexedTriggers(Object.entries(reply as Record<string, string>));
      }),
    );
  }

  async objectsOf(trigger: KeyText): Promise<readonly KeyText[]> {
    return (await orUnavailable(this.#redis.smembers(this.#keys.objectsOf(trigger)))) as KeyText[];
  }

  async objectsOfKind(kind: KindText): Promise<readonly KeyText[]> {
    const objects: KeyText[] = [];
    for (let cursor = "0", isFirst = true; isFirst || cursor !== "0"; isFirst = false) {
      const [next, page] = await orUnavailable(this.#redis.sscan(this.#keys.objectsOfKind(kind), cursor, "COUNT", 500));
      cursor = next;
      objects.push(...(page as KeyText[]));
    }
    return [...new Set(objects)];
  }

  async kinds(): Promise<readonly KindText[]> {
    return (await orUnavailable(this.#redis.smembers(this.#keys.indexedKinds))) as KindText[];
  }

  async sayWhole(epoch: string): Promise<void> {
    const { wholeIndex, epoch: marker } = this.#keys;
    await SAY_WHOLE.run(this.#redis, [wholeIndex, marker], [epoch, WHOLE, `=${epoch}`]);
  }

  async isWhole(): Promise<boolean> {
    const { wholeIndex, epoch } = this.#keys;
    const [said, marker] = await orUnavailable(
      Promise.all([this.#redis.hget(wholeIndex, WHOLE), this.#redis.get(epoch)]),
    );
    return said !== null && said === marker;
  }
}

/** What Redis keeps of a trigger: see `scripts/lib/index-entry.lua`. */
function indexedTriggers(fields: readonly (readonly [string, string])[]): readonly IndexedTrigger[] {
  return fields.map(([trigger, entry]) => {
    const [resourceVersion = "", note = ""] = entry.replace(/^\d+r?:/, "").split(" ");
    return { trigger: trigger as KeyText, resourceVersion, note, readonly: /^\d+r:/.test(entry) };
  });
}
