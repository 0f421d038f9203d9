/**
 * Knows from the queue when a cluster is at rest: no key waits or runs, and none was taken for a while. Keys whose retry is
 * due within the time the original was waited for are looked at now instead: a delay is the latest moment, never the
 * earliest, so nobody has to sit through it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { RedisKeyStore } from "../../src/adapters/redis/key-store.ts";
import { redisKeys } from "../../src/adapters/redis/keys.ts";
import type { KeyText } from "../../src/core/object-key.ts";

/** How long nothing may happen before that counts as rest: several times the way from a change to its key being taken. */
const QUIET_MS = 300;
const POLL_MS = 25;
/** The original was waited for so long where a fixed delay of 30 s should pass. */
const HORIZON_MS = 34_000;
/** After this a state counts as one that keeps changing. */
const GIVE_UP_AFTER_MS = 15_000;
/** Looks at keys that are due soon, until one changes nothing. */
const MAX_LOOKS = 5;

/** How `redisKeys(name).queue` and its scores are laid out; see `scripts/lib/names.lua`. */
const DUE = 2;
const FENCE = 8;
const CLASSES = 8;

export class QueueRest {
  readonly #redis: Redis;
  readonly #store: RedisKeyStore;
  readonly #keys = redisKeys("koreo").queue;

  constructor(redisUrl: string) {
    this.#redis = new Redis(redisUrl, { maxRetriesPerRequest: 3 });
    this.#redis.on("error", () => undefined); // commands reject with it
    this.#store = new RedisKeyStore({ target: redisUrl, name: "koreo" });
  }

  /** Asks for a look at these keys, as a user's request would. */
  async lookAgain(keys: readonly KeyText[]): Promise<void> {
    await this.#store.ready;
    await this.#store.trigger(keys.map((key) => ({ key, workClass: 1 })));
  }

  /**
   * @param snapshot - what must not change any more, as text
   * @returns whether it came to rest
   */
  async settle(snapshot: () => Promise<string>): Promise<boolean> {
    const endMs = performance.now() + GIVE_UP_AFTER_MS;
    if (!(await this.#quiet(QUIET_MS, endMs))) return false;
    let before: string | undefined;
    for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
      const due = await this.#dueWithin(HORIZON_MS);
      if (due.length === 0) return true;
      const now = await snapshot();
      if (now === before) return true;
      before = now;
      await this.#store.trigger(due.map((key) => ({ key, workClass: 2 })));
      if (!(await this.#quiet(QUIET_MS, endMs))) return false;
    }
    return (await snapshot()) === before;
  }

  /** Resolves once no key waits or runs for a moment: enough between two cases. */
  async idle(quietMs: number): Promise<void> {
    await this.#quiet(quietMs, performance.now() + GIVE_UP_AFTER_MS);
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
    await this.#store.close();
  }

  async #quiet(quietMs: number, endMs: number): Promise<boolean> {
    await this.#store.ready;
    let sinceMs = performance.now();
    let taken: string | null | undefined;
    while (performance.now() < endMs) {
      const [{ waiting, running }, fence] = await Promise.all([this.#store.stats(), this.#redis.get(this.#key(FENCE))]);
      if (waiting + running > 0 || fence !== taken) sinceMs = performance.now();
      taken = fence;
      if (performance.now() - sinceMs >= quietMs) return true;
      await sleep(POLL_MS);
    }
    return false;
  }

  async #dueWithin(ms: number): Promise<readonly KeyText[]> {
    const [seconds] = await this.#redis.time();
    const latest = (Number(seconds) * 1000 + 1000 + ms) * CLASSES;
    return (await this.#redis.zrangebyscore(this.#key(DUE), "-inf", latest)) as KeyText[];
  }

  #key(index: number): string {
    const key = this.#keys[index];
    if (key === undefined) throw new Error("the queue has other names now");
    return key;
  }
}
