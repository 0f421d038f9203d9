/** The watch ledger on Redis. */
import type { Redis } from "ioredis";
import type { KindText } from "../../core/object-key.ts";
import type { SeenObjects, UnwatchedPlaces, WatchLedger } from "../../engine/ports/watch-ledger.ts";
import { orUnavailable } from "./connection.ts";
import type { RedisKeys } from "./keys.ts";
import { loadScript } from "./script.ts";

const RECORD = loadScript("record-2");

/** Names and texts per script, so that no script keeps Redis busy for long. */
const BATCH = 1000;

export class RedisWatchLedger implements WatchLedger {
  readonly #redis: Redis;
  readonly #keys: RedisKeys;

  constructor(redis: Redis, keys: RedisKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  async seen(slot: KindText): Promise<SeenObjects> {
    return new Map(Object.entries(await orUnavailable(this.#redis.hgetall(this.#keys.seen(slot)))));
  }

  async record(slot: KindText, changes: ReadonlyMap<string, string | null>, epoch: string): Promise<void> {
    const all = [...changes].flatMap(([object, text]) => [object, text === null ? "" : `=${text}`]);
    for (let start = 0; start < all.length; start += BATCH)
      await RECORD.run(
        this.#redis,
        [this.#keys.seen(slot), this.#keys.epoch],
        [epoch, ...all.slice(start, start + BATCH)],
      );
  }

  async spreadPlan(slot: KindText): Promise<string> {
    return (await orUnavailable(this.#redis.hget(this.#keys.spreadPlans, slot))) ?? "";
  }

  async recordSpreadPlan(slot: KindText, planHash: string, epoch: string): Promise<void> {
    await RECORD.run(this.#redis, [this.#keys.spreadPlans, this.#keys.epoch], [epoch, slot, `=${planHash}`]);
  }

  async noteUnwatched(kind: KindText, places: UnwatchedPlaces): Promise<void> {
    const text = JSON.stringify(places);
    if (text === "{}") await orUnavailable(this.#redis.hdel(this.#keys.unwatched, kind));
    else await orUnavailable(this.#redis.hset(this.#keys.unwatched, kind, text));
  }

  async unwatched(): Promise<ReadonlyMap<KindText, UnwatchedPlaces>> {
    const noted = Object.entries(await orUnavailable(this.#redis.hgetall(this.#keys.unwatched)));
    return new Map(noted.map(([kind, text]) => [kind as KindText, JSON.parse(text) as UnwatchedPlaces]));
  }

  async count(reason: string, by: number): Promise<void> {
    await orUnavailable(this.#redis.hincrby(this.#keys.wakeUpCounters, reason, by));
  }
}
