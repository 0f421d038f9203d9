/** Counts the expressions that cost too much. */
import { Counter } from "prom-client";
import { overspendCounts } from "../../../core/cel/budget.ts";
import type { MetricsRegistry } from "./exposition.ts";

export function expressionMetrics(registry: MetricsRegistry): void {
  new Counter({
    name: "koreo_expression_budget_faults_total",
    help: "Evaluations that were ended because they spent their budget of steps, of bytes of text, or of depth.",
    labelNames: ["part"],
    registers: [registry],
    collect() {
      this.reset();
      for (const [part, count] of Object.entries(overspendCounts())) this.inc({ part }, count);
    },
  });
}
