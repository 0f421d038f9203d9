/** One trace from the change of a trigger to its status, across processes; logs that carry its id; nothing secret in either. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../control-plane/child.ts";
import { startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { OtlpSink, type CollectedSpan } from "../support/otlp-sink.ts";
import { CHAIN, widget } from "../support/widget-manifests.ts";

const KEY = "local/e2e.koreo.test/Widget/apps/traced";

describe("a reconcile run", () => {
  let sink: OtlpSink;
  let cluster: E2eCluster;
  let trace: readonly CollectedSpan[] = [];
  beforeAll(async () => {
    sink = await OtlpSink.start();
    cluster = await startE2e({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url } });
    await cluster.apply(CHAIN);
    await cluster.apply(widget("traced", "{ text: hunter2-hunter2 }"));
    await cluster.untilReady("traced");
    const hasStatus = () =>
      Promise.resolve(ofKey("koreo.status.write").length > 0 && ofKey("koreo.watch.event").length > 0);
    await waitFor("the spans being exported", 20_000, hasStatus);
    const [event] = ofKey("koreo.watch.event");
    trace = sink.trace(event?.traceId ?? "");
  });
  afterAll(async () => {
    await cluster.stop();
    await sink.stop();
  });
  const ofKey = (name: string) =>
    sink.spans.filter((span) => span.name === name && span.attributes["koreo.key"] === KEY);

  it("is one trace from the watch event to the status write, over both processes", () => {
    const names = new Set(trace.map(({ name }) => name));
    for (const name of [
      "koreo.watch.event",
      "koreo.queue.wait",
      "koreo.run",
      "koreo.step",
      "koreo.evaluate",
      "koreo.status.write",
    ])
      expect(names, name).toContain(name);
    expect(new Set(trace.map(({ service }) => service))).toEqual(new Set(["koreo-watcher", "koreo-worker"]));
    const eventId = trace.find(({ name }) => name === "koreo.watch.event")?.spanId;
    expect(
      sink.spans.find(({ name, links }) => name === "koreo.enqueue" && links.includes(eventId ?? "")),
    ).toBeDefined();
    const calls = trace.filter(({ attributes }) => attributes["http.request.method"] !== undefined);
    expect(calls.map(({ attributes }) => attributes["http.request.method"])).toEqual(
      expect.arrayContaining(["GET", "POST", "PATCH"]),
    );
  });

  it("hangs together: run below the event, step below the run, call below the step", () => {
    const byId = new Map(trace.map((span) => [span.spanId, span]));
    const ancestors = (span: CollectedSpan | undefined): readonly string[] => {
      const parent = byId.get(span?.parentSpanId ?? "");
      return parent === undefined ? [] : [parent.name, ...ancestors(parent)];
    };
    const step = trace.find(({ name }) => name === "koreo.step");
    expect(ancestors(step)).toEqual(expect.arrayContaining(["koreo.run", "koreo.watch.event"]));
    const create = trace.find(({ attributes }) => attributes["http.request.method"] === "POST");
    expect(ancestors(create)).toEqual(expect.arrayContaining(["koreo.step", "koreo.run", "koreo.watch.event"]));
  });

  it("carries what traces are searched and kept by, in the words of the conventions where they have them", () => {
    const [run] = ofKey("koreo.run");
    expect(run?.attributes).toMatchObject({
      "koreo.outcome": "ok",
      "koreo.changed": true,
      "koreo.cause": "added",
      "koreo.tenant": "apps",
      "koreo.workflow": "defs/chain",
      "koreo.plan.hash": expect.stringMatching(/^[0-9a-f]{16,}$/) as unknown,
      "k8s.namespace.name": "apps",
      "messaging.system": "bullmq",
      "messaging.operation.type": "process",
    });
    expect(Number(run?.attributes["koreo.attempt"])).toBe(1);
    const kinds = { "koreo.enqueue.wait": "send", "koreo.queue.wait": "receive" };
    for (const [name, type] of Object.entries(kinds))
      expect(trace.find((span) => span.name === name)?.attributes["messaging.operation.type"], name).toBe(type);
    const server = new URL(cluster.stack.plane?.url ?? "");
    const create = trace.find(({ attributes }) => attributes["http.request.method"] === "POST");
    expect(create?.attributes).toMatchObject({
      "server.address": server.hostname,
      "server.port": Number(server.port),
      "http.response.status_code": 201,
      "k8s.namespace.name": "apps",
    });
    const missing = trace.find(({ attributes }) => Number(attributes["http.response.status_code"]) === 404);
    expect(missing?.attributes["error.type"]).toBe("notFound");
  });

  it("links to the trace that the trigger's annotation names", async () => {
    const [traceId, spanId] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
    const annotation = `annotations: { tracing.k8s.io/traceparent: 00-${traceId}-${spanId}-01 }`;
    await cluster.apply(widget("linked").replace("namespace: apps", `namespace: apps, ${annotation}`));
    await cluster.untilReady("linked");
    const hasLink = () =>
      Promise.resolve(sink.spans.some(({ name, links }) => name === "koreo.run" && links.includes(spanId)));
    await waitFor("the run with the link being exported", 20_000, hasLink);
  });

  it("is in the logs by its id, with the key; no value of the spec is in logs or spans (invariant 10)", async () => {
    const worker = cluster.stack.processes.find(({ role }) => role === "worker");
    const log = await readFile(worker?.logFile ?? "", "utf8");
    const ended = log.split("\n").find((line) => line.includes("run ended") && line.includes(KEY));
    expect(JSON.parse(ended ?? "{}")).toMatchObject({ key: KEY, outcome: "ok", traceId: trace[0]?.traceId });
    expect(log).not.toContain("hunter2");
    expect(JSON.stringify(sink.spans)).not.toContain("hunter2");
  });
});
