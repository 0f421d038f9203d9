/** What runs are measured with: names, help texts, labels and buckets. What is counted when, `run-metrics.ts` says. */
import { Counter, Gauge, Histogram, type LabelValues } from "prom-client";
import type { Outcome } from "../../../core/outcome.ts";
import type { MetricsRegistry } from "./exposition.ts";

/** Seconds; those of controller-runtime, coarser. */
const RUN_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
/** Seconds; those of client-go's queue. */
const QUEUE_BUCKETS = [0.001, 0.01, 0.1, 0.5, 1, 5, 10, 60, 300, 1800];
/** Seconds from a change to Ready. */
const READY_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200];

const RESULTS = ["success", "error", "requeue", "requeue_after"] as const;
export const OUTCOMES: readonly Outcome["kind"][] = ["ok", "skip", "depSkip", "retry", "permFail"];

/**
 * Runs by kind of trigger, as controller-runtime tells of them.
 *
 * @param controllers - known kinds: they count from zero
 */
export function controllerInstruments(registry: MetricsRegistry, controllers: () => readonly string[]) {
  const counter = countersIn(registry);
  const known = () => controllers().map((controller) => ({ controller }));
  return {
    total: counter(
      "controller_runtime_reconcile_total",
      "Runs by kind of trigger and result: success, error, requeue, requeue_after.",
      ["controller", "result"],
      () => known().flatMap((labels) => RESULTS.map((result) => ({ ...labels, result }))),
    ),
    errors: counter(
      "controller_runtime_reconcile_errors_total",
      "Runs that failed or came to permFail, by kind of trigger.",
      ["controller"],
      known,
    ),
    terminal: counter(
      "controller_runtime_terminal_reconcile_errors_total",
      "Runs that came to permFail: trying again cannot help.",
      ["controller"],
      known,
    ),
    seconds: new Histogram({
      name: "controller_runtime_reconcile_time_seconds",
      help: "How long runs take, by kind of trigger.",
      labelNames: ["controller"],
      buckets: RUN_BUCKETS,
      enableExemplars: true,
      registers: [registry],
    }),
  };
}

/** As client-go's queue tells of itself. */
export function workqueueInstruments(registry: MetricsRegistry) {
  const counter = countersIn(registry);
  return {
    queued: new Histogram({
      name: "workqueue_queue_duration_seconds",
      help: "How long keys wait before they run.",
      labelNames: ["name"],
      buckets: QUEUE_BUCKETS,
      enableExemplars: true,
      registers: [registry],
    }),
    worked: new Histogram({
      name: "workqueue_work_duration_seconds",
      help: "How long a key is worked on.",
      labelNames: ["name"],
      buckets: RUN_BUCKETS,
      registers: [registry],
    }),
    retries: counter("workqueue_retries_total", "Runs of keys whose run before had failed.", ["name"]),
  };
}

/** What the newest definitions may come to counts from zero, or a first failure would be no increase. */
export interface KnownSeries {
  readonly workflows: () => readonly string[];
  readonly steps: () => readonly { readonly workflow: string; readonly step: string }[];
}

export function koreoInstruments(registry: MetricsRegistry, { workflows, steps }: KnownSeries) {
  const counter = countersIn(registry);
  return {
    outcomes: counter(
      "koreo_workflow_outcomes_total",
      "What Workflows came to, for triggers of their own.",
      ["workflow", "outcome"],
      () => workflows().flatMap((workflow) => OUTCOMES.map((outcome) => ({ workflow, outcome }))),
    ),
    stepOutcomes: counter(
      "koreo_step_outcomes_total",
      "What the calls of steps came to; each item of a forEach is a call.",
      ["workflow", "step", "outcome"],
      () => steps().flatMap((step) => OUTCOMES.map((outcome) => ({ ...step, outcome }))),
    ),
    ready: new Histogram({
      name: "koreo_change_to_ready_seconds",
      help: "From the first change that a Workflow answers until its trigger is Ready.",
      labelNames: ["workflow"],
      buckets: READY_BUCKETS,
      enableExemplars: true,
      registers: [registry],
    }),
    interruptions: counter(
      "koreo_run_interruptions_total",
      "Runs that could not go on: superseded by a newer one, lease lost, or handed back by a draining worker.",
      ["reason"],
    ),
  };
}

/** What a worker does just now. */
export interface WorkerView {
  /** Of the installation. */
  readonly name: string;
  readonly concurrency: number;
  /** For how many seconds each of the running keys has been running. */
  readonly ages: () => readonly number[];
}

export function workerGauges(registry: MetricsRegistry, { name, concurrency, ages }: WorkerView): void {
  const gauge = (metric: string, help: string, value: () => number) =>
    new Gauge({
      name: metric,
      help,
      labelNames: ["name"],
      registers: [registry],
      collect() {
        this.set({ name }, value());
      },
    });
  gauge("workqueue_unfinished_work_seconds", "Sum of how long the running keys have been running.", () =>
    ages().reduce((sum, age) => sum + age, 0),
  );
  gauge("workqueue_longest_running_processor_seconds", "How long the longest running key has been running.", () =>
    Math.max(0, ...ages()),
  );
  gauge("koreo_worker_running_keys", "Keys that this worker runs now.", () => ages().length);
  gauge("koreo_worker_concurrency", "How many keys this worker may run at once.", () => concurrency);
}

function countersIn(registry: MetricsRegistry) {
  /** @param known - labels that count from zero, asked on every scrape */
  return <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    known: () => readonly LabelValues<L>[] = () => [],
  ) =>
    new Counter({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        for (const labels of known()) this.inc(labels, 0);
      },
    });
}
