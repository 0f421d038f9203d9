import { closeRedis, openRedis, untilReady } from "../../src/adapters/redis/connection.ts";
import { redisKeys } from "../../src/adapters/redis/keys.ts";
import { RedisMembership } from "../../src/adapters/redis/membership.ts";
import { describeMembership } from "../contract/membership.ts";
import { freshName, redisUrl, removeInstallation } from "./queue/redis-fixture.ts";

describeMembership("Redis", async () => {
  const name = freshName();
  const redis = openRedis(redisUrl(), { onError: () => undefined });
  await untilReady(redis, redisUrl(), 5000);
  const close = async () => {
    await closeRedis(redis);
    await removeInstallation(name);
  };
  return { membership: new RedisMembership(redis, redisKeys(name)), close };
});
