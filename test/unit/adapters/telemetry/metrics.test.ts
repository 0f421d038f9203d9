/** `/metrics`: names and labels that dashboards know, bounded series, exemplars, and nothing stale. */
import { context, ROOT_CONTEXT, trace, TraceFlags } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { describe, expect, it } from "vitest";
import { createRegistry, BoundedLabel } from "../../../../src/adapters/telemetry/metrics/exposition.ts";
import { countedQueue, queueMetrics } from "../../../../src/adapters/telemetry/metrics/queue-metrics.ts";
import { expressionMetrics } from "../../../../src/adapters/telemetry/metrics/expression-metrics.ts";
import { readinessMetric } from "../../../../src/adapters/telemetry/metrics/readiness-metric.ts";
import { requestMetrics } from "../../../../src/adapters/telemetry/metrics/request-metrics.ts";
import { RunMetrics } from "../../../../src/adapters/telemetry/metrics/run-metrics.ts";
import { timedState } from "../../../../src/adapters/telemetry/metrics/state-metrics.ts";
import {
  definitionMetrics,
  streamMetrics,
  watchMetrics,
} from "../../../../src/adapters/telemetry/metrics/watch-metrics.ts";
import { compileExpression } from "../../../../src/core/cel/compile.ts";
import type { DefinitionSource } from "../../../../src/core/manifest/definition.ts";
import { compileCatalog } from "../../../../src/core/plan/catalog.ts";
import type { StepPlan, WorkflowPlan } from "../../../../src/core/plan/plan.ts";
import type { KindText } from "../../../../src/core/object-key.ts";
import { StoreUnavailable, type TenantLoad } from "../../../../src/engine/ports/key-store.ts";
import type { ReconcileQueue } from "../../../../src/engine/ports/reconcile-queue.ts";
import { startHealth } from "../../../../src/processes/shared/health.ts";
import { keyOf } from "../../../contract/key-store.ts";

const WORKFLOW = { namespace: "ns", name: "flow" } as WorkflowPlan;
const RUN = { cluster: "local", group: "t.test", kind: "Note", namespace: "a", name: "x", waitedMs: 250, failures: 1 };
const NOTE = { apiGroup: "t.test", version: "v1", kind: "Note" };
const STEP = { label: "one", ref: { kind: "ResourceFunction", name: "keep" } };
const API = { apiVersion: "v1", kind: "ConfigMap", name: "x", namespace: "ns" };
const CATALOG = compileCatalog(
  [
    { kind: "Workflow", name: "flow", spec: { crdRef: NOTE, steps: [STEP] } },
    { kind: "ResourceFunction", name: "keep", spec: { apiConfig: API, resource: { data: {} } } },
  ].map((each) => ({ ...each, namespace: "ns", uid: "", generation: 1 }) as DefinitionSource),
  { namespaces: ["ns"] },
);
const OPTIONS = { name: "koreo", nowMs: () => 0, concurrency: 50, catalog: () => CATALOG };

/** A queue that answers what it is given, or not at all. */
function queueWith(load: readonly TenantLoad[], isDown = () => false): ReconcileQueue {
  const answer = <T>(value: T) => (isDown() ? Promise.reject(new StoreUnavailable("down")) : Promise.resolve(value));
  return {
    enqueue: () => answer(undefined),
    stats: () => answer({ waiting: 3, running: 2, delayed: 9, failing: 1, lostLeases: 4, staleEnds: 0 }),
    load: () => answer(load),
    page: () => answer({ keys: [], next: undefined }),
  };
}

