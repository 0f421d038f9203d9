/**
 * The HTTP server: bounds everything that a stranger may send, then handles route, caller, rights and answer. Every
 * refusal is a problem document, including those of Node's own parser.
 */
import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { formatJson, type JsonValue } from "../../core/json.ts";
import type { Logger } from "../../engine/ports/logger.ts";
import { ANYBODY, type Authenticator, type Caller } from "./auth.ts";
import { within } from "./deadline.ts";
import { Problem, problemOf, PROBLEM_TYPE, unavailable } from "./problem.ts";
import type { Call, Route } from "./route.ts";
import { routeRequest } from "./router.ts";
import type { EventHub } from "./stream.ts";

export interface ServerParts {
  readonly routes: readonly Route[];
  readonly authenticator: Authenticator;
  readonly hub: EventHub;
  readonly log: Logger;
  /** Called for every answer. `route` is its operation, or "none". */
  readonly observe: (answer: { readonly route: string; readonly status: number; readonly durationMs: number }) => void;
}

export interface ServerLimits {
  /** Most requests at once; streams do not count. */
  readonly maxRequests: number;
  readonly maxConnections: number;
  /** Time from the last byte of the request to the answer. */
  readonly answerWithinMs: number;
  /** How long a refused connection may stay open. */
  readonly lingerMs: number;
}

export const SERVER_LIMITS: ServerLimits = {
  maxRequests: 64,
  maxConnections: 512,
  answerWithinMs: 10_000,
  lingerMs: 1000,
};

const HEADERS_WITHIN_MS = 5000;
const IDLE_MS = 30_000;
/** Enough for a bearer token with many groups. */
const MAX_HEADER_BYTES = 32_768;

/** Headers of every answer: it belongs to one caller, is outdated at once, and must not be rendered by a browser. */
const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
};

export interface ApiServer {
  /** The port that it listens on. */
  readonly port: number;
  /** Ends streams, gives answers a moment to finish, then cuts the rest. */
  close(): Promise<void>;
}

const CLOSE_WITHIN_MS = 2000;

/** @throws Error when the address or the port is not available */
export async function startServer(
  parts: ServerParts,
  place: { readonly bind: string; readonly port: number },
  limits: ServerLimits = SERVER_LIMITS,
): Promise<ApiServer> {
  const ending = new AbortController();
  const desk = new Desk(parts, limits, ending.signal);
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_WITHIN_MS,
      requestTimeout: HEADERS_WITHIN_MS,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: IDLE_MS,
    },
    (request, response) => void desk.serve(request, response),
  );
  server.maxConnections = limits.maxConnections;
  server.on("clientError", (error: { readonly code?: string }, socket) => refuseRaw(error.code, socket, limits));
  server.on("checkExpectation", (request, response) => void desk.serve(request, response));
  server.on("upgrade", (_request, socket) => refuseUpgrade(socket, limits));
  await listen(server, place);
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : place.port,
    close: async () => {
      ending.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), CLOSE_WITHIN_MS);
      await closed;
      clearTimeout(cut);
    },
  };
}

/** Handles each request. */
class Desk {
  readonly #parts: ServerParts;
  readonly #limits: ServerLimits;
  readonly #ending: AbortSignal;
  #working = 0;

  constructor(parts: ServerParts, limits: ServerLimits, ending: AbortSignal) {
    this.#parts = parts;
    this.#limits = limits;
    this.#ending = ending;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startMs = performance.now();
    const seen = { route: "none" };
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    try {
      await this.#answer(request, response, seen);
    } catch (error) {
      const problem = problemOf(error) ?? this.#bug(error, seen.route);
      if (response.headersSent || response.destroyed) response.destroy();
      else sendProblem(problem, response);
    }
    this.#parts.observe({ route: seen.route, status: response.statusCode, durationMs: performance.now() - startMs });
  }

