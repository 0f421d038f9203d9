/** The metrics of one process, as OpenMetrics: what `/metrics` answers. */
import { trace } from "@opentelemetry/api";
import { collectDefaultMetrics, Registry, type OpenMetricsContentType } from "prom-client";

/** A registry that speaks OpenMetrics: only that format has exemplars. */
export type MetricsRegistry = Registry<OpenMetricsContentType>;

/** @returns a registry with Node's own metrics of the process */
export function createRegistry(): MetricsRegistry {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  collectDefaultMetrics({ register: registry as unknown as Registry });
  return registry;
}

/** The trace of the run that is under way, for the exemplar of an observation; undefined when it is not sampled. */
export function exemplar(): { readonly trace_id: string; readonly span_id: string } | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || (span.traceFlags & 1) === 0) return undefined;
  return { trace_id: span.traceId, span_id: span.spanId };
}

/** Keeps the number of series of a metric bounded: whatever is beyond `max` different values counts as "other". */
export class BoundedLabel {
  readonly #max: number;
  readonly #seen = new Set<string>();

  constructor(max: number) {
    this.#max = max;
  }

  of(value: string): string {
    if (this.#seen.has(value)) return value;
    if (this.#seen.size >= this.#max) return "other";
    this.#seen.add(value);
    return value;
  }
}
