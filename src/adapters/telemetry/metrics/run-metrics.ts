/**
 * Runs, as dashboards made for controller-runtime know them (`controller_runtime_*`, `workqueue_*`), and what Workflows and
 * their steps come to. `controller` is the kind of the trigger with its group.
 */
import { Counter, Gauge, Histogram } from "prom-client";
import type { GroupKind } from "../../../core/object-key.ts";
import type { Outcome } from "../../../core/outcome.ts";
import type { Catalog } from "../../../core/plan/catalog.ts";
import type { Interruption } from "../../../engine/ports/reconcile-queue.ts";
import type {
  AskedLock,
  EndedCall,
  EndedRun,
  EndedWorkflow,
  RunObserver,
  StartedRun,
  WrittenObject,
} from "../../../engine/run-context.ts";
import { WriteMetrics } from "./write-metrics.ts";
import { BoundedLabel, exemplar, type MetricsRegistry } from "./exposition.ts";

/** Seconds; those of controller-runtime, coarser. */
const RUN_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
/** Seconds; those of client-go's queue. */
const QUEUE_BUCKETS = [0.001, 0.01, 0.1, 0.5, 1, 5, 10, 60, 300, 1800];
/** Seconds from a change to Ready. */
const READY_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200];
/** So many Workflows, and so many of their steps, have series of their own. */
const MAX_SERIES = 500;

export interface RunMetricsOptions {
  /** Of the installation: the label `name` of `workqueue_*`. */
  readonly name: string;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  readonly concurrency: number;
  /** The newest definitions: what they may come to counts from zero, or a first failure would be no increase. */
  readonly catalog: () => Catalog;
}

const RESULTS = ["success", "error", "requeue", "requeue_after"] as const;
const OUTCOMES: readonly Outcome["kind"][] = ["ok", "skip", "depSkip", "retry", "permFail"];
const INTERRUPTIONS: readonly Interruption[] = ["superseded", "lease-lost", "draining"];

export class RunMetrics implements RunObserver {
  readonly #options: RunMetricsOptions;
  readonly #running = new Map<StartedRun, number>();
  readonly #controllers = new BoundedLabel(MAX_SERIES);
  readonly #workflows = new BoundedLabel(MAX_SERIES);
  readonly #steps = new BoundedLabel(MAX_SERIES);
  readonly #total: Counter<"controller" | "result">;
  readonly #errors: Counter<"controller">;
  readonly #terminal: Counter<"controller">;
  readonly #seconds: Histogram<"controller">;
  readonly #queued: Histogram<"name">;
  readonly #worked: Histogram<"name">;
  readonly #retries: Counter<"name">;
  readonly #outcomes: Counter<"workflow" | "outcome">;
  readonly #stepOutcomes: Counter<"workflow" | "step" | "outcome">;
  readonly #ready: Histogram<"workflow">;
  readonly #interruptions: Counter<"reason">;
  readonly #writes: WriteMetrics;

