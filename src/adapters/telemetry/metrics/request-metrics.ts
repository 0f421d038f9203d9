/** Requests to the API server, as client-go counts them, and by kind. */
import { Counter, Histogram } from "prom-client";
import { BoundedLabel, type MetricsRegistry } from "./exposition.ts";

const BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30];
const MAX_KINDS = 300;

/** One finished request. `status` is 0 when no answer came. */
export interface CountedRequest {
  readonly method: string;
  readonly verb: string;
  readonly kind: string;
  readonly status: number;
  readonly durationMs: number;
}

/**
 * @param host - of the API server
 * @returns a function to call for every finished request
 */
export function requestMetrics(registry: MetricsRegistry, host: string): (request: CountedRequest) => void {
  const registers = [registry as never];
  const kinds = new BoundedLabel(MAX_KINDS);
  const total = new Counter({
    name: "rest_client_requests_total",
    help: "Requests to the API server by status code and method; the code is <error> when no answer came.",
    labelNames: ["code", "method", "host"],
    registers,
  });
  const seconds = new Histogram({
    name: "rest_client_request_duration_seconds",
    help: "How long requests to the API server take, from sending to the last byte.",
    labelNames: ["verb", "host"],
    buckets: BUCKETS,
    registers,
  });
  const byKind = new Counter({
    name: "koreo_api_requests_total",
    help: "Requests to the API server by what is done to which kind.",
    labelNames: ["verb", "kind", "code"],
    registers,
  });
  return ({ method, verb, kind, status, durationMs }) => {
    const code = status === 0 ? "<error>" : String(status);
    total.inc({ code, method, host });
    byKind.inc({ verb, kind: kinds.of(kind), code });
    if (verb !== "watch") seconds.observe({ verb: method, host }, durationMs / 1000);
  };
}
