/**
 * One span per request of a run, below the step that sends it; its context goes with the request, so that the API server's
 * own spans join. What is sent outside a run (lists, watches, discovery) is not traced. Paths name objects, never values.
 */
import { SpanKind, SpanStatusCode, trace, type Span } from "@opentelemetry/api";
import type { ClusterResult } from "../../engine/ports/object-store.ts";

/** What a span says of a request. */
export interface TracedRequest {
  readonly method: string;
  readonly path: string;
  readonly verb: string;
  readonly kind: string;
}

/** @param act - sends the request; gets the span to note the answer's status code on */
export function withCallSpan<T extends ClusterResult<unknown>>(
  { method, path, verb, kind }: TracedRequest,
  act: (span: Span | undefined) => Promise<T>,
): Promise<T> {
  if (trace.getActiveSpan() === undefined) return act(undefined);
  const attributes = { "http.request.method": method, "url.path": path, "koreo.verb": verb, "koreo.kind": kind };
  const options = { kind: SpanKind.CLIENT, attributes };
  return trace.getTracer("koreo-cluster").startActiveSpan(`${method} ${kind}`, options, async (span) => {
    const result = await act(span);
    if (result.kind === "fault") {
      span.setAttribute("error.type", result.fault.kind);
      if (result.fault.kind !== "notFound") span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
    return result;
  });
}