describe("metrics of runs", () => {
  it("count runs, outcomes and times under their established names", async () => {
    let nowMs = 1000;
    const registry = createRegistry();
    const metrics = new RunMetrics(registry, { ...OPTIONS, nowMs: () => nowMs });
    expect(await registry.metrics()).toContain(
      'koreo_step_outcomes_total{workflow="ns/flow",step="one",outcome="permFail"} 0\n',
    );
    metrics.runStarted(RUN);
    nowMs = 3000;
    expect(await registry.metrics()).toContain('workqueue_longest_running_processor_seconds{name="koreo"} 2\n');
    metrics.callEnded({
      workflow: WORKFLOW,
      step: { label: "one" } as StepPlan,
      logic: undefined as never,
      outcome: { kind: "ok", value: 1 },
    });
    metrics.workflowEnded({ workflow: WORKFLOW, outcome: { kind: "ok", value: 1 }, changeToNowMs: 700 });
    metrics.workflowEnded({ workflow: WORKFLOW, outcome: { kind: "ok", value: 1 }, changeToNowMs: undefined });
    metrics.runEnded(RUN, { outcome: "ok", report: "done", ms: 2000 });
    const text = await registry.metrics();
    for (const line of [
      'controller_runtime_reconcile_total{controller="note.t.test",result="success"} 1',
      'controller_runtime_reconcile_time_seconds_count{controller="note.t.test"} 1',
      'workqueue_queue_duration_seconds_bucket{le="0.5",name="koreo"} 1',
      'workqueue_retries_total{name="koreo"} 1',
      'workqueue_unfinished_work_seconds{name="koreo"} 0',
      'koreo_workflow_outcomes_total{workflow="ns/flow",outcome="ok"} 2',
      'koreo_step_outcomes_total{workflow="ns/flow",step="one",outcome="ok"} 1',
      'koreo_step_outcomes_total{workflow="ns/flow",step="one",outcome="permFail"} 0',
      'koreo_change_to_ready_seconds_count{workflow="ns/flow"} 1',
      'koreo_change_to_ready_seconds_sum{workflow="ns/flow"} 0.7',
      "# EOF",
    ]) {
      expect(text).toContain(`${line}\n`.replace("# EOF\n", "# EOF"));
    }
  });

  it.each([
    ["retry", "done", "requeue_after"],
    ["permFail", "done", "error"],
    ["unavailable", "failed", "error"],
    ["interrupted", "interrupted", "requeue"],
    ["gone", "done", "success"],
  ] as const)("a run that comes to %s (%s) is %s", async (outcome, report, result) => {
    const registry = createRegistry();
    new RunMetrics(registry, OPTIONS).runEnded(RUN, { outcome, report, ms: 1 });
    const text = await registry.metrics();
    expect(text).toContain(`result="${result}"} 1\n`);
    // A terminal error is an error too, as controller-runtime counts.
    const isError = result === "error";
    expect(text).toContain(`controller_runtime_reconcile_errors_total{controller="note.t.test"} ${isError ? 1 : 0}\n`);
  });
});

describe("metrics of runs from zero", () => {
  const told = async (act: (metrics: RunMetrics) => void) => {
    const registry = createRegistry();
    act(new RunMetrics(registry, OPTIONS));
    return registry.metrics();
  };

  it("are there for what definitions may come to, before anything happens", async () => {
    const text = await told(() => undefined);
    for (const outcome of ["ok", "skip", "depSkip", "retry", "permFail"])
      expect(text).toContain(`koreo_workflow_outcomes_total{workflow="ns/flow",outcome="${outcome}"} 0\n`);
    for (const reason of ["superseded", "lease-lost", "draining"])
      expect(text).toContain(`koreo_run_interruptions_total{reason="${reason}"} 0\n`);
    for (const result of ["success", "error", "requeue", "requeue_after"])
      expect(text).toContain(`controller_runtime_reconcile_total{controller="note.t.test",result="${result}"} 0\n`);
    for (const kind of ["reconcile_errors", "terminal_reconcile_errors"])
      expect(text).toContain(`controller_runtime_${kind}_total{controller="note.t.test"} 0\n`);
    for (const action of ["create", "patch", "recreate"])
      expect(text).toContain(`koreo_drift_repairs_total{kind="ConfigMap",action="${action}"} 0\n`);
    expect(text).toContain("koreo_lock_refusals_total 0\n");
    expect(text).toContain("koreo_lock_wait_seconds_count 0\n");
  });

  it("count interruptions by reason", async () => {
    const ended = { outcome: "interrupted", report: "interrupted", ms: 1 } as const;
    const text = await told((metrics) => metrics.runEnded(RUN, { ...ended, interruption: "draining" }));
    expect(text).toContain('koreo_run_interruptions_total{reason="draining"} 1\n');
  });

  it("count repairs of drift by kind, and no other write", async () => {
    const text = await told((metrics) => {
      metrics.wrote(undefined, "patch", { group: "apps", kind: "Deployment", isRepair: true });
      metrics.wrote(undefined, "create", { group: "", kind: "ConfigMap", isRepair: false });
      metrics.wrote(undefined, "create", { group: "", kind: "Secret", isRepair: false });
    });
    expect(text).toContain('koreo_drift_repairs_total{kind="Deployment.apps",action="patch"} 1\n');
    expect(text).toContain('koreo_drift_repairs_total{kind="ConfigMap",action="create"} 0\n');
    expect(text).not.toContain("Secret");
  });

  it("count how locks were asked for", async () => {
    const text = await told((metrics) => {
      metrics.lockAsked({ ms: 2, isHeld: true });
      metrics.lockAsked({ ms: 30, isHeld: false });
    });
    expect(text).toContain('koreo_lock_wait_seconds_bucket{le="0.0025"} 1\n');
    expect(text).toContain("koreo_lock_wait_seconds_count 2\n");
    expect(text).toContain("koreo_lock_refusals_total 1\n");
  });
});

