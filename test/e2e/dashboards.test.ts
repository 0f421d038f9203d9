/**
 * Dashboards and alerts asked of a real Prometheus that scrapes real processes with real work: no query fails, none is empty
 * where data must be, and what the rules say of this cluster is so.
 */
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALERTS } from "../../charts/alerts/all.ts";
import { DASHBOARDS, metricQueries, withVariables } from "../../charts/dashboards/all.ts";
import { RULES_FILE } from "../../charts/dashboards/generated.ts";
import { providePrometheus, startPrometheus, type PrometheusServer } from "../control-plane/prometheus.ts";
import { waitFor } from "../control-plane/child.ts";
import { BUSY_KINDS, startWork, workOn } from "../support/busy-cluster.ts";
import { startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { metricNames } from "../support/metric-names.ts";
import { OtlpSink } from "../support/otlp-sink.ts";
import { PrometheusApi } from "../support/prometheus-api.ts";

const binaries = await providePrometheus((line) => console.log(`[set-up] ${line}`));

/** In place of what people choose, and of what Grafana computes of the time shown. */
const VARIABLES = {
  job: ".*",
  installation: ".*",
  key: "",
  workflow: "defs/chain",
  controller: "widget.e2e.koreo.test",
  __rate_interval: "10s",
  __range: "1m",
};
const asked = (expr: string) => withVariables(expr, VARIABLES);
const WINDOW_SECONDS = 120;
const ROUNDS = 12;
const PAUSE_MS = 1000;

const queries = metricQueries().map((each) => ({
  ...each,
  name: `${each.dashboard.uid}: ${each.panel.title} (${each.query.legend})`,
}));

describe.skipIf(binaries === undefined)("with a real Prometheus", () => {
  let sink: OtlpSink;
  let cluster: E2eCluster;
  let server: PrometheusServer;
  let prometheus: PrometheusApi;

  beforeAll(async () => {
    if (binaries === undefined) return;
    sink = await OtlpSink.start();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" };
    cluster = await startE2e({ env, watchers: 2, workers: 2, kinds: BUSY_KINDS, audit: false });
    const ofRole = (role: string) =>
      cluster.stack.processes.filter((each) => each.role === role).map(({ healthUrl }) => new URL(healthUrl).host);
    const targets = { watcher: ofRole("watcher"), worker: ofRole("worker") };
    const dir = path.join(cluster.stack.dir, "prometheus");
    server = await startPrometheus({ binaries, dir, targets, ruleFiles: [RULES_FILE] });
    prometheus = new PrometheusApi(server.url);
    await startWork(cluster);
    for (let round = 0; round < ROUNDS; round += 1) {
      await workOn(cluster, round);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  });
  afterAll(async () => {
    await server.stop();
    await cluster.stop();
    await sink.stop();
  });

  it.each(queries)("$name has data where it must", async ({ query }) => {
    const series = await prometheus.overTime(asked(query.expr), WINDOW_SECONDS);
    if (query.mayBeEmpty === undefined) expect(series.length, asked(query.expr)).toBeGreaterThan(0);
  });

  it("this cluster's work shows in what is nothing elsewhere: repairs, failures, locks", async () => {
    const titles = ["Drift repaired", "Runs that fail", "Needs somebody", "Locks", "Refusals"];
    const shown = queries.filter(({ panel }) => titles.includes(panel.title));
    expect(new Set(shown.map(({ panel }) => panel.title)).size).toBe(titles.length);
    const workflow = { ...VARIABLES, workflow: "defs/failing" };
    for (const { name, query } of shown) {
      const series = await prometheus.overTime(withVariables(query.expr, workflow), WINDOW_SECONDS);
      expect(Math.max(...series.flatMap(({ values }) => values)), name).toBeGreaterThan(0);
    }
  });

  it("legends name labels that the series have", async () => {
    for (const { name, query } of queries) {
      const [series] = await prometheus.overTime(asked(query.expr), WINDOW_SECONDS);
      const named = [...query.legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label);
      if (series !== undefined) for (const label of named) expect(series.labels, name).toHaveProperty(label);
    }
  });

  it("every choice at the top of a dashboard has values", async () => {
    for (const { uid, variables } of DASHBOARDS) {
      for (const variable of variables) {
        if (variable.kind === "text") continue;
        const values = await prometheus.labelValues(variable.of, asked(variable.metric));
        expect(values.length, `${uid}: ${variable.name}`).toBeGreaterThan(0);
      }
    }
  });

  it.each(queries.filter(({ query }) => query.exemplars))("$name leads to traces", async ({ query }) => {
    const ids = await prometheus.traceIds(asked(query.expr), WINDOW_SECONDS);
    expect(ids.length).toBeGreaterThan(0);
    // Processes export what is over once a second.
    await waitFor("the traces being exported", 20_000, () => {
      const exported = new Set(sink.spans.map(({ traceId }) => traceId));
      return Promise.resolve(ids.every((id) => exported.has(id)));
    });
  });

  describe("alert rules", () => {
    it.each(ALERTS)("$name asks for metrics that are there", async ({ expr }) => {
      await prometheus.overTime(expr, WINDOW_SECONDS);
      const known = await prometheus.labelValues("__name__");
      for (const name of metricNames(expr)) expect(known, expr).toContain(name);
    });

    it("are evaluated without a fault", async () => {
      const rules = await prometheus.rules();
      expect(rules.map(({ name }) => name).sort()).toEqual(ALERTS.map(({ name }) => name).sort());
      for (const { name, health, lastError } of rules)
        expect([name, health, lastError ?? ""]).toEqual([name, "ok", ""]);
    });

    it("say what is wrong here, and nothing of what is well", async () => {
      const active = await prometheus.alerts();
      const named = (name: string) => active.filter(({ labels }) => labels["alertname"] === name);
      expect(named("KoreoWorkflowFails").map(({ labels }) => labels["workflow"])).toEqual(
        expect.arrayContaining(["defs/failing", "defs/costly"]),
      );
      expect(named("KoreoWorkflowFails").map(({ labels }) => labels["workflow"])).not.toContain("defs/chain");
      expect(named("KoreoDefinitionsFaulty").map(({ labels }) => labels["kind"])).toEqual(["ValueFunction"]);
      expect(named("KoreoExpressionsTooCostly").map(({ labels }) => labels["part"])).toEqual(["steps"]);
      // A stream that is opened anew is down for a moment; nothing of what is critical here lasts.
      await waitFor("no critical alert being active", 20_000, async () => {
        const now = await prometheus.alerts();
        return !now.some(({ labels }) => labels["severity"] === "critical");
      });
    });
  });
});
