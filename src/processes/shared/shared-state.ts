/**
 * What all processes of an installation share: on Redis, or in this process alone (`koreo dev` without Redis). The one
 * place that knows both.
 */
import { BullmqReconcileConsumer, type ReconcileConsumerOptions } from "../../adapters/bullmq/reconcile-consumer.ts";
import { BullmqReconcileQueue } from "../../adapters/bullmq/reconcile-queue.ts";
import { MemoryDefinitionRegistry } from "../../adapters/memory/definition-registry.ts";
import { MemoryKeyStore } from "../../adapters/memory/key-store.ts";
import { MemoryMembership } from "../../adapters/memory/membership.ts";
import { MemoryObjectIndex } from "../../adapters/memory/object-index.ts";
import { MemoryObjectLock } from "../../adapters/memory/object-lock.ts";
import { MemoryRunLog } from "../../adapters/memory/run-log.ts";
import { MemoryWatchLedger } from "../../adapters/memory/watch-ledger.ts";
import { checkRedisSettings, closeRedis, openRedis, untilReady } from "../../adapters/redis/connection.ts";
import { troubleText } from "../../adapters/redis/connection-trouble.ts";
import { RedisDefinitionRegistry } from "../../adapters/redis/definition-registry.ts";
import { RedisKeyStore } from "../../adapters/redis/key-store.ts";
import { redisKeys } from "../../adapters/redis/keys.ts";
import { RedisMembership } from "../../adapters/redis/membership.ts";
import { RedisObjectIndex } from "../../adapters/redis/object-index.ts";
import { RedisObjectLock } from "../../adapters/redis/object-lock.ts";
import { RedisRunLog } from "../../adapters/redis/run-log.ts";
import { describeTarget, type RedisTarget } from "../../adapters/redis/target.ts";
import { RedisWatchLedger } from "../../adapters/redis/watch-ledger.ts";
import { jittered, type Clock } from "../../engine/ports/clock.ts";
import type { DefinitionRegistry } from "../../engine/ports/definition-registry.ts";
import { StoreUnavailable, type KeyStore } from "../../engine/ports/key-store.ts";
import type { Logger } from "../../engine/ports/logger.ts";
import type { Membership } from "../../engine/ports/membership.ts";
import type { ObjectIndex } from "../../engine/ports/object-index.ts";
import type { ObjectLock } from "../../engine/ports/object-lock.ts";
import type { ReconcileConsumer, ReconcileQueue } from "../../engine/ports/reconcile-queue.ts";
import type { RunLog, RunLogLimits } from "../../engine/ports/run-log.ts";
import type { WatchLedger } from "../../engine/ports/watch-ledger.ts";

export interface SharedState {
  readonly queue: ReconcileQueue;
  readonly registry: DefinitionRegistry;
  readonly ledger: WatchLedger;
  readonly membership: Membership;
  readonly index: ObjectIndex;
  readonly lock: ObjectLock;
  readonly runs: RunLog;
  /** A consumer of its own for this process. */
  consumer(options: Pick<ReconcileConsumerOptions, "concurrency" | "canReach">): ReconcileConsumer;
  /** Undefined when the store answers, else what is wrong. */
  trouble(): string | undefined;
  close(): Promise<void>;
}

interface Tools {
  readonly clock: Clock;
  readonly log: Logger;
}

const QUEUE = "koreo";
const RUNS_PER_KEY = 3;

/** How much is remembered of the last runs. */
interface RunRecordSettings {
  /** Triggers with records. */
  readonly runRecords: number;
}

function runLimits({ runRecords }: RunRecordSettings): RunLogLimits {
  return { runsPerKey: RUNS_PER_KEY, keys: runRecords };
}

