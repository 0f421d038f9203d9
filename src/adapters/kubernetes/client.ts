/**
 * Requests to one API server: budget, deadline, trace context, exact JSON, and every refusal as a `ClusterFault`.
 * Nothing here knows kinds or objects; `object-store.ts`, `discovery.ts` and `reflector.ts` do.
 */
import { context, propagation } from "@opentelemetry/api";
import type { KubeConfig } from "@kubernetes/client-node";
import { formatJson, parseJson, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import type { ClusterFault, ClusterResult } from "../../engine/ports/object-store.ts";
import { noteWait, SPAN, waitStart } from "../../engine/telemetry.ts";
import { withCallSpan } from "./call-span.ts";
import { abortedFault, faultOfError, faultOfReply, ok, refused, retryAfterSeconds } from "./fault.ts";
import { DEFAULT_BUDGET, RequestBudget, type BudgetOptions, type Turn, type Urgency } from "./request-budget.ts";
import { Transport, type TransportReply, type TransportRequest } from "./transport.ts";

const USER_AGENT = "koreo-cluster";
const DEFAULT_TIMEOUT_MS = 30_000;
/**
 * How long, at most, one 429 makes all requests wait: it may concern one kind only (a CRD's storage starts). The
 * refused caller still gets the full time.
 */
const MAX_PAUSE_MS = 1000;
/** After this many calls in a row without any answer the server is out of reach: one may have met a slow webhook. */
const OUT_OF_REACH_AFTER = 5;
/** How long we then wait for an answer: a waiting run keeps its key from workers that are better off. */
const OUT_OF_REACH_TIMEOUT_MS = 5000;

export interface ApiRequest {
  readonly method: TransportRequest["method"];
  /** Absolute path without query, its parts already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: JsonObject;
  /** Default: `application/json`. */
  readonly contentType?: string;
  /** Default: `application/json`. */
  readonly accept?: string;
  /**
   * From sending to the last byte; waiting for a turn does not count. Default: 30 s, at most 5 s while the server is out of
   * reach (not for lists and watches). Streams: until the first byte.
   */
  readonly timeoutMs?: number;
  /** Default: `read` for GET, else `write`. */
  readonly urgency?: Urgency;
  /** The tenant it is sent for: no tenant takes all turns. Default: the process itself. */
  readonly tenant?: string | undefined;
  /** For metrics: what is done (get, list, watch, create, patch, patchStatus, delete, discover, review) to which kind. */
  readonly verb: string;
  readonly kind: string;
}

/** One finished request, for counters. `status` is 0 when no answer came. A watch counts when its stream opens. */
export interface ObservedRequest {
  readonly method: TransportRequest["method"];
  readonly verb: string;
  readonly kind: string;
  readonly status: number;
  readonly durationMs: number;
}

export interface ClientOptions {
  readonly kubeConfig: KubeConfig;
  readonly clock: Clock;
  readonly budget?: Partial<BudgetOptions>;
  readonly onRequest?: (observed: ObservedRequest) => void;
}

/** An open stream. Ends when the server ends it; throws when the connection breaks; `close` may be called twice. */
export interface ByteStream {
  readonly chunks: AsyncIterator<Uint8Array>;
  close(): void;
}

export class ClusterClient {
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #budget: RequestBudget;
  readonly #onRequest: (observed: ObservedRequest) => void;
  /** Requests in a row that nobody answered. */
  #unanswered = 0;
  /** Deadlines of the requests under way that must not wait long while the server is out of reach. */
  readonly #impatient = new Set<Deadline>();

  constructor(options: ClientOptions) {
    this.#clock = options.clock;
    this.#budget = new RequestBudget(options.clock, options.budget);
    this.#transport = new Transport(
      options.kubeConfig,
      options.clock,
      options.budget?.maxInFlight ?? DEFAULT_BUDGET.maxInFlight,
    );
    this.#onRequest = options.onRequest ?? (() => undefined);
  }

  /** Whether the server answers, even if with a refusal, judging by the last requests. */
  get isInReach(): boolean {
    return this.#unanswered < OUT_OF_REACH_AFTER;
  }

  /** Sends one request and reads the whole answer: JSON, or text where it is none. Never rejects. */
  async request(request: ApiRequest, signal: AbortSignal): Promise<ClusterResult<JsonValue>> {
    const result = await this.#requestOnce(request, signal);
    // A kept-alive connection may be closed by the other side just as we use it. Reading again is harmless.
    const isCut = result.kind === "fault" && result.fault.kind === "unavailable" && result.isConnectionFault === true;
    return isCut && request.method === "GET" && !signal.aborted ? this.#requestOnce(request, signal) : result;
  }

  /** Opens a stream (a watch); refusals are answered as faults, later breaks throw from the stream. Never rejects. */
  async open(request: ApiRequest, signal: AbortSignal): Promise<ClusterResult<ByteStream>> {
    const turn = await this.#turn(request, signal);
    if (turn !== "granted") return refused(noTurnFault(request, turn));
    return this.#inTurn(request, signal, async (deadline) => {
      const reply = await this.#send(request, "watches", deadline.signal);
      if (reply.statusCode >= 300) {
        const text = await reply.body.text();
        deadline.end();
        return this.#refusal(reply, text);
      }
      deadline.lift();
      const chunks = (reply.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
      return { status: reply.statusCode, result: ok({ chunks, close: () => deadline.abort() }) };
    });
  }

  /** Ends all connections. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  async #requestOnce(request: ApiRequest, signal: AbortSignal): Promise<Answer<JsonValue>> {
    const turn = await this.#turn(request, signal);
    if (turn !== "granted") return refused(noTurnFault(request, turn));
    return withCallSpan<Answer<JsonValue>>(request, this.#transport.server, (span) =>
      this.#inTurn(request, signal, async (deadline) => {
        try {
          const reply = await this.#send(request, "calls", deadline.signal);
          span?.setAttribute("http.response.status_code", reply.statusCode);
          const text = await reply.body.text();
          if (reply.statusCode >= 300) return this.#refusal(reply, text);
          return { status: reply.statusCode, result: ok(jsonOrText(text)) };
        } finally {
          deadline.end();
        }
      }),
    );
  }

  async #turn(request: ApiRequest, signal: AbortSignal): Promise<Turn> {
    const since = waitStart();
    const urgency = request.urgency ?? (request.method === "GET" ? "read" : "write");
    const turn = await this.#budget.enter({ tenant: request.tenant, urgency }, signal);
    noteWait(SPAN.requestWait, since);
    return turn;
  }

  /** Sends within a turn and ends the turn. */
  async #inTurn<T>(
    request: ApiRequest,
    signal: AbortSignal,
    perform: (deadline: Deadline) => Promise<{ readonly status: number; readonly result: ClusterResult<T> }>,
  ): Promise<Answer<T>> {
    const startedMs = this.#clock.nowMs();
    const deadline = this.#deadlineOf(request, signal);
    let observedStatus = 0;
    try {
      const { status, result } = await perform(deadline);
      observedStatus = status;
      this.#unanswered = 0;
      return result;
    } catch (error) {
      deadline.end();
      if (signal.aborted) return refused(abortedFault(nameOf(request)));
      // A write without an answer in time does not count: a webhook may hold it for as long as it likes. A broken
      // connection always counts.
      if (!deadline.isOver || request.method === "GET") this.#countUnanswered();
      if (deadline.isOver) return refused({ kind: "unavailable", detail: `${nameOf(request)}: no answer in time` });
      return { ...refused(faultOfError(error)), isConnectionFault: true };
    } finally {
      this.#impatient.delete(deadline);
      this.#budget.leave(request.tenant);
      this.#onRequest({
        method: request.method,
        verb: request.verb,
        kind: request.kind,
        status: observedStatus,
        durationMs: this.#clock.nowMs() - startedMs,
      });
    }
  }

  /** Lists and watches keep their full time: they show that a server which is only slow is in reach. */
  #deadlineOf({ verb, timeoutMs = DEFAULT_TIMEOUT_MS }: ApiRequest, signal: AbortSignal): Deadline {
    const isPatient = verb === "list" || verb === "watch";
    const isShort = !isPatient && !this.isInReach;
    const deadline = new Deadline(isShort ? Math.min(timeoutMs, OUT_OF_REACH_TIMEOUT_MS) : timeoutMs, signal);
    if (!isPatient) this.#impatient.add(deadline);
    return deadline;
  }

  #countUnanswered(): void {
    this.#unanswered += 1;
    if (this.#unanswered !== OUT_OF_REACH_AFTER) return;
    for (const deadline of this.#impatient) deadline.endWithin(OUT_OF_REACH_TIMEOUT_MS);
  }

  #send(request: ApiRequest, lane: "calls" | "watches", signal: AbortSignal): Promise<TransportReply> {
    const headers: Record<string, string> = { accept: request.accept ?? "application/json", "user-agent": USER_AGENT };
    if (request.body !== undefined) headers["content-type"] = request.contentType ?? "application/json";
    propagation.inject(context.active(), headers);
    const path = request.path + queryText(request.query);
    return this.#transport.send({ method: request.method, path, headers, body: bodyText(request.body) }, lane, signal);
  }

  #refusal(reply: TransportReply, text: string): { readonly status: number; readonly result: ClusterResult<never> } {
    const afterSeconds = retryAfterSeconds(reply.headers["retry-after"]);
    if (reply.statusCode === 429) this.#budget.pause(Math.min((afterSeconds ?? 0) * 1000, MAX_PAUSE_MS));
    const fault: ClusterFault = faultOfReply(reply.statusCode, jsonOrText(text), afterSeconds);
    return { status: reply.statusCode, result: refused(fault) };
  }
}

