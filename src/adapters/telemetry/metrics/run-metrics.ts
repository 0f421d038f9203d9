/**
 * Runs, as dashboards made for controller-runtime know them (`controller_runtime_*`, `workqueue_*`), and what Workflows and
 * their steps come to. `controller` is the kind of the trigger with its group.
 */
import type { Histogram } from "prom-client";
import type { GroupKind } from "../../../core/object-key.ts";
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
import { BoundedLabel, exemplar, type MetricsRegistry } from "./exposition.ts";
import {
  controllerInstruments,
  koreoInstruments,
  OUTCOMES,
  workerGauges,
  workqueueInstruments,
} from "./run-instruments.ts";
import { WriteMetrics } from "./write-metrics.ts";

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

const INTERRUPTIONS: readonly Interruption[] = ["superseded", "lease-lost", "draining"];

export class RunMetrics implements RunObserver {
  readonly #options: RunMetricsOptions;
  readonly #running = new Map<StartedRun, number>();
  readonly #controllers = new BoundedLabel(MAX_SERIES);
  readonly #workflows = new BoundedLabel(MAX_SERIES);
  readonly #steps = new BoundedLabel(MAX_SERIES);
  readonly #controllerRuntime: ReturnType<typeof controllerInstruments>;
  readonly #workqueue: ReturnType<typeof workqueueInstruments>;
  readonly #koreo: ReturnType<typeof koreoInstruments>;
  readonly #writes: WriteMetrics;

  constructor(registry: MetricsRegistry, options: RunMetricsOptions) {
    this.#options = options;
    const { name, concurrency, nowMs } = options;
    this.#controllerRuntime = controllerInstruments(registry, () => this.#knownControllers());
    this.#workqueue = workqueueInstruments(registry);
    this.#koreo = koreoInstruments(registry, {
      workflows: () => this.#knownWorkflows(),
      steps: () => this.#knownSteps(),
    });
    this.#writes = new WriteMetrics(registry, () => this.#options.catalog().managedKinds);
    const ages = () => [...this.#running.values()].map((since) => (nowMs() - since) / 1000);
    workerGauges(registry, { name, concurrency, ages });
    this.#workqueue.retries.inc({ name }, 0);
    for (const reason of INTERRUPTIONS) this.#koreo.interruptions.inc({ reason }, 0);
  }

  runStarted(run: StartedRun): void {
    const { name } = this.#options;
    this.#running.set(run, this.#options.nowMs());
    observe(this.#workqueue.queued, { name }, run.waitedMs / 1000);
    if (run.failures > 0) this.#workqueue.retries.inc({ name });
  }

  runEnded(run: StartedRun, { ms, outcome, report, interruption }: EndedRun): void {
    const controller = this.#controllerOf(run);
    const seconds = ms / 1000;
    this.#running.delete(run);
    this.#controllerRuntime.total.inc({ controller, result: resultOf(outcome, report) });
    // As controller-runtime counts: a terminal error is an error too.
    if (report === "failed" || outcome === "permFail") this.#controllerRuntime.errors.inc({ controller });
    if (outcome === "permFail") this.#controllerRuntime.terminal.inc({ controller });
    if (interruption !== undefined) this.#koreo.interruptions.inc({ reason: interruption });
    observe(this.#controllerRuntime.seconds, { controller }, seconds);
    this.#workqueue.worked.observe({ name: this.#options.name }, seconds);
  }

  workflowEnded({ workflow: { namespace, name }, outcome, changeToNowMs }: EndedWorkflow): void {
    const workflow = this.#workflows.of(`${namespace}/${name}`);
    this.#koreo.outcomes.inc({ workflow, outcome: outcome.kind });
    const isReady = outcome.kind === "ok" || outcome.kind === "skip";
    if (!isReady || changeToNowMs === undefined) return;
    observe(this.#koreo.ready, { workflow }, Math.max(0, changeToNowMs) / 1000);
  }

  callEnded({ workflow, step, outcome }: EndedCall): void {
    const known = this.#stepOf(workflow, step.label);
    for (const each of OUTCOMES)
      this.#koreo.stepOutcomes.inc({ ...known, outcome: each }, each === outcome.kind ? 1 : 0);
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
