import { closeRedis, openRedis, untilReady } from "../../src/adapters/redis/connection.ts";
import { redisKeys } from "../../src/adapters/redis/keys.ts";
import { RedisObjectIndex } from "../../src/adapters/redis/object-index.ts";
import { describeObjectIndex } from "../contract/object-index.ts";
import { freshName, redisUrl, removeInstallation } from "./queue/redis-fixture.ts";

describeObjectIndex("Redis", async () => {
  const name = freshName();
  const redis = openRedis(redisUrl(), { onError: () => undefined });
  await untilReady(redis, redisUrl(), 5000);
  const close = async () => {
    await closeRedis(redis);
    await removeInstallation(name);
  };
  return { index: new RedisObjectIndex(redis, redisKeys(name)), close };
});
