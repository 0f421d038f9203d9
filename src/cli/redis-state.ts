/** Reads what an installation keeps on Redis, for one-shot commands. */
import { BullmqReconcileQueue } from "../adapters/bullmq/reconcile-queue.ts";
import { RedisKeyStore } from "../adapters/redis/key-store.ts";
import { redisKeys } from "../adapters/redis/keys.ts";
import { closeRedis, openRedis, untilReady } from "../adapters/redis/connection.ts";
import { troubleText } from "../adapters/redis/connection-trouble.ts";
import { RedisRunLog } from "../adapters/redis/run-log.ts";
import { describeTarget, type RedisTarget } from "../adapters/redis/target.ts";
import { systemClock } from "../adapters/system/clock.ts";
import type { KeyText } from "../core/object-key.ts";
import type { QueuedRun, ReconcileQueue } from "../engine/ports/reconcile-queue.ts";
import type { RunLog } from "../engine/ports/run-log.ts";
import { parseConfig } from "../processes/shared/config.ts";
import { ConfigError, type ConfigFlags } from "../processes/shared/settings.ts";
import { redisTarget } from "../processes/shared/redis-target.ts";
import { CommandFailed } from "./failure.ts";

const REDIS_WITHIN_MS = 3000;

/**
 * @param what - what the command reads, for the message when no Redis is given
 * @throws ConfigError when no Redis is given; CommandFailed when it does not answer
 */
export async function withQueue<T>(
  flags: ConfigFlags,
  what: string,
  act: (queue: ReconcileQueue) => Promise<T>,
): Promise<T> {
  const { target, name } = redisOf(flags, what);
  const store = new RedisKeyStore({ target, name });
  let trouble = "no answer";
  store.onError((error) => (trouble = troubleText(error)));
  const queue = new BullmqReconcileQueue({ name: "koreo", store, clock: systemClock });
  try {
    if (!(await isReadyInTime(store)))
      throw new CommandFailed(`${describeTarget(target)} cannot be reached: ${trouble}`);
    return await act(queue);
  } finally {
    await queue.close();
    await store.close();
  }
}

/** The same for the records of runs. */
export async function withRunLog<T>(flags: ConfigFlags, act: (runs: RunLog) => Promise<T>): Promise<T> {
  const { target, name } = redisOf(flags, "the record of runs");
  let trouble = "no answer";
  const redis = openRedis(target, { onError: (error) => (trouble = troubleText(error)) });
  try {
    await untilReady(redis, target, REDIS_WITHIN_MS).catch(() => {
      throw new CommandFailed(`${describeTarget(target)} cannot be reached: ${trouble}`);
    });
    return await act(new RedisRunLog(redis, redisKeys(name), { runsPerKey: 0, keys: 0 }));
  } finally {
    await closeRedis(redis);
  }
}

/** Every key of the queue; for a key that moves while we read, its last state. */
export async function allKeys(queue: ReconcileQueue): Promise<ReadonlyMap<KeyText, QueuedRun>> {
  const keys = new Map<KeyText, QueuedRun>();
  let from: string | undefined;
  do {
    const page = await queue.page(from);
    for (const each of page.keys) keys.set(each.key, each);
    from = page.next;
  } while (from !== undefined);
  return keys;
}

function redisOf(flags: ConfigFlags, what: string): { readonly target: RedisTarget; readonly name: string } {
  const config = parseConfig(flags, process.env);
  const target = redisTarget(config);
  if (target === undefined) throw new ConfigError(`${what} is on Redis: give --redis or set KOREO_REDIS_URL`);
  return { target, name: config.name };
}

async function isReadyInTime(store: RedisKeyStore): Promise<boolean> {
  const answered = new AbortController();
  let isReady = false;
  void store.ready.then(() => {
    isReady = true;
    answered.abort(); // otherwise the rest of the wait would keep the command from ending
  });
  await systemClock.sleep(REDIS_WITHIN_MS, answered.signal);
  return isReady;
}
