/** What is made of the descriptions of dashboards and alerts is current, and they ask only for what our processes tell. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { ALERTS } from "../../../charts/alerts/all.ts";
import { DASHBOARDS, metricQueries, traceQueries, withVariables } from "../../../charts/dashboards/all.ts";
import { buildDashboard } from "../../../charts/dashboards/build.ts";
import { FOLDER, generatedFiles } from "../../../charts/dashboards/generated.ts";
import { TRACE_QUERIES } from "../../../charts/dashboards/trace-queries.ts";
import { SPAN } from "../../../src/engine/telemetry.ts";
import { allMetrics } from "../../support/all-metrics.ts";
import { metricNames } from "../../support/metric-names.ts";

const named = <T extends object>(items: readonly T[], name: (item: T) => string) =>
  items.map((item) => ({ name: name(item), item }));

describe("the generated files", () => {
  it.each(named(generatedFiles(), ({ file }) => path.basename(file)))("$name is up to date", ({ item }) => {
    const isUpToDate = readFileSync(item.file, "utf8") === item.wanted;
    expect(isUpToDate, "Fix: npm run dashboards").toBe(true);
  });

  it("are all there is", () => {
    const wanted = generatedFiles().map(({ file }) => path.basename(file));
    expect(readdirSync(FOLDER).filter((name) => !wanted.includes(name))).toEqual([]);
  });
});

const series = new Set(
  allMetrics().flatMap(({ name, type }) =>
    type === "histogram" ? ["_bucket", "_count", "_sum"].map((suffix) => name + suffix) : [name],
  ),
);
const labels = new Set(allMetrics().flatMap((metric) => metric.labels));
/** Set by Prometheus. */
const SCRAPED = ["job", "instance", "le"];

it("names of metrics are told from labels, functions and words of PromQL", () => {
  const expr =
    'topk(3, sum by (a, b) (rate(x_total{c="d", e=~"f"}[5m]))) / on (g) max(y:z) > 0.5 and absent(w) or v unless u';
  expect(metricNames(expr)).toEqual(["x_total", "y:z", "w", "v", "u"]);
});

describe.each([
  ...named(metricQueries(), ({ dashboard, panel, query }) => `${dashboard.uid}: ${panel.title} (${query.legend})`).map(
    ({ name, item }) => ({ name, expr: item.query.expr }),
  ),
  ...ALERTS.map(({ name, expr }) => ({ name, expr })),
])("$name", ({ expr }) => {
  it("asks for metrics and labels that our processes have", () => {
    const asked = metricNames(expr);
    expect(asked.length).toBeGreaterThan(0);
    for (const name of asked) expect(series, name).toContain(name);
    const grouped = [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(", "));
    const matched = [...expr.matchAll(/(\w+)(?:=~|!=|!~|=)"/g)].map(([, name = ""]) => name);
    for (const label of [...grouped, ...matched]) expect([...labels, ...SCRAPED], label).toContain(label);
  });
});

describe.each(named(DASHBOARDS, ({ uid }) => uid))("$name", ({ item }) => {
  const panels = item.sections.flatMap((section) => section.panels);
  const queries = panels.flatMap((panel) =>
    panel.kind === "traces" ? [panel.query] : panel.queries.map((q) => q.expr),
  );

  it("asks with variables that it has", () => {
    const own = Object.fromEntries(item.variables.map(({ name }) => [name, "x"]));
    const all = { ...own, __rate_interval: "1m", __range: "1h" };
    for (const query of queries) expect(() => withVariables(query, all)).not.toThrow();
  });

  it("uses every variable that it has", () => {
    const asked = [...queries, ...item.variables.map((each) => (each.kind === "label" ? each.metric : ""))].join(" ");
    for (const { name } of item.variables) expect(asked).toContain(`$${name}`);
  });

  it("says of every panel what it shows, each under a title of its own", () => {
    const titles = panels.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
    for (const { description } of panels) expect(description).toMatch(/[.!]$/);
  });

  it("is one that Grafana can read: ids of their own, within 24 columns, data sources by uid", () => {
    const built = buildDashboard(item);
    const drawn = (built.panels ?? []) as unknown as readonly {
      readonly id: number;
      readonly gridPos: { readonly x: number; readonly w: number };
      readonly datasource?: { readonly uid: string };
    }[];
    expect(drawn).toHaveLength(panels.length + item.sections.length);
    expect(new Set(drawn.map(({ id }) => id)).size).toBe(drawn.length);
    for (const { gridPos } of drawn) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    const uids = new Set(drawn.flatMap(({ datasource }) => datasource?.uid ?? []));
    expect([...uids].every((uid) => uid === "${datasource}" || uid === "tempo")).toBe(true);
  });
});

it("trace panels ask what is asked of a real trace store, too", () => {
  const asked = traceQueries().map(({ query }) => query);
  expect(asked.length).toBeGreaterThan(3);
  for (const query of asked) expect(TRACE_QUERIES.map((each) => each.query)).toContain(query);
});

it("trace queries ask for spans that runs have", () => {
  const spans = TRACE_QUERIES.flatMap(({ query }) => [...query.matchAll(/ name = "([^"]+)"/g)].map(([, name]) => name));
  expect(spans.length).toBeGreaterThan(5);
  for (const span of spans) expect(Object.values(SPAN)).toContain(span);
});
