/**
 * BullMQ's plug for another data model: its Queue and Worker, unchanged, on a KeyStore instead of lists of jobs. A job
 * is one run of a key; the store makes all of BullMQ's decisions (deduplication, retries, delays, priorities, locks).
 *
 * Towards the Worker no method ever rejects: while BullMQ retries one call it starts none of the jobs it has already
 * fetched, and it would count a failed completion as a failed job. Faults are reported as events and paced here.
 */
import { EventEmitter } from "node:events";
import type { IQueueBackend, JobJson, JobType, KeysMap, MinimalJob } from "bullmq";
import {
  type KeyStore,
  type RunEnd,
  type RunEndState,
  StoreUnavailable,
  type Taken,
  type TakeRequest,
  type Trigger,
} from "../../engine/ports/key-store.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import type { HeldRuns } from "./held-runs.ts";
import { SlowStart } from "./slow-start.ts";
import { refuseUnsupported, type UnsupportedMember } from "./unsupported.ts";

/** What a Queue's job carries. Class and delay are its `priority` and `delay`. */
export interface TriggerData {
  readonly key: Trigger["key"];
  readonly cause?: string;
}

/** What the consuming side adds. Without it a backend only produces. */
export interface ConsumerSide {
  readonly held: HeldRuns;
  /** @param ending - the run that ends with this take */
  readonly request: (ending?: string) => TakeRequest;
  readonly owner: string;
  /** How a run ended, from what the processor returned; undefined when BullMQ itself failed. */
  readonly endOf: (returned: unknown) => RunEnd;
  readonly onEnded: (state: RunEndState) => void;
  /** Whether one more key may be taken now. @param ending - runs that end with this take */
  readonly mayTake: (ending: number) => boolean;
}

export interface KeyQueueBackendOptions {
  readonly name: string;
  readonly store: KeyStore;
  readonly clock: Clock;
  readonly consumer?: ConsumerSide;
}

/** BullMQ's tuple: job or null, its id, rate limit delay (none), when to look again (ms since the epoch, 0: no time). */
type NextJob = [JobJson | null, string | number, number, number];
type AnyJob = MinimalJob<unknown, unknown>;
type Listener = (...args: unknown[]) => void;
type Replaced = UnsupportedMember | "on" | "once" | "removeListener";

/** Pauses after a fault: before the store is asked for work again, and before it is told again how a run ended. */
const RETRY_TAKE_MS = 500;
const RETRY_END_MS = 200;
/** Pause before the next check whether a key may be taken. */
const NOT_YET_MS = 100;

