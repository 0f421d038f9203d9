import { closeRedis, openRedis, untilReady } from "../../src/adapters/redis/connection.ts";
import { redisKeys } from "../../src/adapters/redis/keys.ts";
import { RedisRunLog } from "../../src/adapters/redis/run-log.ts";
import { describeRunLog } from "../contract/run-log.ts";
import { freshName, redisUrl, removeInstallation } from "./queue/redis-fixture.ts";

describeRunLog("Redis", async (limits) => {
  const name = freshName();
  const redis = openRedis(redisUrl(), { onError: () => undefined });
  await untilReady(redis, redisUrl(), 5000);
  const close = async () => {
    await closeRedis(redis);
    await removeInstallation(name);
  };
  return { log: new RedisRunLog(redis, redisKeys(name), limits), close };
});
