/** What the HTTP API answers, and who listens to its events. */
import { Counter, Gauge, Histogram } from "prom-client";
import type { MetricsRegistry } from "./exposition.ts";

const BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** One answer. `route` is one of the API's operations, or "none". */
export interface AnsweredRequest {
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
}

/** @returns a function to call for every answer; a stream counts when it ends, but its duration does not */
export function serverMetrics(
  registry: MetricsRegistry,
  streams: { readonly clients: () => number; readonly dropped: () => number },
): (answered: AnsweredRequest) => void {
  const registers = [registry as never];
  const total = new Counter({
    name: "koreo_http_requests_total",
    help: "Requests to the HTTP API by operation and status.",
    labelNames: ["route", "code"],
    registers,
  });
  const seconds = new Histogram({
    name: "koreo_http_request_duration_seconds",
    help: "How long answers of the HTTP API take.",
    labelNames: ["route"],
    buckets: BUCKETS,
    registers,
  });
  new Gauge({
    name: "koreo_http_event_clients",
    help: "Clients that listen to server-sent events.",
    registers,
    collect() {
      this.set(streams.clients());
    },
  });
  new Counter({
    name: "koreo_http_event_clients_dropped_total",
    help: "Clients that were let go because they did not read their events.",
    registers,
    collect() {
      this.reset();
      this.inc(streams.dropped());
    },
  });
  return ({ route, status, durationMs }) => {
    total.inc({ route, code: String(status) });
    if (route !== "watchChanges") seconds.observe({ route }, durationMs / 1000);
  };
}
