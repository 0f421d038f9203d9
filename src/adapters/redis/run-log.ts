/** The run log on Redis: a list of records per key, and the keys by when they were last recorded. */
import type { Redis } from "ioredis";
import type { KeyText } from "../../core/object-key.ts";
import type { RunLog, RunLogLimits, RunRecord } from "../../engine/ports/run-log.ts";
import { orUnavailable } from "./connection.ts";
import type { RedisKeys } from "./keys.ts";
import { loadScript } from "./script.ts";

const ADD = loadScript("runs-add-2");
/** Records of a key that is not run any more expire after this time. */
const KEEP_SECONDS = 24 * 3600;

export class RedisRunLog implements RunLog {
  readonly #redis: Redis;
  readonly #keys: RedisKeys;
  readonly #limits: RunLogLimits;

  constructor(redis: Redis, keys: RedisKeys, limits: RunLogLimits) {
    this.#redis = redis;
    this.#keys = keys;
    this.#limits = limits;
  }

  async add(record: RunRecord): Promise<void> {
    const { runsPerKey, keys } = this.#limits;
    const names = [this.#keys.recordedRuns, this.#keys.runsOf(record.key)];
    const args = [JSON.stringify(record), record.key, record.startedAtMs, runsPerKey, keys, KEEP_SECONDS];
    await ADD.run(this.#redis, names, [...args, this.#keys.runsOf("")]);
  }

  async last(key: KeyText, count: number): Promise<readonly RunRecord[]> {
    const texts = await orUnavailable(this.#redis.lrange(this.#keys.runsOf(key), 0, count - 1));
    return texts.map((text) => JSON.parse(text) as RunRecord);
  }
}