  constructor(registry: MetricsRegistry, options: RunMetricsOptions) {
    this.#options = options;
    const registers = [registry as never];
    const { name } = options;
    this.#total = new Counter({
      name: "controller_runtime_reconcile_total",
      help: "Runs by kind of trigger and result: success, error, requeue, requeue_after.",
      labelNames: ["controller", "result"],
      registers,
      collect: () => {
        for (const controller of this.#knownControllers())
          for (const result of RESULTS) this.#total.inc({ controller, result }, 0);
      },
    });
    this.#errors = new Counter({
      name: "controller_runtime_reconcile_errors_total",
      help: "Runs that failed or came to permFail, by kind of trigger.",
      labelNames: ["controller"],
      registers,
      collect: () => {
        for (const controller of this.#knownControllers()) this.#errors.inc({ controller }, 0);
      },
    });
    this.#terminal = new Counter({
      name: "controller_runtime_terminal_reconcile_errors_total",
      help: "Runs that came to permFail: trying again cannot help.",
      labelNames: ["controller"],
      registers,
      collect: () => {
        for (const controller of this.#knownControllers()) this.#terminal.inc({ controller }, 0);
      },
    });
    this.#seconds = new Histogram({
      name: "controller_runtime_reconcile_time_seconds",
      help: "How long runs take, by kind of trigger.",
      labelNames: ["controller"],
      buckets: RUN_BUCKETS,
      enableExemplars: true,
      registers,
    });
    this.#queued = new Histogram({
      name: "workqueue_queue_duration_seconds",
      help: "How long keys wait before they run.",
      labelNames: ["name"],
      buckets: QUEUE_BUCKETS,
      enableExemplars: true,
      registers,
    });
    this.#worked = new Histogram({
      name: "workqueue_work_duration_seconds",
      help: "How long a key is worked on.",
      labelNames: ["name"],
      buckets: RUN_BUCKETS,
      registers,
    });
    this.#retries = new Counter({
      name: "workqueue_retries_total",
      help: "Runs of keys whose run before had failed.",
      labelNames: ["name"],
      registers,
    });
    this.#outcomes = new Counter({
      name: "koreo_workflow_outcomes_total",
      help: "What Workflows came to, for triggers of their own.",
      labelNames: ["workflow", "outcome"],
      registers,
      collect: () => {
        for (const workflow of this.#knownWorkflows())
          for (const outcome of OUTCOMES) this.#outcomes.inc({ workflow, outcome }, 0);
      },
    });
    this.#stepOutcomes = new Counter({
      name: "koreo_step_outcomes_total",
      help: "What the calls of steps came to; each item of a forEach is a call.",
      labelNames: ["workflow", "step", "outcome"],
      registers,
      collect: () => {
        for (const step of this.#knownSteps())
          for (const outcome of OUTCOMES) this.#stepOutcomes.inc({ ...step, outcome }, 0);
      },
    });
    this.#ready = new Histogram({
      name: "koreo_change_to_ready_seconds",
      help: "From the first change that a Workflow answers until its trigger is Ready.",
      labelNames: ["workflow"],
      buckets: READY_BUCKETS,
      enableExemplars: true,
      registers,
    });
    this.#interruptions = new Counter({
      name: "koreo_run_interruptions_total",
      help: "Runs that could not go on: superseded by a newer one, lease lost, or handed back by a draining worker.",
      labelNames: ["reason"],
      registers,
    });
    this.#writes = new WriteMetrics(registry, () => this.#options.catalog().managedKinds);
    this.#gauges(registers);
    this.#retries.inc({ name }, 0);
    for (const reason of INTERRUPTIONS) this.#interruptions.inc({ reason }, 0);
  }

  runStarted(run: StartedRun): void {
    const { name } = this.#options;
    this.#running.set(run, this.#options.nowMs());
    observe(this.#queued, { name }, run.waitedMs / 1000);
    if (run.failures > 0) this.#retries.inc({ name });
  }

  runEnded(run: StartedRun, { ms, outcome, report, interruption }: EndedRun): void {
    const controller = this.#controllerOf(run);
    const seconds = ms / 1000;
    this.#running.delete(run);
    this.#total.inc({ controller, result: resultOf(outcome, report) });
    // As controller-runtime counts: a terminal error is an error too.
    if (report === "failed" || outcome === "permFail") this.#errors.inc({ controller });
    if (outcome === "permFail") this.#terminal.inc({ controller });
    if (interruption !== undefined) this.#interruptions.inc({ reason: interruption });
    observe(this.#seconds, { controller }, seconds);
    this.#worked.observe({ name: this.#options.name }, seconds);
  }

  workflowEnded({ workflow: { namespace, name }, outcome, changeToNowMs }: EndedWorkflow): void {
    const workflow = this.#workflows.of(`${namespace}/${name}`);
    this.#outcomes.inc({ workflow, outcome: outcome.kind });
    const isReady = outcome.kind === "ok" || outcome.kind === "skip";
    if (!isReady || changeToNowMs === undefined) return;
    observe(this.#ready, { workflow }, Math.max(0, changeToNowMs) / 1000);
  }

  callEnded({ workflow, step, outcome }: EndedCall): void {
    const known = this.#stepOf(workflow, step.label);
    for (const each of OUTCOMES) this.#stepOutcomes.inc({ ...known, outcome: each }, each === outcome.kind ? 1 : 0);
  }

  wrote(_plan: unknown, action: string, what: WrittenObject): void {
    this.#writes.wrote(action, what);
  }

  lockAsked(asked: AskedLock): void {
    this.#writes.lockAsked(asked);
  }

  #knownControllers(): readonly string[] {
    return this.#options.catalog().triggerKinds.map((kind) => this.#controllerOf(kind));
  }

  #knownWorkflows(): readonly string[] {
    const { entries } = this.#options.catalog();
    const workflows = entries.filter(({ source }) => source.kind === "Workflow");
    return workflows.map(({ source: { namespace, name } }) => this.#workflows.of(`${namespace}/${name}`));
  }

  #knownSteps(): readonly { readonly workflow: string; readonly step: string }[] {
    return this.#options.catalog().entries.flatMap(({ compiled }) => {
      if (compiled.kind !== "Workflow" || compiled.prepared.kind !== "ready") return [];
      const { plan } = compiled.prepared;
      return plan.steps.map(({ label }) => this.#stepOf(plan, label));
    });
  }

  #stepOf({ namespace, name }: { readonly namespace: string; readonly name: string }, step: string) {
    const label = this.#steps.of(`${namespace}/${name}/${step}`);
    return label === "other" ? { workflow: label, step: label } : { workflow: `${namespace}/${name}`, step };
  }

  #controllerOf({ kind, group }: GroupKind): string {
    return this.#controllers.of(group === "" ? kind.toLowerCase() : `${kind.toLowerCase()}.${group}`);
  }

  #gauges(registers: never[]): void {
    const { name, nowMs, concurrency } = this.#options;
    const running = this.#running;
    const ages = () => [...running.values()].map((since) => (nowMs() - since) / 1000);
    const gauge = (metric: string, help: string, value: () => number) =>
      new Gauge({
        name: metric,
        help,
        labelNames: ["name"],
        registers,
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
    gauge("koreo_worker_running_keys", "Keys that this worker runs now.", () => running.size);
    gauge("koreo_worker_concurrency", "How many keys this worker may run at once.", () => concurrency);
  }
}

/** Observes a value, with the trace it comes from. */
function observe<L extends string>(histogram: Histogram<L>, labels: Record<L, string>, value: number): void {
  // The library's types take the labels of an exemplar for those of the metric.
  histogram.observe({ labels, value, exemplarLabels: exemplar() as never });
}

function resultOf(outcome: string, report: EndedRun["report"]): string {
  if (report === "failed" || outcome === "permFail") return "error";
  if (report === "interrupted") return "requeue";
  return outcome === "retry" || outcome === "depSkip" ? "requeue_after" : "success";
}
