/**
 * The queue, asked on every scrape. Every process of an installation tells the same numbers, so queries take the maximum
 * over them. What cannot be asked keeps no stale value: the series are gone until the queue answers again.
 */
import { Counter, Gauge } from "prom-client";
import type { TenantLoad, QueueStats } from "../../../engine/ports/key-store.ts";
import type { ReconcileQueue, WakeUp } from "../../../engine/ports/reconcile-queue.ts";
import type { MetricsRegistry } from "./exposition.ts";

/** Tenants with series of their own in each class: those that have been waiting longest. */
const MAX_TENANTS = 50;
/** As the queue looks through. */
const MAX_LOOKED_AT = 2000;
/** A scrape must not wait for a store that does not answer. */
const ANSWER_WITHIN_MS = 2000;

/** @param name - of the installation */
export function queueMetrics(registry: MetricsRegistry, queue: ReconcileQueue, name: string): void {
  const ask = onceAtATime(() => withinTime(Promise.all([queue.stats(), queue.load(MAX_LOOKED_AT)])));
  const source: QueueSource = { registry, ask, name };
  keyGauges(source);
  classGauge(source);
  tenantGauges(source);
}

interface QueueSource {
  readonly registry: MetricsRegistry;
  readonly ask: () => Promise<readonly [QueueStats, readonly TenantLoad[]] | undefined>;
  /** Of the installation. */
  readonly name: string;
}

interface Metric<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly L[];
}

/** A gauge that is set anew from the queue's answer, or has no series without one. */
function gauge<L extends string>(
  { registry, ask }: QueueSource,
  metric: Metric<L>,
  set: (gauge: Gauge<L | "name">, stats: QueueStats, load: readonly TenantLoad[]) => void,
): void {
  new Gauge<L | "name">({
    ...metric,
    labelNames: ["name", ...metric.labelNames],
    registers: [registry],
    async collect() {
      const answer = await ask();
      this.reset();
      if (answer !== undefined) set(this, ...answer);
    },
  });
}

/** Counts over all of the queue. */
function keyGauges(source: QueueSource): void {
  const { name } = source;
  gauge(source, { name: "workqueue_depth", help: "Keys that wait to be run.", labelNames: [] }, (each, stats) => {
    each.set({ name }, stats.waiting);
  });
  gauge(
    source,
    {
      name: "koreo_queue_keys",
      help: "Keys by state: waiting, running, delayed, failing (whose last run failed, in any state).",
      labelNames: ["state"],
    },
    (each, stats) => {
      for (const state of ["waiting", "running", "delayed", "failing"] as const)
        each.set({ name, state }, stats[state]);
    },
  );
  gauge(
    source,
    {
      name: "koreo_queue_lost_leases",
      help: "Leases that ran out or were reclaimed since the queue exists: each a run that was done again.",
      labelNames: [],
    },
    (each, stats) => each.set({ name }, stats.lostLeases),
  );
}

function classGauge(source: QueueSource): void {
  gauge(
    source,
    {
      name: "koreo_queue_oldest_seconds",
      help: "How long the longest waiting key of a class has been waiting; 0 when none waits.",
      labelNames: ["class"],
    },
    (each, _stats, load) => {
      for (const workClass of CLASSES) {
        const oldestMs = longestWaiting(load, workClass)[0]?.oldestMs ?? 0;
        each.set({ name: source.name, class: String(workClass) }, oldestMs / 1000);
      }
    },
  );
}

function tenantGauges(source: QueueSource): void {
  const tenantGauge = (name: string, help: string, of: (tenant: TenantLoad) => number) =>
    gauge(source, { name, help, labelNames: ["class", "cluster", "namespace"] }, (each, _stats, load) => {
      for (const tenant of CLASSES.flatMap((workClass) => longestWaiting(load, workClass).slice(0, MAX_TENANTS))) {
        const { workClass, cluster, namespace } = tenant;
        each.set({ name: source.name, class: String(workClass), cluster, namespace }, of(tenant));
      }
    });
  tenantGauge(
    "koreo_queue_tenant_waiting_keys",
    "Keys that wait, by class and tenant: the tenants that have been waiting longest.",
    ({ waiting }) => waiting,
  );
  tenantGauge(
    "koreo_queue_tenant_oldest_seconds",
    "How long the longest waiting key of a tenant has been waiting.",
    ({ oldestMs }) => oldestMs / 1000,
  );
}

const CLASSES = [1, 2, 3] as const;

function longestWaiting(load: readonly TenantLoad[], workClass: number): readonly TenantLoad[] {
  return load.filter((each) => each.workClass === workClass).sort((a, b) => b.oldestMs - a.oldestMs);
}

/** One question for all who ask at the same time: the metrics of one scrape. */
function onceAtATime<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => (asked ??= ask().finally(() => (asked = undefined)));
}

/** The queue, and `workqueue_adds_total` for what is put into it by this process. */
export function countedQueue(registry: MetricsRegistry, queue: ReconcileQueue, name: string): ReconcileQueue {
  const adds = new Counter({
    name: "workqueue_adds_total",
    help: "Wake-ups that this process sent to the queue, by class.",
    labelNames: ["name", "class"],
    registers: [registry],
  });
  for (const workClass of [1, 2, 3]) adds.inc({ name, class: String(workClass) }, 0);
  return {
    stats: () => queue.stats(),
    load: (maxTenants) => queue.load(maxTenants),
    page: (from) => queue.page(from),
    enqueue: async (wakeUps: readonly WakeUp[]) => {
      await queue.enqueue(wakeUps);
      for (const { workClass } of wakeUps) adds.inc({ name, class: String(workClass) });
    },
  };
}

/** Undefined when there is no answer in time, or a fault. */
async function withinTime<T>(answer: Promise<T>): Promise<T | undefined> {
  const late = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), ANSWER_WITHIN_MS).unref();
  });
  return Promise.race([answer.catch(() => undefined), late]);
}
