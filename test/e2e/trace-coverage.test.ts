/**
 * Where the time goes: for a Workflow of three levels the exported spans explain at least 95 % of the time from the change
 * to Ready, in one run and over runs with a retry between them.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../control-plane/child.ts";
import { startE2e, WIDGET, type E2eCluster } from "../support/e2e-cluster.ts";
import { OtlpSink, type CollectedSpan } from "../support/otlp-sink.ts";
import { readinessOf } from "../support/object-board.ts";
import { coverageOf, type Coverage } from "../support/trace-coverage.ts";
import { configMap, step, widget, workflow } from "../support/widget-manifests.ts";

const ENOUGH = 0.95;
const TRIGGERS = ["one", "two", "three", "four", "five", "six", "seven"];

const FACTS = "name: =parent.name, namespace: =parent.namespace, spec: =parent.spec";
const call = (label: string, more = "") =>
  `    - label: ${label}
      ref: { kind: ResourceFunction, name: ${label} }
      inputs: { ${FACTS}${more} }
`;
const nested = (name: string, steps: string) => `
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: ${name} }
spec:
  steps:
${steps}
---`;
const below = (name: string, inputs: string) =>
  `    - label: ${name}
      ref: { kind: Workflow, name: ${name} }
      inputs: { ${inputs} }
`;
const each = (label: string) =>
  `    - label: ${label}
      ref: { kind: ResourceFunction, name: ${label} }
      forEach: { itemIn: "=['a', 'b', 'c']", inputKey: item }
      inputs: { ${FACTS} }
`;

/** Widget -> a ConfigMap and level two -> two ConfigMaps, three by forEach, and level three -> two ConfigMaps in a chain. */
const THREE_LEVELS = [
  workflow(
    "top",
    step("settings") +
      below("middle", "name: =parent.metadata.name, namespace: =parent.metadata.namespace, spec: =parent.spec"),
  ),
  nested("middle", call("first") + call("second") + each("part") + below("bottom", FACTS)),
  nested("bottom", call("third") + call("fourth", ", before: =steps.third")),
  configMap("settings", "{ text: =inputs.spec.text }"),
  configMap("first", "{ text: =inputs.spec.text }"),
  configMap("second", "{ text: =inputs.spec.text }"),
  configMap("part", "{ text: =inputs.spec.text }").replace('"-part"', '"-part-" + inputs.item'),
  configMap("third", "{ text: =inputs.spec.text }", "  return: { text: =resource.data.text }"),
  configMap("fourth", "{ text: =inputs.spec.text }"),
].join("\n");

/** Ready once the ConfigMap `<trigger>-gate`, which somebody else makes, is there. */
const GADGET = { ...WIDGET, kind: "Gadget", plural: "gadgets" };
const GATED = [
  workflow("gated", step("gate") + step("behind", { more: ", before: =steps.gate" }), "Gadget"),
  configMap("gate", "{}").replace("plural: configmaps", "plural: configmaps\n    readonly: true"),
  configMap("behind", "{ text: =inputs.spec.text }"),
].join("\n");

describe("the trace of a convergence", () => {
  let sink: OtlpSink;
  let cluster: E2eCluster;
  beforeAll(async () => {
    sink = await OtlpSink.start();
    cluster = await startE2e({ kinds: [WIDGET, GADGET], env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url } });
    await cluster.apply(THREE_LEVELS + GATED);
    // The first one also pays for what is done once: definitions, discovery, watches.
    await cluster.apply(widget("warm"));
    await cluster.untilReady("warm");
  });
  afterAll(async () => {
    await cluster.stop();
    await sink.stop();
  });

  /** The trace that began with the first sight of a trigger, once its Ready run has been exported. */
  const converged = async (
    name: string,
    kind = "Widget",
  ): Promise<{ trace: readonly CollectedSpan[]; coverage: Coverage }> => {
    const key = `local/e2e.koreo.test/${kind}/apps/${name}`;
    const trace = () => {
      const event = sink.spans.find(
        (span) => span.name === "koreo.watch.event" && span.attributes["koreo.key"] === key,
      );
      return event === undefined ? [] : sink.trace(event.traceId);
    };
    await waitFor(`the trace of ${name} being exported`, 20_000, () =>
      Promise.resolve(coverageOf(trace()) !== undefined),
    );
    await new Promise((resolve) => setTimeout(resolve, 1500)); // one more export of every process
    const coverage = coverageOf(trace());
    if (coverage === undefined) throw new Error(`the trace of ${name} holds no convergence`);
    return { trace: trace(), coverage };
  };

  it("explains 95 % of the time of a Workflow of three levels", async () => {
    const shares: number[] = [];
    for (const name of TRIGGERS) {
      await cluster.apply(widget(name));
      await cluster.untilReady(name);
      const { trace, coverage } = await converged(name);
      shares.push(coverage.share);
      print(name, coverage);
      const levels = new Set(
        trace.flatMap(({ attributes: { "koreo.step": label } }) =>
          typeof label === "string" ? [label.split("/").length] : [],
        ),
      );
      expect(levels, "steps of three levels").toEqual(new Set([1, 2, 3]));
    }
    const median = shares.toSorted((left, right) => left - right)[Math.floor(shares.length / 2)] ?? 0;
    console.log(`explained: median ${percent(median)}, of ${shares.map(percent).join(", ")}`);
    expect(median).toBeGreaterThanOrEqual(ENOUGH);
  });

  it("is one over several runs: the wait for a retry has a span that says why", async () => {
    await cluster.apply(widget("late").replace("Widget", "Gadget"));
    await cluster.until("Gadget", "late", "waiting", (gadget) => readinessOf(gadget)?.status === "False");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await cluster.apply("{ apiVersion: v1, kind: ConfigMap, metadata: { name: late-gate } }");
    await cluster.untilReady("late", { kind: "Gadget" });
    const { trace, coverage } = await converged("late", "Gadget");
    print("late", coverage);
    const runs = trace.filter(({ name }) => name === "koreo.run");
    expect(runs.map(({ attributes }) => attributes["koreo.outcome"])).toEqual(["retry", "ok"]);
    const wait = trace.find(({ name }) => name === "koreo.retry.wait");
    expect(wait?.attributes["koreo.retry.reason"]).toBe("retry");
    expect((wait?.endMs ?? 0) - (wait?.startMs ?? 0)).toBeGreaterThan(900);
    // What woke it before the retry was due has a trace of its own, which the run links to.
    const woken = sink.spans.find(({ spanId }) => runs[1]?.links.includes(spanId));
    expect(woken?.attributes["koreo.cause"]).toBe("managed-modified");
    expect(coverage.share).toBeGreaterThanOrEqual(ENOUGH);
  });
});

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function print(name: string, { totalMs, share, gaps, byName }: Coverage): void {
  const sums = [...byName].map(([leaf, ms]) => `${leaf} ${ms.toFixed(1)}`).join(", ");
  console.log(`${name}: ${percent(share)} of ${totalMs.toFixed(1)} ms; leaves in ms: ${sums}`);
  for (const { ms, after, before } of gaps.slice(0, 6))
    console.log(`  ${ms.toFixed(2)} ms unexplained between ${after} and ${before}`);
}
