/** Queues of our own on the Redis that the tests share, and their removal. */
import { randomUUID } from "node:crypto";
import { openRedis, untilReady } from "../../../src/adapters/redis/connection.ts";
import { RedisKeyStore } from "../../../src/adapters/redis/key-store.ts";

/** Address of the running Redis. */
export function redisUrl(): string {
  const url = process.env["KOREO_TEST_REDIS_URL"];
  if (url === undefined) throw new Error("set KOREO_TEST_REDIS_URL to a Redis for tests; `npm test` does");
  return url;
}

/** A name of an installation that nobody else uses. */
export function freshName(): string {
  return `test-queue-${randomUUID()}`;
}

export async function openStore(name: string, target = redisUrl()): Promise<RedisKeyStore> {
  const store = new RedisKeyStore({ target, name });
  await store.ready;
  return store;
}

/** Deletes what an installation left in Redis. */
export async function removeInstallation(name: string, target = redisUrl()): Promise<void> {
  const redis = openRedis(target, { onError: () => undefined });
  await untilReady(redis, target, 5000);
  const names = await redis.keys(`{koreo:${name}}:*`);
  if (names.length > 0) await redis.unlink(names);
  await redis.quit();
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