/** In this process: nothing outlives it, which costs nothing but a new list at the next start. */
export function openMemoryState(settings: RunRecordSettings, { clock, log }: Tools): SharedState {
  const store = new MemoryKeyStore({ clock });
  const queue = new BullmqReconcileQueue({ name: QUEUE, store, clock });
  return {
    queue,
    registry: new MemoryDefinitionRegistry(),
    ledger: new MemoryWatchLedger(),
    membership: new MemoryMembership(clock),
    index: new MemoryObjectIndex(),
    lock: new MemoryObjectLock(clock),
    runs: new MemoryRunLog(runLimits(settings)),
    consumer: (options) => new BullmqReconcileConsumer({ name: QUEUE, store, clock, logger: log, ...options }),
    trouble: () => undefined,
    close: async () => {
      await queue.close();
      await store.close();
    },
  };
}

const FIRST_TRY_MS = 2000;
const MAX_PAUSE_MS = 5000;

type RedisConnection = ReturnType<typeof openRedis>;

interface RedisStateSettings extends RunRecordSettings {
  readonly target: RedisTarget;
  /** Of the installation. */
  readonly name: string;
}

/**
 * Opens Redis and waits, saying so, until it can be used.
 *
 * @returns undefined once the signal is aborted
 * @throws Error when Redis is set up so that it would lose what we store
 */
export async function openRedisState(
  settings: RedisStateSettings,
  tools: Tools,
  signal: AbortSignal,
): Promise<SharedState | undefined> {
  const { target } = settings;
  // While there is no connection commands fail with what the client says; the reason is in its last error.
  let lastError = "no answer";
  const redis = openRedis(target, { onError: (error) => (lastError = troubleText(error)) });
  const isUsable = await untilUsable(redis, target, tools, signal).catch(async (error: unknown) => {
    await closeRedis(redis);
    throw error;
  });
  if (!isUsable) {
    await closeRedis(redis);
    return undefined;
  }
  const trouble = () =>
    redis.status === "ready" ? undefined : `Redis at ${describeTarget(target)} cannot be reached: ${lastError}`;
  return { ...redisState(redis, settings, tools), trouble };
}

/**
 * @returns false once the signal is aborted
 * @throws Error when Redis is set up so that it would lose what we store
 */
async function untilUsable(
  redis: RedisConnection,
  target: RedisTarget,
  { clock, log }: Tools,
  signal: AbortSignal,
): Promise<boolean> {
  for (let pauseMs = 500; !signal.aborted; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
    try {
      await untilReady(redis, target, FIRST_TRY_MS);
      for (const { severity, message } of await checkRedisSettings(redis)) {
        if (severity === "error") throw new Error(`${describeTarget(target)}: ${message}`);
        log.warn({ redis: describeTarget(target) }, message);
      }
      return true;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      log.warn({ error: error.message, pauseMs }, "waiting for Redis");
      await clock.sleep(jittered(pauseMs, clock), signal);
    }
  }
  return false;
}

/** Everything on one connection, but for the queue and its consumers: each of them has its own. */
function redisState(
  redis: RedisConnection,
  settings: RedisStateSettings,
  { clock, log }: Tools,
): Omit<SharedState, "trouble"> {
  const { target, name } = settings;
  const keys = redisKeys(name);
  const stores: KeyStore[] = [];
  const openStore = () => {
    const store = new RedisKeyStore({ target, name });
    store.onError(() => undefined);
    stores.push(store);
    return store;
  };
  const queue = new BullmqReconcileQueue({ name: QUEUE, store: openStore(), clock });
  return {
    queue,
    registry: new RedisDefinitionRegistry(redis, keys),
    ledger: new RedisWatchLedger(redis, keys),
    membership: new RedisMembership(redis, keys),
    index: new RedisObjectIndex(redis, keys),
    lock: new RedisObjectLock(redis, keys),
    runs: new RedisRunLog(redis, keys, runLimits(settings)),
    consumer: (options) =>
      new BullmqReconcileConsumer({ name: QUEUE, store: openStore(), clock, logger: log, ...options }),
    close: async () => {
      await queue.close();
      await Promise.allSettled(stores.map((store) => store.close()));
      await closeRedis(redis);
    },
  };
}
