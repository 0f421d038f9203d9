/**
 * One span per request of a run, below the step that sends it; its context goes with the request, so that the API
 * server's own spans join. The wait before sending is not part of it. Requests outside a run (lists, watches) are not
 * traced. Paths name objects, never values.
 */
import { SpanKind, SpanStatusCode, type Span } from "@opentelemetry/api";
import type { ClusterResult } from "../../engine/ports/object-store.ts";
import { ATTRIBUTE, isTraced, withSpan } from "../../engine/telemetry.ts";

/** What a span says about a request. */
export interface TracedRequest {
  readonly method: string;
  readonly path: string;
  readonly verb: string;
  readonly kind: string;
}

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

function namespaceOf(path: string): Record<string, string> {
  const namespace = /\/namespaces\/([^/]+)\/./.exec(path)?.[1];
  return namespace === undefined ? {} : { [ATTRIBUTE.namespace]: decodeURIComponent(namespace) };
}
