/**
 * Writes Kubernetes Events, apart from the runs that emit them: equal ones are counted on one Event, and each object,
 * as well as all objects together, has a rate limit. Events are a courtesy: what cannot be written is dropped.
 */
import { createHash } from "node:crypto";
import { context, ROOT_CONTEXT } from "@opentelemetry/api";
import { timestampText } from "../../core/status/condition.ts";
import { BoundedMap } from "../../engine/bounded-map.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import type { EventSink, ObjectEvent } from "../../engine/ports/event-sink.ts";
import type { Logger } from "../../engine/ports/logger.ts";
import type { ClusterFault, ObjectStore } from "../../engine/ports/object-store.ts";

export interface EventRecorderOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Name of this process, for `reportingInstance`. */
  readonly instance: string;
}

const COMPONENT = "koreo";
/** Events waiting to be sent. */
const MAX_WAITING = 500;
/** Limits of all objects together: events per second, and at once after a quiet time. */
const PER_SECOND = 20;
const BURST = 100;
/** Limits of one object: this many events at once, then one in this time. */
const OBJECT_BURST = 10;
const OBJECT_REFILL_MS = 60_000;
/** Equal events within this time are one. */
const SAME_WITHIN_MS = 10 * 60_000;
/** Objects and events remembered. */
const MAX_REMEMBERED = 4096;
/** The longest message that the API server takes. */
const MAX_MESSAGE = 1024;
/** How much of the end of a longer message is kept. */
const MAX_TAIL = 700;
const CUT = " … ";
const MAX_NAME = 200;
/** Cluster-scoped objects have their events here, as Kubernetes' own do. */
const NO_NAMESPACE = "default";

interface Sent {
  readonly name: string;
  readonly count: number;
  readonly atMs: number;
}

export class KubernetesEventRecorder implements EventSink {
  readonly #options: EventRecorderOptions;
  readonly #waiting: ObjectEvent[] = [];
  readonly #sent = new BoundedMap<string, Sent>(MAX_REMEMBERED);
  readonly #objects = new BoundedMap<string, Tokens>(MAX_REMEMBERED);
  readonly #all: Tokens;
  readonly #closed = new AbortController();
  #sending: Promise<void> | undefined;
  #dropped = 0;
  #hasTold = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#all = new Tokens(BURST, 1000 / PER_SECOND, options.clock);
  }

  /** Events that were not sent because they were too many or not taken. */
  get dropped(): number {
    return this.#dropped;
  }

  emit(event: ObjectEvent): void {
    const { uid } = event.regarding;
    const object = this.#objects.get(uid) ?? new Tokens(OBJECT_BURST, OBJECT_REFILL_MS, this.#options.clock);
    this.#objects.set(uid, object);
    if (this.#closed.signal.aborted || this.#waiting.length >= MAX_WAITING || !object.take()) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(event);
    // The sending is not part of the run that emits the event.
    this.#sending ??= context.with(ROOT_CONTEXT, () => this.#sendAll()).finally(() => (this.#sending = undefined));
  }

  /** Sends the waiting events until the deadline, then drops the rest. */
  async close(deadlineMs: number): Promise<void> {
    const sent = new AbortController();
    const sending = (this.#sending ?? Promise.resolve()).finally(() => sent.abort());
    await Promise.race([sending, this.#options.clock.sleep(deadlineMs, sent.signal)]);
    this.#closed.abort();
    await sending;
  }

  async #sendAll(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closed;
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      while (!this.#all.take() && !signal.aborted) await clock.sleep(1000 / PER_SECOND, signal);
      if (signal.aborted) this.#dropped += 1;
      else await this.#send(event, signal);
    }
  }

  async #send(event: ObjectEvent, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const id = identityOf(event);
    const before = this.#sent.get(id);
    const isAgain = before !== undefined && clock.nowMs() - before.atMs < SAME_WITHIN_MS;
    const next = isAgain
      ? { ...before, count: before.count + 1, atMs: clock.nowMs() }
      : { name: nameOf(event, id, clock.wallMs()), count: 1, atMs: clock.nowMs() };
    const fault = await this.#write(event, next, isAgain, signal);
    if (fault === undefined) {
      this.#sent.set(id, next);
      return;
    }
    this.#dropped += 1;
    this.#sent.delete(id);
    if (fault.kind === "aborted" || this.#hasTold) return;
    this.#hasTold = true; // once: it will be the same for all
    this.#options.log.warn({ fault: fault.kind, detail: fault.detail }, "an Event could not be written");
  }

  async #write(
    event: ObjectEvent,
    sent: Sent,
    isAgain: boolean,
    signal: AbortSignal,
  ): Promise<ClusterFault | undefined> {
    const { store, clock, instance } = this.#options;
    const type = await store.resolve({ group: "", kind: "Event", version: "v1" }, signal);
    if (type.kind === "fault") return type.fault;
    const ref = { type: type.value, namespace: event.regarding.namespace || NO_NAMESPACE, name: sent.name };
    const lastTimestamp = timestampText(clock.wallMs());
    const body = isAgain
      ? { count: sent.count, lastTimestamp }
      : {
          apiVersion: "v1",
          kind: "Event",
          metadata: { name: sent.name, namespace: ref.namespace },
          involvedObject: event.regarding,
          type: event.type,
          reason: event.reason,
          message: cut(event.message),
          count: 1,
          firstTimestamp: lastTimestamp,
          lastTimestamp,
          source: { component: COMPONENT, host: instance },
          reportingComponent: COMPONENT,
          reportingInstance: instance,
        };
    const answer = isAgain ? await store.patch(ref, body, signal) : await store.create(ref, body, signal);
    return answer.kind === "fault" ? answer.fault : undefined;
  }
}

/** Tokens refill by one in each interval, up to a bound. */
class Tokens {
  readonly #max: number;
  readonly #refillMs: number;
  readonly #clock: Clock;
  #left: number;
  #atMs: number;

  constructor(max: number, refillMs: number, clock: Clock) {
    this.#max = max;
    this.#refillMs = refillMs;
    this.#clock = clock;
    this.#left = max;
    this.#atMs = clock.nowMs();
  }

  take(): boolean {
    const nowMs = this.#clock.nowMs();
    this.#left = Math.min(this.#max, this.#left + (nowMs - this.#atMs) / this.#refillMs);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

function identityOf({ regarding, type, reason, message }: ObjectEvent): string {
  const text = JSON.stringify([regarding.uid, regarding.name, type, reason, message]);
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

/** A unique name that the API server takes, whatever the object is called. */
function nameOf({ regarding }: ObjectEvent, id: string, wallMs: number): string {
  const object = regarding.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]+/g, "-")
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, "")
    .slice(0, MAX_NAME)
    .replaceAll(/[^a-z0-9]+$/g, "");
  return `${object === "" ? "object" : object}.${id}${wallMs.toString(16)}`;
}

/** Cuts the middle out: the end says what blocks, since when, and what comes next. */
function cut(message: string): string {
  if (message.length <= MAX_MESSAGE) return message;
  const head = message.slice(0, MAX_MESSAGE - MAX_TAIL - CUT.length).trimEnd();
  return `${head}${CUT}${message.slice(-MAX_TAIL).trimStart()}`;
}