it("evaluations that spend their budget are counted by what they spent", async () => {
  const registry = createRegistry();
  expressionMetrics(registry);
  const count = async () =>
    Number(/budget_faults_total\{part="steps"\} (\d+)/.exec(await registry.metrics())?.[1] ?? "NaN");
  const before = await count();
  expect(before).toBeGreaterThanOrEqual(0);
  const compiled = compileExpression("[1, 2, 3].map(a, a)", "test");
  if (compiled.kind !== "program") throw new Error("does not compile");
  compiled.program.evaluate({}, { steps: 1 });
  expect(await count()).toBe(before + 1);
});

describe("metrics of the shared state", () => {
  class Port {
    readonly #answer: () => Promise<number>;
    constructor(answer: () => Promise<number>) {
      this.#answer = answer;
    }
    ask(): Promise<number> {
      return this.#answer();
    }
    name(): string {
      return "port";
    }
  }

  it("time every answer by part and result, and leave the ports as they are", async () => {
    const registry = createRegistry();
    let isDown = false;
    const down = new Port(() => Promise.reject(new StoreUnavailable("down")));
    const state = timedState(registry, { lock: new Port(() => Promise.resolve(7)), index: down }, () =>
      isDown ? "cut" : undefined,
    );
    expect(await state.lock.ask()).toBe(7);
    expect(state.lock.name()).toBe("port");
    await expect(state.index.ask()).rejects.toThrow(StoreUnavailable);
    const text = await registry.metrics();
    expect(text).toContain('koreo_state_request_duration_seconds_count{part="lock",result="ok"} 1\n');
    expect(text).toContain('koreo_state_request_duration_seconds_count{part="lock",result="error"} 0\n');
    expect(text).toContain('koreo_state_request_duration_seconds_count{part="index",result="unavailable"} 1\n');
    expect(text).toContain("koreo_state_up 1\n");
    isDown = true;
    expect(await registry.metrics()).toContain("koreo_state_up 0\n");
  });
});

it("observations of a sampled run carry its trace as exemplar, others none", async () => {
  const text = async (traceFlags: TraceFlags) => {
    const registry = createRegistry();
    const metrics = new RunMetrics(registry, OPTIONS);
    const span = trace.wrapSpanContext({ traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags });
    context.with(trace.setSpan(ROOT_CONTEXT, span), () =>
      metrics.runEnded(RUN, { outcome: "ok", report: "done", ms: 20 }),
    );
    return registry.metrics();
  };
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  try {
    expect(await text(TraceFlags.SAMPLED)).toMatch(
      /_time_seconds_bucket\{[^}]*le="0.025"[^}]*\} 1 # \{trace_id="1{32}",span_id="2{16}"\} 0.02/,
    );
    expect(await text(TraceFlags.NONE)).not.toContain("trace_id");
  } finally {
    context.disable();
  }
});