  #bug(error: unknown, route: string): Problem {
    this.#parts.log.error({ route, error }, "answering failed: this is a bug in Koreo Cluster, please report it");
    return new Problem(500, "this is a bug in Koreo Cluster; its log says more");
  }

  async #answer(request: IncomingMessage, response: ServerResponse, seen: { route: string }): Promise<void> {
    refuseBody(request, response);
    const { route, parameters } = routeRequest(this.#parts.routes, request.method ?? "", request.url ?? "");
    seen.route = route.operationId;
    if (this.#working >= this.#limits.maxRequests) throw unavailable("too many requests at once", 1);
    this.#working += 1;
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      const identify = () =>
        route.isPublic === true ? Promise.resolve(ANYBODY) : this.#parts.authenticator.identify(request.headers);
      const signal = AbortSignal.any([this.#ending, gone.signal, AbortSignal.timeout(this.#limits.answerWithinMs)]);
      const caller = await within(signal, "asking who you are", identify());
      const renew = () => identify().then(() => true, isStillKnown);
      const call: Call = { caller, renew, signal };
      if ("answer" in route) {
        const may: Caller["may"] = (right) => within(signal, "asking what you may", caller.may(right));
        sendJson(await route.handle(parameters, { ...call, caller: { may } }), response);
        return;
      }
      const filter = await route.handle(parameters, call);
      this.#parts.hub.checkRoom(caller.user);
      if (request.method === "HEAD") return void response.writeHead(200, { "content-type": "text/event-stream" }).end();
      this.#working -= 1; // a stream may last for hours; the hub has its own bounds
      try {
        await this.#parts.hub.serve(response, { ...filter, user: caller.user }, this.#ending);
      } finally {
        this.#working += 1;
      }
    } finally {
      this.#working -= 1;
    }
  }
}

/** A refusal means that the caller is no longer accepted; any other error says nothing about the caller. */
function isStillKnown(error: unknown): boolean {
  if (error instanceof Problem && error.status >= 400 && error.status < 500) return false;
  throw error;
}

/** No route accepts a body, so none is read. */
function refuseBody({ headers }: IncomingMessage, response: ServerResponse): void {
  const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
  if (!hasBody) return;
  response.setHeader("connection", "close");
  throw new Problem(413, "this API only reads: send no body");
}

function sendJson(value: unknown, response: ServerResponse): void {
  const body = formatJson(value as JsonValue);
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) }).end(body);
}

function sendProblem(problem: Problem, response: ServerResponse): void {
  const body = JSON.stringify(problem.document);
  const length = Buffer.byteLength(body);
  response.writeHead(problem.status, { "content-type": PROBLEM_TYPE, "content-length": length, ...problem.headers });
  response.end(body);
}

/** Input that is not HTTP, or is too large, never becomes a request. */
function refuseRaw(code: string | undefined, socket: Duplex, { lingerMs }: ServerLimits): void {
  if (!socket.writable) return void socket.destroy();
  const problem = rawProblem(code);
  const { status } = problem;
  const body = JSON.stringify(problem.document);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  // Long enough to be read. The server has no timer for this socket, and a client need not close its side.
  const cut = setTimeout(() => socket.destroy(), lingerMs);
  socket.resume().once("close", () => clearTimeout(cut));
}

/** Node releases a socket that asks for another protocol: nobody else listens for its errors. */
function refuseUpgrade(socket: Duplex, limits: ServerLimits): void {
  socket.on("error", () => socket.destroy());
  refuseRaw("UPGRADE", socket, limits);
}

function rawProblem(code: string | undefined): Problem {
  if (code === "HPE_HEADER_OVERFLOW")
    return new Problem(431, `address and headers are more than ${MAX_HEADER_BYTES} bytes`);
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return new Problem(408, "the request did not come to its end in time");
  if (code === "UPGRADE") return new Problem(400, "no other protocol is spoken here");
  return new Problem(400, "this is no HTTP request");
}

function listen(server: Server, { bind, port }: { readonly bind: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const said = {
        EADDRINUSE: `port ${port} is in use: choose another with --api-port`,
        EADDRNOTAVAIL: `${bind} is no address of this machine: choose another with --bind`,
        ENOTFOUND: `${bind} is no address: choose another with --bind`,
      }[error.code ?? ""];
      reject(said === undefined ? error : new Error(said, { cause: error }));
    });
    server.listen(port, bind, () => resolve());
  });
}