/** One Queue's or Worker's view of a store, which it does not own. */
export class KeyQueueBackend implements Omit<IQueueBackend, Replaced> {
  readonly qualifiedName: string;
  readonly keys = {} as KeysMap;
  readonly minimumBlockTimeout: number;
  readonly maximumBlockTimeout: number;
  readonly #store: KeyStore;
  readonly #clock: Clock;
  readonly #consumer: ConsumerSide | undefined;
  readonly #start: SlowStart;
  readonly #events = new EventEmitter();
  readonly #unsubscribe: (() => void)[];
  #sleep = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(options: KeyQueueBackendOptions) {
    const { name, store, clock, consumer } = options;
    this.qualifiedName = name;
    this.minimumBlockTimeout = store.minWaitMs / 1000;
    this.maximumBlockTimeout = store.maxWaitMs / 1000;
    this.#store = store;
    this.#clock = clock;
    this.#start = new SlowStart(clock);
    this.#consumer = consumer;
    this.#unsubscribe = [store.onError((error) => this.#report(error))];
    if (consumer !== undefined) this.#unsubscribe.push(store.onReconnect(() => void this.#reclaim(consumer)));
  }

  // Life

  /** Resolves at once, so that nobody hangs: calls that need the store fail by themselves while it is out of reach. */
  waitUntilReady(): Promise<void> {
    return Promise.resolve();
  }

  get closing(): Promise<void> | undefined {
    return this.#closing;
  }

  /** Leaves the store open. A worker that ended all its runs gives back what it took without knowing. */
  close(force = false): Promise<void> {
    this.#closing ??= this.#close(force);
    return this.#closing;
  }

  async #close(force: boolean): Promise<void> {
    this.#sleep.abort();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    if (this.#consumer !== undefined && !force) await this.#reclaim(this.#consumer, true);
    this.#events.emit("close");
  }

  disconnect(): Promise<void> {
    this.#sleep.abort();
    return Promise.resolve();
  }

  on(event: string, listener: Listener): this {
    this.#events.on(event, listener);
    return this;
  }

  once(event: string, listener: Listener): this {
    this.#events.once(event, listener);
    return this;
  }

  removeListener(event: string, listener: Listener): this {
    this.#events.removeListener(event, listener);
    return this;
  }

  toKey(type: string): string {
    return `${this.qualifiedName}:${type}`;
  }

  clientName(suffix = ""): string {
    return this.qualifiedName + suffix;
  }

  setName(): Promise<void> {
    return Promise.resolve();
  }

  // Cheap answers to what BullMQ and its dashboards ask on the way

  setQueueMeta(): Promise<number> {
    return Promise.resolve(0);
  }

  hasQueueMetaField(): Promise<boolean> {
    return Promise.resolve(false);
  }

  getClientList(): Promise<string[]> {
    return Promise.resolve([]);
  }

  async getCounts(types: JobType[]): Promise<number[]> {
    const { running, delayed, waiting } = await this.#store.stats();
    const counts: Partial<Record<JobType, number>> = { active: running, delayed, wait: waiting, waiting };
    return types.map((type) => counts[type] ?? 0);
  }

  // Producer

  async addJob(job: JobJson): Promise<string> {
    const [id = ""] = await this.addJobs([{ job }]);
    return id;
  }

  async addJobs(entries: { job: JobJson }[]): Promise<string[]> {
    const triggers = entries.map(({ job }) => toTrigger(job));
    await this.#store.trigger(triggers);
    return triggers.map((trigger) => trigger.key);
  }

  // Worker

  async moveToActive(): Promise<NextJob> {
    if (!this.#mayTake(0)) {
      await this.#clock.sleep(NOT_YET_MS, this.#sleep.signal);
      return this.#noJob(NOT_YET_MS);
    }
    const askedAt = this.#clock.nowMs();
    try {
      const taken = await this.#store.take(this.#consuming().request());
      this.#start.answered();
      // Waits before the next take: the worker that was woken for these keys is to have them.
      if (taken.run === undefined && taken.isPassedOver === true)
        await this.#clock.sleep(NOT_YET_MS, this.#sleep.signal);
      return this.#nextJob(taken, askedAt);
    } catch (error) {
      this.#failed(error);
      return this.#noJob(RETRY_TAKE_MS);
    }
  }

  moveToCompleted(job: AnyJob, returned: unknown, _keep: unknown, _token: string, fetchNext: boolean) {
    return this.#finish(job.id ?? "", this.#consuming().endOf(returned), fetchNext);
  }

  /** Reached only when BullMQ itself failed: the processor returns what happened and never throws. */
  moveToFailed(job: AnyJob, _reason: string, _keep: unknown, _token: string, fetchNext: boolean) {
    return this.#finish(job.id ?? "", this.#consuming().endOf(undefined), fetchNext);
  }

  /** Sleeps until there may be work; null means that the worker should look. */
  async waitForJob(seconds: number): Promise<null> {
    const { signal } = this.#sleep;
    try {
      await this.#store.wait(seconds * 1000, signal);
    } catch (error) {
      this.#report(error);
      await this.#clock.sleep(RETRY_END_MS, signal);
    }
    return null;
  }

  disconnectBlocking(): Promise<void> {
    this.#sleep.abort();
    return Promise.resolve();
  }

  reconnectBlocking(): Promise<void> {
    if (this.#sleep.signal.aborted && this.#closing === undefined) this.#sleep = new AbortController();
    return Promise.resolve();
  }

  /** Ends a run before its processor does: for a drain whose deadline has passed. */
  async handBack(id: string): Promise<void> {
    await this.#finish(id, { kind: "interrupted" }, false);
  }

  async #finish(
    id: string,
    end: RunEnd,
    fetchNext: boolean,
  ): Promise<{ result: NextJob | undefined; finishedOn: number }> {
    const mayTake = fetchNext && this.#mayTake(1);
    const next = await this.#tellEnd(id, end, mayTake ? this.#consuming().request(id) : undefined);
    const pauseMs = mayTake ? RETRY_TAKE_MS : NOT_YET_MS;
    return { result: fetchNext ? (next ?? this.#noJob(pauseMs)) : undefined, finishedOn: this.#clock.wallMs() };
  }

  /** Tells the store how a run ended, again and again while it cannot be reached and the lease may still be ours. */
  async #tellEnd(id: string, end: RunEnd, request: TakeRequest | undefined): Promise<NextJob | undefined> {
    const { held, onEnded } = this.#consuming();
    for (let entry = held.get(id); entry !== undefined; entry = held.get(id)) {
      const askedAt = this.#clock.nowMs();
      try {
        const told = await this.#store.done(entry.run, end, request);
        this.#start.answered();
        held.remove(id);
        onEnded(told.state);
        return told.next && this.#nextJob(told.next, askedAt);
      } catch (error) {
        this.#failed(error);
        const isHopeless = entry.leaseLeftMs() <= 0 && this.#store.leasesEnd;
        if (!(error instanceof StoreUnavailable) || isHopeless || this.#closing !== undefined) held.remove(id);
        else await this.#clock.sleep(RETRY_END_MS);
      }
    }
    return undefined;
  }

  #nextJob(taken: Taken, askedAt: number): NextJob {
    if (taken.run === undefined) {
      const { lookAgainMs, isPassedOver = false } = taken;
      return this.#noJob(isPassedOver ? NOT_YET_MS : lookAgainMs);
    }
    const { run } = taken;
    this.#start.took();
    const id = this.#consuming().held.add(run, askedAt);
    const now = this.#clock.wallMs();
    const job: JobJson = {
      id,
      name: JOB_NAME,
      data: JSON.stringify({ key: run.key } satisfies TriggerData),
      opts: {},
      progress: 0,
      attemptsMade: 0,
      attemptsStarted: run.failures + 1,
      processedOn: now,
      timestamp: now - run.waitedMs,
      failedReason: "",
      returnvalue: "",
      stalledCounter: 0,
    };
    return [job, id, 0, 0];
  }

  /** The store speaks in durations, BullMQ in points of its own pod's time. */
  #noJob(lookAgainMs: number): NextJob {
    return [null, 0, 0, lookAgainMs === 0 ? 0 : this.#clock.wallMs() + lookAgainMs];
  }

  async #reclaim(consumer: ConsumerSide, everything = false): Promise<void> {
    try {
      const reclaimed = this.#store.reclaim(consumer.owner, consumer.held.fences(), everything);
      await Promise.all([reclaimed, everything ? undefined : consumer.held.renew()]);
    } catch (error) {
      this.#report(error); // the leases will end by themselves
    }
  }

  #consuming(): ConsumerSide {
    if (this.#consumer === undefined) throw new Error("this backend only produces");
    return this.#consumer;
  }

  #mayTake(ending: number): boolean {
    return this.#start.mayTake() && this.#consuming().mayTake(ending);
  }

  /** A take, or telling an end, failed. A fault that only the sleeping connection meets is no outage. */
  #failed(error: unknown): void {
    if (error instanceof StoreUnavailable) this.#start.failed();
    this.#report(error);
  }

  #report(error: unknown): void {
    if (this.#events.listenerCount("error") > 0) this.#events.emit("error", error);
  }
}

refuseUnsupported(KeyQueueBackend.prototype);

/** Name of every job. */
export const JOB_NAME = "reconcile";

function toTrigger(job: JobJson): Trigger {
  const { key, cause } = JSON.parse(job.data) as TriggerData;
  const { priority, delay } = job.opts;
  return {
    key,
    workClass: priority === 1 || priority === 3 ? priority : 2,
    ...(delay === undefined ? {} : { afterMs: delay }),
    ...(cause === undefined ? {} : { cause }),
  };
}
