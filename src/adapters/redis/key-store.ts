/**
 * The queue of keys on Redis. The Lua scripts in `scripts/` decide what happens to a key, each in one atomic step with
 * Redis' own clock; this class turns calls into scripts and replies into values. It has two connections: one for
 * scripts, one that sleeps until the queue wakes it.
 */
import type { Redis } from "ioredis";
import {
  type HeldKey,
  type KeyStore,
  type QueuedKey,
  type QueuePage,
  type QueueStats,
  type RunEnd,
  type RunEndState,
  StoreUnavailable,
  type Taken,
  type TakeRequest,
  type TenantLoad,
  type Trigger,
  type WorkClass,
} from "../../engine/ports/key-store.ts";
import type { KeyText } from "../../core/object-key.ts";
import { closeRedis, openRedis } from "./connection.ts";
import { redisKeys } from "./keys.ts";
import { loadScript } from "./script.ts";
import type { RedisTarget } from "./target.ts";

export interface RedisKeyStoreOptions {
  readonly target: RedisTarget;
  /** Installation whose queue this is, see `redisKeys`. */
  readonly name: string;
  /** Milliseconds of silence after which the connection is built anew; well below the lease. Default 3000. */
  readonly silenceMs?: number;
}

const LIBRARIES = ["names", "rings", "keys"];
const SCRIPTS = {
  trigger: loadScript("trigger-11", LIBRARIES),
  take: loadScript("take-11", LIBRARIES),
  done: loadScript("done-11", LIBRARIES),
  extend: loadScript("extend-11", LIBRARIES),
  reclaim: loadScript("reclaim-11", LIBRARIES),
  stats: loadScript("stats-11", LIBRARIES),
  page: loadScript("page-11", LIBRARIES),
  load: loadScript("load-11", LIBRARIES),
};
/** Keys per script: a hundred take about 2 ms, during which Redis serves nobody else. */
const BATCH = 100;
/** Keys per page that people read. */
const PAGE = 200;
/** A sleep that does not return this long after its time is cut. */
const OVERSLEEP_MS = 1000;

/** KeyStore for many processes. Open one per worker: its sleeping connection serves one sleeper. */
export class RedisKeyStore implements KeyStore {
  readonly ready: Promise<void>;
  readonly leasesEnd = true;
  readonly minWaitMs = 1;
  readonly maxWaitMs = 10_000;
  readonly #keys: readonly string[];
  readonly #wakeKey: string;
  readonly #redis: Redis;
  readonly #sleeper: Redis;
  readonly #errorListeners = new Set<(error: Error) => void>();
  readonly #reconnectListeners = new Set<() => void>();
  /** Number of the connection: a key taken through an earlier one and not known here lost its reply. */
  #epoch = 0;
  #isClosed = false;
  #isCut = false;

