/** Whether a process is ready. The one metric of ours that is there while a process still waits for Redis. */
import { Gauge } from "prom-client";
import type { MetricsRegistry } from "./exposition.ts";

/**
 * @param name - of the installation
 * @param isReady - the answer of `/readyz`; every scrape asks
 */
export function readinessMetric(registry: MetricsRegistry, name: string, isReady: () => boolean): void {
  new Gauge({
    name: "koreo_ready",
    help: "1 while this process is ready, as /readyz says, else 0; there from the start of every process.",
    labelNames: ["name"],
    registers: [registry],
    collect() {
      this.set({ name }, isReady() ? 1 : 0);
    },
  });
}
