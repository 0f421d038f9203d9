/** Errors as RFC 9457 problem documents: the answer to every request that fails. Never contains a stack or a value. */
import { STATUS_CODES, type OutgoingHttpHeaders } from "node:http";
import { StoreUnavailable } from "../../engine/ports/key-store.ts";
import type { ClusterFault } from "../../engine/ports/object-store.ts";
import { count, named, record, text, type TypeOf } from "./schema.ts";

export const PROBLEM_TYPE = "application/problem+json";

export const PROBLEM = named(
  "Problem",
  record("Why a request was not answered (RFC 9457).", {
    title: text("What the status means."),
    status: count("HTTP status.", { minimum: 400, maximum: 599 }),
    detail: text("What is wrong here, and what would do."),
  }),
);

export type ProblemDocument = TypeOf<typeof PROBLEM>;

/** May be thrown anywhere during a request; becomes its answer. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;

  constructor(status: number, detail: string, headers: OutgoingHttpHeaders = {}) {
    super(detail);
    this.status = status;
    this.headers = headers;
  }

  get document(): ProblemDocument {
    return { title: STATUS_CODES[this.status] ?? "Error", status: this.status, detail: this.message };
  }
}

/** Seconds after which a caller may retry what a busy or absent server refused. */
const RETRY_SECONDS = 2;

export function unavailable(detail: string, afterSeconds = RETRY_SECONDS): Problem {
  return new Problem(503, detail, { "retry-after": String(Math.max(1, Math.ceil(afterSeconds))) });
}

/**
 * Turns the API server's refusal of our own request into the answer to the caller's.
 *
 * @param what - what was requested, such as `Widget apps/one`
 */
export function problemOfFault(fault: ClusterFault, what: string): Problem {
  switch (fault.kind) {
    case "notFound":
    case "unknownKind":
      return new Problem(404, `${what}: ${fault.detail}`);
    case "expired":
      return new Problem(410, `${what}: the list has changed too much to go on; begin again without "continue"`);
    case "forbidden":
      return new Problem(502, `${what}: the API's own account lacks a right: ${fault.detail}`);
    case "throttled":
      return unavailable(`${what}: ${fault.detail}`, fault.afterSeconds);
    case "unavailable":
      return unavailable(`${what}: ${fault.detail}`);
    case "aborted":
      return new Problem(504, `${what}: the Kubernetes API server gave no answer in time`);
    case "invalid":
    case "conflict":
    case "alreadyExists":
      return new Problem(502, `${what}: ${fault.detail}`);
  }
}

/** Turns anything thrown into a problem; undefined for a bug of ours. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  if (error instanceof StoreUnavailable) return unavailable(`the shared state on Redis: ${error.message}`);
  return undefined;
}
