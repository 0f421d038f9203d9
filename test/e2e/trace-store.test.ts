/**
 * Traces in a real store: the processes and kube-apiserver export over OTLP to a Jaeger, one known run is fetched back by its id
 * and by its key, every query that dashboards show finds something, and the API server's own spans hang below our calls.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TRACE_QUERIES } from "../../charts/dashboards/trace-queries.ts";
import { waitFor } from "../control-plane/child.ts";
import { provideJaeger, startJaeger, type JaegerServer } from "../control-plane/jaeger.ts";
import { startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { readinessOf } from "../support/object-board.ts";
import { conditionsOf, searchTraces, storedTrace, type StoredSpan } from "../support/trace-query.ts";
import { configMap, step, widget, workflow } from "../support/widget-manifests.ts";

const say = (line: string) => console.log(`[set-up] ${line}`);
const jaeger = await provideJaeger(say);
const keyOf = (name: string) => `local/e2e.koreo.test/Widget/apps/${name}`;

/** Two ConfigMaps; the second waits for one that somebody else makes. */
const MANIFESTS =
  workflow("stored", step("first") + step("gate") + step("second", { more: ", before: =steps.gate" })) +
  configMap("first", "{ text: =inputs.spec.text }") +
  configMap("gate", "{}").replace("plural: configmaps", "plural: configmaps\n    readonly: true") +
  configMap("second", "{ text: =inputs.spec.text }");
const gate = (name: string) => `{ apiVersion: v1, kind: ConfigMap, metadata: { name: ${name}-gate } }`;

describe.skipIf(jaeger === undefined)("a trace store", () => {
  let store: JaegerServer;
  let cluster: E2eCluster;
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), "koreo-traces-"));
    store = await startJaeger(jaeger ?? "", dir);
    cluster = await startE2e({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: store.otlpUrl }, traceEndpoint: store.otlpGrpc });
    await cluster.apply(MANIFESTS);
    await play(cluster);
  });
  afterAll(async () => {
    await cluster.stop();
    await store.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it("has the trace of a run that a log line names by its id, from the change to the status", async () => {
    const worker = cluster.stack.processes.find(({ role }) => role === "worker");
    const lines = (await readFile(worker?.logFile ?? "", "utf8")).split("\n");
    const ended = lines.find((line) => line.includes("run ended") && line.includes(keyOf("known")));
    const { traceId, spanId } = JSON.parse(ended ?? "{}") as { traceId: string; spanId: string };
    const trace = await exported(store, traceId, "koreo.watch.event");
    expect(trace.find((span) => span.spanId === spanId)).toMatchObject({ name: "koreo.run", service: "koreo-worker" });
    expect(namesIn(trace)).toEqual(
      expect.arrayContaining(["koreo.watch.event", "koreo.queue.wait", "koreo.status.write"]),
    );

    const byKey = await searchTraces(store.url, `{ span.koreo.key = "${keyOf("known")}" }`);
    expect(byKey.map((span) => span.traceId)).toContain(traceId);
  });

  it.each(TRACE_QUERIES)("answers: $name", async ({ query }) => {
    const asked = query.replaceAll("$key", keyOf("known")).replaceAll("$workflow", "defs/stored");
    const isFound = async () => (await searchTraces(store.url, asked)).length > 0;
    await waitFor(`a result of ${asked}`, 20_000, isFound);
    const nothing = asked.replace(/"[^"]*"/, '"no such thing"');
    if (nothing !== asked) expect(await searchTraces(store.url, nothing)).toEqual([]);
  });

  it("has the API server's own spans below our calls", async ({ skip }) => {
    if (Number(/^v?1\.(\d+)/.exec(cluster.stack.plane?.version ?? "")?.[1]) < 27) skip("this server exports no spans");
    const [run] = await searchTraces(
      store.url,
      `{ name = "koreo.run" && span.koreo.key = "${keyOf("known")}" && span.koreo.cause = "added" }`,
    );
    /** The call of ours that each span of the API server is below, in whatever batches they were exported. */
    const callsAbove = async () => {
      const trace = await exported(store, run?.traceId ?? "", "koreo.watch.event", "apiserver");
      const byId = new Map(trace.map((span) => [span.spanId, span]));
      const ours = (span: StoredSpan | undefined): StoredSpan | undefined =>
        span === undefined || span.service !== "apiserver" ? span : ours(byId.get(span.parentSpanId));
      const theirs = trace.filter(({ service }) => service === "apiserver");
      return theirs.map((span) => ours(span)?.attributes["koreo.verb"]);
    };
    let verbs: readonly unknown[] = [];
    await waitFor("spans below every call of the run", 30_000, async () => {
      verbs = await callsAbove();
      return ["get", "create", "patchStatus"].every((verb) => verbs.includes(verb)) && !verbs.includes(undefined);
    });
    console.log(`one run: ${verbs.length} spans of kube-apiserver below ${new Set(verbs).size} kinds of calls`);
  });
});

it.skipIf(jaeger === undefined)("refuses a query that is no TraceQL, or more than it can translate", () => {
  expect(() => conditionsOf('{ name == "x" }')).toThrow("no TraceQL");
  expect(() => conditionsOf('{ name = "x" } | count() > 2')).toThrow("more than a test can ask");
  expect(() => conditionsOf('{ name = "x" || kind = client }')).toThrow("more than a test can ask");
});

/** What the queries ask for: a run that ends well, a retry of a second, a wait in the queue, a refused request. */
async function play(cluster: E2eCluster): Promise<void> {
  await cluster.apply(gate("known"));
  await cluster.apply(widget("known"));
  await cluster.untilReady("known");

  await cluster.apply(widget("waiting"));
  await cluster.until("Widget", "waiting", "waiting", (object) => readinessOf(object)?.status === "False");
  await sleep(1200);
  await cluster.apply(gate("waiting"));
  await cluster.untilReady("waiting");

  const worker = cluster.stack.processes.find(({ role }) => role === "worker");
  worker?.pause();
  await cluster.apply(gate("late") + "\n---\n" + widget("late"));
  await sleep(1500);
  worker?.resume();
  await cluster.untilReady("late");

  // A key that no ConfigMap may have: refused.
  await cluster.apply(configMap("first", '{ text: "=inputs.spec.text", "not a key": x }'));
  await cluster.until("Widget", "known", "failing", (object) => readinessOf(object)?.status === "False");
}

/** The trace once it holds spans of this name, and of this service if one is named. */
async function exported(
  store: JaegerServer,
  traceId: string,
  name: string,
  service?: string,
): Promise<readonly StoredSpan[]> {
  const isWhole = async () => {
    const trace = await storedTrace(store.url, traceId);
    return namesIn(trace).includes(name) && (service === undefined || trace.some((span) => span.service === service));
  };
  await waitFor(`the trace ${traceId} being stored`, 20_000, isWhole);
  return storedTrace(store.url, traceId);
}

function namesIn(trace: readonly StoredSpan[]): readonly string[] {
  return trace.map(({ name }) => name);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
