/** Membership of watchers on Redis: all times are those of Redis' own clock. */
import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import type { KindText } from "../../core/object-key.ts";
import type { Membership, MembershipOverview, MembershipView } from "../../engine/ports/membership.ts";
import { orUnavailable } from "./connection.ts";
import type { RedisKeys } from "./keys.ts";
import { loadScript } from "./script.ts";

const HEARTBEAT = loadScript("heartbeat-2");
const CLAIM = loadScript("record-2");

export class RedisMembership implements Membership {
  readonly #redis: Redis;
  readonly #keys: RedisKeys;

  constructor(redis: Redis, keys: RedisKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  async heartbeat(watcherId: string, ttlMs: number): Promise<MembershipView> {
    const { watchers, epoch } = this.#keys;
    const reply = await HEARTBEAT.run(this.#redis, [watchers, epoch], [watcherId, ttlMs, randomUUID()]);
    const [marker, live] = reply as [string, string[]];
    return { watchers: live.sort(), epoch: marker, serverRun: await this.#serverRun() };
  }

  async leave(watcherId: string): Promise<void> {
    await orUnavailable(this.#redis.zrem(this.#keys.watchers, watcherId));
  }

  async owners(slots: readonly KindText[]): Promise<ReadonlyMap<KindText, string>> {
    if (slots.length === 0) return new Map();
    const owners = await orUnavailable(this.#redis.hmget(this.#keys.slotOwners, ...slots));
    const known = slots.flatMap((slot, index) => {
      const owner = owners[index];
      return typeof owner === "string" ? [[slot, owner] as const] : [];
    });
    return new Map(known);
  }

  async claim(watcherId: string, slots: readonly KindText[], epoch: string): Promise<void> {
    if (slots.length === 0) return;
    const claims = slots.flatMap((slot) => [slot, `=${watcherId}`]);
    await CLAIM.run(this.#redis, [this.#keys.slotOwners, this.#keys.epoch], [epoch, ...claims]);
  }

  async overview(): Promise<MembershipOverview> {
    const { watchers, slotOwners } = this.#keys;
    const [[seconds, micros], ends, owners] = await orUnavailable(
      Promise.all([
        this.#redis.time(),
        this.#redis.zrange(watchers, 0, "-1", "WITHSCORES"),
        this.#redis.hgetall(slotOwners),
      ]),
    );
    const nowMs = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    const all = ends.flatMap((id, index) =>
      index % 2 === 0 ? [{ id, remainingMs: Number(ends[index + 1]) - nowMs }] : [],
    );
    const live = all.filter(({ remainingMs }) => remainingMs > 0).sort((a, b) => (a.id < b.id ? -1 : 1));
    return { watchers: live, owners: new Map(Object.entries(owners) as [KindText, string][]) };
  }

  /** The run id of the server; some hosted servers hide it: then a failover shows by the epoch alone. */
  async #serverRun(): Promise<string> {
    const info = await orUnavailable(this.#redis.info("server"));
    return /^run_id:(\w+)/m.exec(info)?.[1] ?? "";
  }
}
