/** The definition registry on Redis. */
import type { Redis } from "ioredis";
import type { DefinitionRegistry } from "../../engine/ports/definition-registry.ts";
import { orUnavailable } from "./connection.ts";
import type { RedisKeys } from "./keys.ts";
import { loadScript } from "./script.ts";

const RECORD = loadScript("definitions-record-2");

export class RedisDefinitionRegistry implements DefinitionRegistry {
  readonly #redis: Redis;
  readonly #keys: RedisKeys;

  constructor(redis: Redis, keys: RedisKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  async record(changes: ReadonlyMap<string, string | null>): Promise<number> {
    const args = [...changes].flatMap(([id, hash]) => [id, hash === null ? "" : `=${hash}`]);
    const { definitions, definitionsVersion } = this.#keys;
    return (await RECORD.run(this.#redis, [definitions, definitionsVersion], args)) as number;
  }

  async version(): Promise<number> {
    return Number((await orUnavailable(this.#redis.get(this.#keys.definitionsVersion))) ?? 0);
  }

  async read(): Promise<{ readonly version: number; readonly hashes: ReadonlyMap<string, string> }> {
    const { definitions, definitionsVersion } = this.#keys;
    // Version first: hashes that are newer than it only make the reader look once more.
    const version = Number((await orUnavailable(this.#redis.get(definitionsVersion))) ?? 0);
    const hashes = await orUnavailable(this.#redis.hgetall(definitions));
    return { version, hashes: new Map(Object.entries(hashes)) };
  }
}
