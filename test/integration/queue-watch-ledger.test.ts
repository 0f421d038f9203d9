/** What Redis records of seen objects belongs to one data set: one that lost the wake-ups must not know that they were sent. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { closeRedis, openRedis, untilReady } from "../../src/adapters/redis/connection.ts";
import { redisKeys } from "../../src/adapters/redis/keys.ts";
import { RedisMembership } from "../../src/adapters/redis/membership.ts";
import { RedisWatchLedger } from "../../src/adapters/redis/watch-ledger.ts";
import { formatKind } from "../../src/core/object-key.ts";
import { freshName, redisUrl, removeInstallation } from "./queue/redis-fixture.ts";

const SLOT = formatKind({ cluster: "local", group: "a.b", kind: "Widget" });

describe("the watch ledger on Redis", () => {
  let name: string;
  let redis: ReturnType<typeof openRedis>;
  let ledger: RedisWatchLedger;
  let epoch: string;
  beforeEach(async () => {
    name = freshName();
    redis = openRedis(redisUrl(), { onError: () => undefined });
    await untilReady(redis, redisUrl(), 5000);
    ledger = new RedisWatchLedger(redis, redisKeys(name));
    ({ epoch } = await new RedisMembership(redis, redisKeys(name)).heartbeat("a", 60_000));
  });
  afterEach(async () => {
    await closeRedis(redis);
    await removeInstallation(name);
  });

  it("records and forgets, thousands at once", async () => {
    const many = Array.from({ length: 1500 }, (_, index) => [`object-${index}`, `text-${index}`] as const);
    await ledger.record(SLOT, new Map(many), epoch);
    await ledger.record(
      SLOT,
      new Map<string, string | null>([
        ["object-0", null],
        ["object-1", "="],
      ]),
      epoch,
    );
    const seen = await ledger.seen(SLOT);
    expect(seen.size).toBe(1499);
    expect(seen.get("object-1")).toBe("=");
    expect(seen.get("object-1499")).toBe("text-1499");
  });

  it("records nothing for another data set than the one that was told of", async () => {
    await removeInstallation(name);
    await ledger.record(SLOT, new Map([["object", "text"]]), epoch);
    await ledger.recordSpreadPlan(SLOT, "plan", epoch);
    expect([...(await ledger.seen(SLOT))]).toEqual([]);
    expect(await ledger.spreadPlan(SLOT)).toBe("");

    const next = await new RedisMembership(redis, redisKeys(name)).heartbeat("a", 60_000);
    expect(next.epoch).not.toBe(epoch);
    await ledger.record(SLOT, new Map([["object", "text"]]), epoch);
    expect([...(await ledger.seen(SLOT))]).toEqual([]);
    await ledger.record(SLOT, new Map([["object", "text"]]), next.epoch);
    await ledger.recordSpreadPlan(SLOT, "plan", next.epoch);
    expect([...(await ledger.seen(SLOT))]).toEqual([["object", "text"]]);
    expect(await ledger.spreadPlan(SLOT)).toBe("plan");
  });
});