function nameOf({ method, path }: ApiRequest): string {
  return `${method} ${path}`;
}

/** Nothing was sent, so this says nothing about the server. */
function noTurnFault(request: ApiRequest, turn: Exclude<Turn, "granted">): ClusterFault {
  if (turn === "aborted") return { ...abortedFault(nameOf(request)), isSent: false };
  const detail = `${nameOf(request)}: not sent, for a minute it was not its turn among our requests to this API server`;
  return { kind: "unavailable", detail, isSent: false };
}

/** A result that also knows whether the connection, not the server, failed. */
type Answer<T> = ClusterResult<T> & { readonly isConnectionFault?: boolean };

/** Aborts when the caller aborts or after `timeoutMs`, whichever is first; cheaper than `AbortSignal.any` per request. */
class Deadline {
  isOver = false;
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout;
  #endsMs: number;
  readonly #caller: AbortSignal;

  constructor(timeoutMs: number, caller: AbortSignal) {
    this.#caller = caller;
    this.#endsMs = performance.now() + timeoutMs;
    this.#timer = setTimeout(this.#expire, timeoutMs);
    caller.addEventListener("abort", this.abort, { once: true });
    if (caller.aborted) this.abort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Shortens the time limit to this time from now, if it is longer. */
  endWithin(ms: number): void {
    if (performance.now() + ms >= this.#endsMs) return;
    clearTimeout(this.#timer);
    this.#endsMs = performance.now() + ms;
    this.#timer = setTimeout(this.#expire, ms);
  }

  readonly #expire = (): void => {
    this.isOver = true;
    this.abort();
  };

  /** Aborts the signal. */
  readonly abort = (): void => {
    this.end();
    this.#controller.abort();
  };

  /** Removes the time limit; the caller's abort still counts. */
  lift(): void {
    clearTimeout(this.#timer);
  }

  /** Ends the deadline and forgets the caller, whose signal may live much longer. */
  end(): void {
    this.lift();
    this.#caller.removeEventListener("abort", this.abort);
  }
}

/** JSON.stringify is several times faster without a replacer, and refuses a bigint by throwing. */
function bodyText(body: JsonObject | undefined): string | undefined {
  if (body === undefined) return undefined;
  try {
    return JSON.stringify(body);
  } catch {
    return formatJson(body); // holds an integer beyond 2^53
  }
}

function jsonOrText(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch {
    return text; // "404 page not found", or a proxy's HTML
  }
}

function queryText(query: ApiRequest["query"]): string {
  const given = Object.entries(query ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
}
