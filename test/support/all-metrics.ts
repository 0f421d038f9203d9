/** Every metric that our processes have, of all roles in one registry, with nothing measured yet. */
import { createRegistry, type MetricsRegistry } from "../../src/adapters/telemetry/metrics/exposition.ts";
import { expressionMetrics } from "../../src/adapters/telemetry/metrics/expression-metrics.ts";
import { countedQueue, queueMetrics } from "../../src/adapters/telemetry/metrics/queue-metrics.ts";
import { readinessMetric } from "../../src/adapters/telemetry/metrics/readiness-metric.ts";
import { requestMetrics } from "../../src/adapters/telemetry/metrics/request-metrics.ts";
import { RunMetrics } from "../../src/adapters/telemetry/metrics/run-metrics.ts";
import { serverMetrics } from "../../src/adapters/telemetry/metrics/server-metrics.ts";
import { timedState } from "../../src/adapters/telemetry/metrics/state-metrics.ts";
import { definitionMetrics, streamMetrics, watchMetrics } from "../../src/adapters/telemetry/metrics/watch-metrics.ts";
import { compileCatalog } from "../../src/core/plan/catalog.ts";
import type { ReconcileQueue } from "../../src/engine/ports/reconcile-queue.ts";

export interface DescribedMetric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

export function allMetrics(): readonly DescribedMetric[] {
  const registry = createRegistry();
  register(registry);
  return registry.getMetricsAsArray().map((metric) => {
    // What the library's types leave out of what it returns.
    const { name, type, help, labelNames } = metric as unknown as Omit<DescribedMetric, "labels"> & {
      readonly labelNames: readonly string[];
    };
    return { name, type, help, labels: labelNames };
  });
}

function register(registry: MetricsRegistry): void {
  const queue: ReconcileQueue = {
    enqueue: () => Promise.resolve(),
    stats: () => Promise.reject(new Error("nobody asks")),
    load: () => Promise.resolve([]),
    page: () => Promise.resolve({ keys: [], next: undefined }),
  };
  const catalog = () => compileCatalog([], { namespaces: [] });
  queueMetrics(registry, countedQueue(registry, queue, "koreo"), "koreo");
  readinessMetric(registry, "koreo", () => true);
  requestMetrics(registry, "api:6443");
  streamMetrics(registry);
  new RunMetrics(registry, { name: "koreo", nowMs: () => 0, concurrency: 1, catalog });
  expressionMetrics(registry);
  timedState(registry, { queue }, () => undefined);
  watchMetrics(registry, { streams: () => [], heartbeatAgeMs: () => undefined }, "koreo");
  serverMetrics(registry, { clients: () => 0, dropped: () => 0 });
  definitionMetrics(registry, catalog);
}
