/**
 * One span per request of a run, below the step that sends it; its context goes with the request, so that the API server's
 * own spans join. What waits before it, for its turn or for discovery, has spans of its own. What is sent outside a run
 * (lists, watches, discovery) is not traced. Paths name objects, never values.
 */
import { SpanKind, SpanStatusCode, type Span } from "@opentelemetry/api";
import type { ClusterResult } from "../../engine/ports/object-store.ts";
import { ATTRIBUTE, isTraced, noteSpan, withSpan } from "../../engine/telemetry.ts";

/** What a span says of a request. */
export interface TracedRequest {
  readonly method: string;
  readonly path: string;
  readonly verb: string;
  readonly kind: string;
}

/** Shorter waits for a turn, in milliseconds, are none. */
const MIN_WAIT_MS = 0.5;

/**
 * @param request - what is sent
 * @param server - the API server, whose host and port the span names
 * @param act - sends the request; gets the span to note the answer's status code on
 */
export function withCallSpan<T extends ClusterResult<unknown>>(
  request: TracedRequest,
  server: URL,
  act: (span: Span | undefined) => Promise<T>,
): Promise<T> {
  if (!isTraced()) return act(undefined);
  const { method, path, verb, kind } = request;
  const attributes = {
    "http.request.method": method,
    "url.path": path,
    "server.address": server.hostname,
    "server.port": Number(server.port) || (server.protocol === "http:" ? 80 : 443),
    ...namespaceOf(path),
    "koreo.verb": verb,
    "koreo.kind": kind,
  };
  const name = kind === "" ? `${method} discovery` : `${method} ${kind}`;
  return withSpan(
    name,
    attributes,
    async (span) => {
      const result = await act(span);
      if (result.kind === "fault") {
        span.setAttribute("error.type", result.fault.kind);
        if (result.fault.kind !== "notFound") span.setStatus({ code: SpanStatusCode.ERROR });
      }
      return result;
    },
    SpanKind.CLIENT,
  );
}

/** Notes that a request of a run waited for its turn: the budget of requests, or a pause the server asked for. */
export function noteTurnWait(ms: number): void {
  if (ms >= MIN_WAIT_MS) noteSpan("koreo.request.wait", (now) => [now - ms, now], {});
}

/** Waiting for what the server says of its kinds; one reader serves all who wait. */
export function withDiscoverySpan<T>(group: string, act: () => Promise<T>): Promise<T> {
  if (!isTraced()) return act();
  return withSpan("koreo.discovery.wait", { "koreo.path": group }, act);
}

function namespaceOf(path: string): Record<string, string> {
  const namespace = /\/namespaces\/([^/]+)\/./.exec(path)?.[1];
  return namespace === undefined ? {} : { [ATTRIBUTE.namespace]: decodeURIComponent(namespace) };
}
