/**
 * Server-sent events: one hub tells all clients what changed. Everything is bounded: the number of clients, and the
 * events that wait for each. A client that does not read is dropped, and must read everything again when it returns.
 */
import type { ServerResponse } from "node:http";
import type { Clock } from "../../engine/ports/clock.ts";
import type { Logger } from "../../engine/ports/logger.ts";
import type { ChangeEvent } from "./change-event.ts";
import { within } from "./deadline.ts";
import { unavailable } from "./problem.ts";

/** Decides whether a client may hear of an event; asked for each one, because rights may change. */
export interface EventFilter {
  wants(event: ChangeEvent): boolean;
  /** @throws Problem when nobody can tell now: the client is dropped */
  may(event: ChangeEvent): Promise<boolean>;
  /** Whether the caller is still accepted. @throws Problem as `may` */
  isCurrent(): Promise<boolean>;
}

export interface StreamLimits {
  readonly maxClients: number;
  /** Most clients of one user, so that nobody takes the places of all others. */
  readonly maxClientsOfUser: number;
  /** Most events that wait for one client. */
  readonly maxWaiting: number;
  readonly heartbeatMs: number;
  /** How long a write may wait until the client has read the previous data. */
  readonly maxStallMs: number;
}

export const STREAM_LIMITS: StreamLimits = {
  maxClients: 100,
  maxClientsOfUser: 10,
  maxWaiting: 256,
  heartbeatMs: 15_000,
  maxStallMs: 30_000,
};

/** How long browsers wait before they reconnect, in milliseconds. */
const RECONNECT_MS = 2000;
const HEADERS = { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" };

export class EventHub {
  readonly #clients = new Set<Client>();
  readonly #limits: StreamLimits;
  readonly #clock: Clock;
  readonly #log: Logger;
  #lastId = 0;
  #dropped = 0;

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Logger }, limits: StreamLimits = STREAM_LIMITS) {
    this.#clock = clock;
    this.#log = log;
    this.#limits = limits;
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  /** Clients that were dropped because they did not read. */
  get droppedCount(): number {
    return this.#dropped;
  }

  publish(event: ChangeEvent): void {
    if (this.#clients.size === 0) return;
    this.#lastId += 1;
    for (const client of this.#clients) client.put(event, this.#lastId);
  }

  /**
   * @param user - absent: the user is not known
   * @throws Problem 503 when there are too many clients
   */
  checkRoom(user?: string): void {
    const { maxClients, maxClientsOfUser } = this.#limits;
    if (this.#clients.size >= maxClients) throw unavailable("too many clients listen to events", 10);
    if (user === undefined) return;
    const others = [...this.#clients].filter((client) => client.user === user);
    if (others.length >= maxClientsOfUser) throw unavailable("too many clients of yours listen to events", 10);
  }

  /** Tells this client about all events from now on. Resolves when the client has gone, or the signal is aborted. */
  async serve(
    response: ServerResponse,
    { user, ...filter }: EventFilter & { readonly user?: string | undefined },
    signal: AbortSignal,
  ): Promise<void> {
    this.checkRoom(user);
    const client = new Client(response, filter, { user, limits: this.#limits, clock: this.#clock });
    this.#clients.add(client);
    response.writeHead(200, HEADERS);
    try {
      const why = await client.run(signal);
      if (why === "slow") {
        this.#dropped += 1;
        this.#log.warn({ waiting: this.#limits.maxWaiting }, "a client that did not read its events was let go");
      }
    } finally {
      this.#clients.delete(client);
      response.destroy();
    }
  }
}

type End = "gone" | "slow" | "denied";

/** One client: the events that wait for it, and one loop that writes them. */
class Client {
  readonly user: string | undefined;
  readonly #response: ServerResponse;
  readonly #filter: EventFilter;
  readonly #limits: StreamLimits;
  readonly #clock: Clock;
  readonly #waiting: { readonly event: ChangeEvent; readonly id: number }[] = [];
  #nudge = new AbortController();
  /** Aborted when more events come than may wait. */
  readonly #overrun = new AbortController();

  constructor(
    response: ServerResponse,
    filter: EventFilter,
    {
      user,
      limits,
      clock,
    }: { readonly user: string | undefined; readonly limits: StreamLimits; readonly clock: Clock },
  ) {
    this.user = user;
    this.#response = response;
    this.#filter = filter;
    this.#limits = limits;
    this.#clock = clock;
  }

  put(event: ChangeEvent, id: number): void {
    if (!this.#filter.wants(event)) return;
    if (this.#waiting.length >= this.#limits.maxWaiting) this.#overrun.abort();
    else this.#waiting.push({ event, id });
    this.#nudge.abort();
  }

  async run(signal: AbortSignal): Promise<End> {
    const gone = new AbortController();
    this.#response.once("close", () => gone.abort());
    const ended = AbortSignal.any([signal, gone.signal]);
    let beatMs = this.#clock.nowMs() + this.#limits.heartbeatMs;
    // A client that reads this hears of everything that changes from now on.
    let isRead = await this.#write(`retry: ${RECONNECT_MS}\nevent: hello\ndata: {}\n\n`, ended);
    while (!ended.aborted) {
      if (!isRead || this.#overrun.signal.aborted) return "slow";
      const next = this.#waiting.shift();
      if (next !== undefined) {
        const isAllowed = await this.#ask(() => this.#filter.may(next.event));
        if (isAllowed === undefined) return "denied";
        if (isAllowed) isRead = await this.#write(textOf(next.event, next.id), ended);
      } else if (this.#clock.nowMs() >= beatMs) {
        beatMs = this.#clock.nowMs() + this.#limits.heartbeatMs;
        if ((await this.#ask(() => this.#filter.isCurrent())) !== true) return "denied";
        isRead = await this.#write(": heartbeat\n\n", ended);
      } else {
        await this.#clock.sleep(beatMs - this.#clock.nowMs(), AbortSignal.any([ended, this.#nudge.signal]));
        this.#nudge = new AbortController();
      }
    }
    return "gone";
  }

  /** Undefined when nobody can tell: the client then reconnects and asks again. */
  async #ask(question: () => Promise<boolean>): Promise<boolean | undefined> {
    try {
      return await within(AbortSignal.timeout(this.#limits.maxStallMs), "asking what the client may", question());
    } catch {
      return undefined; // all other requests report this; the client only has to go
    }
  }

  /** @returns whether the client read it in time, or has gone */
  async #write(text: string, ended: AbortSignal): Promise<boolean> {
    if (this.#response.write(text)) return true;
    const read = new AbortController();
    const drained = () => read.abort();
    this.#response.once("drain", drained);
    await this.#clock.sleep(this.#limits.maxStallMs, AbortSignal.any([ended, read.signal, this.#overrun.signal]));
    this.#response.off("drain", drained);
    return read.signal.aborted || ended.aborted;
  }
}

function textOf(event: ChangeEvent, id: number): string {
  return `id: ${id}\nevent: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`;
}
