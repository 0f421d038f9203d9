import { expect, it } from "vitest";
import { formatKey, type KeyText } from "../../src/core/object-key.ts";
import { closeRedis, openRedis, untilReady } from "../../src/adapters/redis/connection.ts";
import { redisKeys } from "../../src/adapters/redis/keys.ts";
import { RedisMembership } from "../../src/adapters/redis/membership.ts";
import { RedisObjectIndex } from "../../src/adapters/redis/object-index.ts";
import { describeObjectIndex } from "../contract/object-index.ts";
import { freshName, redisUrl, removeInstallation } from "./queue/redis-fixture.ts";

async function indexFixture() {
  const name = freshName();
  const redis = openRedis(redisUrl(), { onError: () => undefined });
  await untilReady(redis, redisUrl(), 5000);
  const close = async () => {
    await closeRedis(redis);
    await removeInstallation(name);
  };
  return { index: new RedisObjectIndex(redis, redisKeys(name)), close };
}

describeObjectIndex("Redis", indexFixture);

it(
  "an object that tens of thousands read costs its triggers no more than one of their own",
  { timeout: 60_000 },
  async () => {
    const { index, close } = await indexFixture();
    const keyOf = (kind: string, name: string): KeyText =>
      formatKey({ cluster: "local", group: "a.b", kind, namespace: "apps", name });
    const triggers = Array.from({ length: 20_000 }, (_, at) => keyOf("Request", `r${at}`));
    const msOf = async (objectOf: (trigger: KeyText) => KeyText) => {
      const since = performance.now();
      await index.add(triggers.map((trigger) => ({ object: objectOf(trigger), trigger, readonly: true })));
      for (const trigger of triggers.slice(0, 200)) {
        await index.name({ object: objectOf(trigger), trigger, fence: 1, readonly: true });
      }
      return performance.now() - since;
    };
    const ownMs = await msOf((trigger) => trigger);
    const sharedMs = await msOf(() => keyOf("Widget", "shared"));
    console.log(`20,000 entries: of own objects ${Math.round(ownMs)} ms, of a shared one ${Math.round(sharedMs)} ms`);
    // All of the others in every answer would be some hundred times as much.
    expect(sharedMs).toBeLessThan(5 * ownMs);
    await close();
  },
);

it("is whole in the data set alone that it was said of", async () => {
  const name = freshName();
  const redis = openRedis(redisUrl(), { onError: () => undefined });
  await untilReady(redis, redisUrl(), 5000);
  const [index, membership] = [
    new RedisObjectIndex(redis, redisKeys(name)),
    new RedisMembership(redis, redisKeys(name)),
  ];
  expect(await index.isWhole()).toBe(false);
  const { epoch } = await membership.heartbeat("one", 10_000);
  expect(await index.isWhole()).toBe(false);
  await index.sayWhole("another");
  expect(await index.isWhole()).toBe(false);
  await index.sayWhole(epoch);
  expect(await index.isWhole()).toBe(true);
  await redis.del(redisKeys(name).epoch);
  expect(await index.isWhole()).toBe(false);
  await membership.heartbeat("one", 10_000);
  expect(await index.isWhole()).toBe(false);
  await closeRedis(redis);
  await removeInstallation(name);
});