describe("metrics of the queue", () => {
  const load = Array.from({ length: 80 }, (_, index): TenantLoad => ({
    workClass: 2,
    cluster: "local",
    namespace: `ns-${index}`,
    waiting: 1,
    oldestMs: index * 1000,
  }));

  it("tell states, ages and the tenants that have been waiting longest", async () => {
    const registry = createRegistry();
    queueMetrics(registry, queueWith(load), "koreo");
    const text = await registry.metrics();
    expect(text).toContain('koreo_queue_keys{name="koreo",state="delayed"} 9\n');
    expect(text).toContain('workqueue_depth{name="koreo"} 3\n');
    expect(text).toContain('koreo_queue_oldest_seconds{name="koreo",class="2"} 79\n');
    expect(text).toContain('koreo_queue_oldest_seconds{name="koreo",class="1"} 0\n');
    expect(text.match(/^koreo_queue_tenant_oldest_seconds\{/gm)).toHaveLength(50);
    expect(text).toContain('namespace="ns-79"} 79\n');
    expect(text).not.toContain('namespace="ns-1"}');
  });

  it("say nothing while the queue cannot be asked, rather than something old", async () => {
    let isDown = false;
    const registry = createRegistry();
    queueMetrics(
      registry,
      queueWith(load, () => isDown),
      "koreo",
    );
    expect(await registry.metrics()).toMatch(/^koreo_queue_keys\{/m);
    isDown = true;
    expect(await registry.metrics()).not.toMatch(/^koreo_queue_keys\{/m);
  });

  it("count what was sent, not what could not be", async () => {
    let isDown = false;
    const registry = createRegistry();
    const queue = countedQueue(
      registry,
      queueWith([], () => isDown),
      "koreo",
    );
    const wakeUp = { key: keyOf("a"), workClass: 1, cause: { reason: "added", atMs: 0 } } as const;
    await queue.enqueue([wakeUp, wakeUp]);
    isDown = true;
    await expect(queue.enqueue([wakeUp])).rejects.toThrow(StoreUnavailable);
    expect(await registry.metrics()).toContain('workqueue_adds_total{name="koreo",class="1"} 2\n');
  });
});

describe("metrics of requests, watches and definitions", () => {
  it("count requests as client-go does, and by kind", async () => {
    const registry = createRegistry();
    const count = requestMetrics(registry, "api:6443");
    count({ method: "GET", verb: "list", kind: "Pod", status: 200, durationMs: 30 });
    count({ method: "PATCH", verb: "patch", kind: "Pod", status: 0, durationMs: 30 });
    const text = await registry.metrics();
    expect(text).toContain('rest_client_requests_total{code="200",method="GET",host="api:6443"} 1\n');
    expect(text).toContain('rest_client_requests_total{code="<error>",method="PATCH",host="api:6443"} 1\n');
    expect(text).toContain('rest_client_request_duration_seconds_bucket{le="0.1",verb="GET",host="api:6443"} 1\n');
    expect(text).toContain('koreo_api_requests_total{verb="list",kind="Pod",code="200"} 1\n');
  });

  it("tell of slots and definitions as they are now", async () => {
    const registry = createRegistry();
    let streams = [
      { kind: "Pod", slot: "local/_/Pod" as KindText, streams: 3, isLive: true, silentMs: 1500 },
      { kind: "Note.t.test", slot: "local/t.test/Note" as KindText, streams: 1, isLive: false, silentMs: 0 },
    ];
    let beats = false;
    watchMetrics(registry, { streams: () => streams, heartbeatAgeMs: () => (beats ? 2500 : undefined) }, "koreo");
    const spec = { return: { a: "=1 +" } };
    const source = { kind: "ValueFunction", namespace: "ns", name: "f", uid: "", generation: 1, spec } as const;
    definitionMetrics(registry, () => compileCatalog([source], { namespaces: ["ns"] }));
    const text = await registry.metrics();
    expect(text).toContain('koreo_watch_slots{kind="Pod",state="live"} 1\n');
    expect(text).toContain('koreo_watch_slot_owned{slot="local/_/Pod"} 1\n');
    expect(text).toContain('koreo_watch_streams{kind="Pod"} 3\n');
    expect(text).not.toMatch(/^koreo_watcher_heartbeat_age_seconds\{/m);
    expect(text).toContain('koreo_watch_slots{kind="Note.t.test",state="down"} 1\n');
    expect(text).toContain('koreo_watch_last_heard_seconds{kind="Pod"} 1.5\n');
    expect(text).toContain('koreo_definitions{kind="ValueFunction",health="faulty"} 1\n');
    [streams, beats] = [[], true];
    expect(await registry.metrics()).toContain('koreo_watcher_heartbeat_age_seconds{name="koreo"} 2.5\n');
    expect(await registry.metrics()).not.toMatch(/^koreo_watch_slots\{/m);
    beats = false;
    expect(await registry.metrics()).not.toMatch(/^koreo_watcher_heartbeat_age_seconds\{/m);
  });

  it("count the streams that were cut for their silence, from zero on", async () => {
    const registry = createRegistry();
    const tell = streamMetrics(registry);
    tell("Pod", "opened");
    expect(await registry.metrics()).toContain('koreo_watch_silent_streams_total{kind="Pod"} 0\n');
    tell("Pod", "silent");
    tell("Pod", "opened");
    expect(await registry.metrics()).toContain('koreo_watch_silent_streams_total{kind="Pod"} 1\n');
    for (let count = 0; count < 400; count += 1) tell(`Kind${count}`, "silent");
    const text = await registry.metrics();
    expect(text.match(/^koreo_watch_silent_streams_total\{/gm)).toHaveLength(301);
    expect(text).toContain('koreo_watch_silent_streams_total{kind="other"} 101\n');
  });

  it("have bounded labels", () => {
    const label = new BoundedLabel(2);
    expect(["a", "b", "c", "a"].map((value) => label.of(value))).toEqual(["a", "b", "other", "a"]);
  });
});

it("tell whether the process is ready, as it is now", async () => {
  let isReady = false;
  const registry = createRegistry();
  readinessMetric(registry, "koreo", () => isReady);
  expect(await registry.metrics()).toContain('koreo_ready{name="koreo"} 0\n');
  isReady = true;
  expect(await registry.metrics()).toContain('koreo_ready{name="koreo"} 1\n');
});

it("are served as OpenMetrics", async () => {
  const endpoint = await startHealth({ bind: "127.0.0.1", port: 0 }, {}, createRegistry());
  const response = await fetch(`http://127.0.0.1:${endpoint.port}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toContain("application/openmetrics-text");
  expect(await response.text()).toContain("process_cpu_seconds_total");
  await endpoint.close();
});
