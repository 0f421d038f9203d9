/** Object locks on Redis: a key with a time to live, and the set of those who asked for it meanwhile. */
import type { Redis } from "ioredis";
import type { KeyText } from "../../core/object-key.ts";
import type { ObjectLock } from "../../engine/ports/object-lock.ts";
import type { RedisKeys } from "./keys.ts";
import { loadScript } from "./script.ts";

const ACQUIRE = loadScript("lock-acquire-2");
const RELEASE = loadScript("lock-release-2");

export class RedisObjectLock implements ObjectLock {
  readonly #redis: Redis;
  readonly #keys: RedisKeys;

  constructor(redis: Redis, keys: RedisKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  async acquire(object: KeyText, holder: KeyText, ttlMs: number): Promise<KeyText | undefined> {
    const other = (await ACQUIRE.run(this.#redis, this.#names(object), [holder, Math.ceil(ttlMs)])) as string;
    return other === "" ? undefined : (other as KeyText);
  }

  async release(object: KeyText, holder: KeyText): Promise<readonly KeyText[]> {
    return (await RELEASE.run(this.#redis, this.#names(object), [holder])) as KeyText[];
  }

  #names(object: KeyText): readonly string[] {
    return [this.#keys.objectLock(object), this.#keys.objectLockWaiters(object)];
  }
}