  constructor(options: RedisKeyStoreOptions) {
    const keys = redisKeys(options.name);
    this.#keys = keys.queue;
    this.#wakeKey = keys.queueWake;
    const onError = (error: Error) => this.#errorListeners.forEach((listener) => listener(error));
    const silence = options.silenceMs === undefined ? {} : { silenceMs: options.silenceMs };
    this.#redis = openRedis(options.target, { onError, ...silence });
    this.#sleeper = openRedis(options.target, { onError, silenceMs: 0, lazy: true });
    this.#redis.on("close", () => (this.#epoch += 1));
    this.ready = new Promise((resolve) => {
      this.#redis.on("ready", () => {
        resolve();
        if (this.#epoch > 0) this.#reconnectListeners.forEach((listener) => listener());
      });
    });
  }

  async trigger(items: readonly Trigger[]): Promise<void> {
    for (let start = 0; start < items.length; start += BATCH) {
      const batch = items.slice(start, start + BATCH);
      const args = batch.flatMap((item) => [item.key, item.workClass, wholeMs(item.afterMs ?? 0), item.cause ?? ""]);
      await this.#run("trigger", args);
    }
  }

  async take(request: TakeRequest): Promise<Taken> {
    return parseTaken(await this.#run("take", this.#takeArguments(request)), request);
  }

  async done(run: HeldKey, end: RunEnd, next?: TakeRequest): Promise<{ state: RunEndState; next?: Taken }> {
    const args = [...heldArguments(run), ...endArguments(end)];
    const reply = await this.#run("done", next === undefined ? args : [...args, ...this.#takeArguments(next)]);
    const [state, taken] = reply as [RunEndState, unknown];
    return next === undefined ? { state } : { state, next: parseTaken(taken, next) };
  }

  async extend(runs: readonly HeldKey[], leaseMs: number): Promise<{ lost: number[]; urgent: number[] }> {
    const reply = await this.#run("extend", [wholeMs(leaseMs), ...runs.flatMap(heldArguments)]);
    const [lost, urgent] = reply as [number[], number[]];
    return { lost, urgent };
  }

  async reclaim(owner: string, heldFences: readonly number[], everything = false): Promise<number> {
    return (await this.#run("reclaim", [owner, this.#epoch, everything ? "1" : "0", ...heldFences])) as number;
  }

  async stats(): Promise<QueueStats> {
    const reply = (await this.#run("stats", [])) as [number, number, number, number, number, number];
    const [waiting, running, delayed, failing, lostLeases, staleEnds] = reply;
    return { waiting, running, delayed, failing, lostLeases, staleEnds };
  }

  async page(from = "s:0"): Promise<QueuePage> {
    const [next, ...rows] = (await this.#run("page", [from, PAGE])) as [string, ...QueuedRow[]];
    return { keys: rows.map(parseQueued), next: next === "" ? undefined : next };
  }

  async load(maxTenants: number): Promise<readonly TenantLoad[]> {
    const rows = (await this.#run("load", [maxTenants])) as [WorkClass, string, string, number, number][];
    return rows.map(([workClass, cluster, namespace, waiting, oldestMs]) => ({
      workClass,
      cluster,
      namespace,
      waiting,
      oldestMs,
    }));
  }

  /** Blocks on the wake-up key. The call is never trusted to return: a clock and the signal cut its connection. */
  async wait(ms: number, abort: AbortSignal): Promise<void> {
    if (abort.aborted || this.#isClosed) return;
    const sleeper = this.#sleeper;
    const cut = () => this.#cutSleep();
    abort.addEventListener("abort", cut);
    const watchdog = setTimeout(cut, ms + OVERSLEEP_MS);
    try {
      if (sleeper.status === "wait" || sleeper.status === "end") await sleeper.connect();
      this.#isCut = false;
      if (isAborted(abort)) cut();
      else await sleeper.bzpopmin(this.#wakeKey, ms / 1000);
    } catch (error) {
      // A cut of ours is how a sleep ends early: no fault.
      if (!isAborted(abort)) throw new StoreUnavailable("sleeping connection lost", { cause: error });
    } finally {
      clearTimeout(watchdog);
      abort.removeEventListener("abort", cut);
    }
  }

  onReconnect(listener: () => void): () => void {
    this.#reconnectListeners.add(listener);
    return () => void this.#reconnectListeners.delete(listener);
  }

  onError(listener: (error: Error) => void): () => void {
    this.#errorListeners.add(listener);
    return () => void this.#errorListeners.delete(listener);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cutSleep();
    await closeRedis(this.#redis);
  }

  /** Only once per connection: disconnecting a closing one again leaves a timer that keeps the process up for 2 s. */
  #cutSleep(): void {
    if (!this.#isCut) this.#sleeper.disconnect();
    this.#isCut = true;
  }

  #run(script: keyof typeof SCRIPTS, args: readonly (string | number)[]): Promise<unknown> {
    return SCRIPTS[script].run(this.#redis, this.#keys, args);
  }

  #takeArguments(request: TakeRequest): (string | number)[] {
    return [request.owner, this.#epoch, wholeMs(request.leaseMs), ...(request.passOver ?? [])];
  }
}

/** Three years: an author may write any number, and the score of a delay of some 10^15 has no room for its class. */
const MAX_MS = 1e11;

/** A fraction would spill into the class bits of a delay's score. */
function wholeMs(ms: number): number {
  return Math.min(MAX_MS, Math.max(0, Math.ceil(ms)));
}

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function heldArguments({ key, fence, owner }: HeldKey): (string | number)[] {
  return [key, fence, owner];
}

/** How a run ended, as `done-11.lua` reads it. */
function endArguments(end: RunEnd): (string | number)[] {
  const jitter = Math.random();
  switch (end.kind) {
    case "done": {
      const afterMs = end.afterMs === undefined ? -1 : wholeMs(end.afterMs);
      return [end.kind, afterMs, end.workClass ?? 3, jitter, end.cause ?? ""];
    }
    case "failed":
      return [end.kind, wholeMs(end.baseMs), wholeMs(end.maxMs), jitter, end.cause ?? ""];
    case "interrupted":
      return [end.kind, 0, 0, jitter, ""];
  }
}

type QueuedRow = [KeyText, QueuedKey["state"], WorkClass, number, number, number, string, string[]];

function parseQueued([key, state, workClass, ageMs, remainingMs, failures, owner, causes]: QueuedRow): QueuedKey {
  return { key, state, workClass, ageMs, remainingMs, failures, owner, causes: Array.isArray(causes) ? causes : [] };
}

function parseTaken(reply: unknown, { owner }: TakeRequest): Taken {
  const fields = reply as [KeyText, number, WorkClass, number, string[], number] | [number] | [number, 1];
  if (fields.length === 1) return { lookAgainMs: fields[0] };
  if (fields.length === 2) return { lookAgainMs: fields[0], isPassedOver: true };
  const [key, fence, workClass, waitedMs, causes, failures] = fields;
  return { run: { key, fence, owner, workClass, waitedMs, causes, failures } };
}
