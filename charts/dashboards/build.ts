/** Makes Grafana's dashboards out of the descriptions, by Grafana's own typed builders. */
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import { PanelBuilder as BarGauge } from "@grafana/grafana-foundation-sdk/bargauge";
import { ReduceDataOptionsBuilder, StackingConfigBuilder, StackingMode } from "@grafana/grafana-foundation-sdk/common";
import * as grafana from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder as PrometheusQuery, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as Stat } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as Table } from "@grafana/grafana-foundation-sdk/table";
import { DataqueryBuilder as TempoQuery, SearchTableType } from "@grafana/grafana-foundation-sdk/tempo";
import { PanelBuilder as TimeSeries } from "@grafana/grafana-foundation-sdk/timeseries";
import type { Dashboard, MetricPanel, Panel, Query, TracePanel, Variable } from "./description.ts";

/** Chosen at the top of every dashboard. */
const PROMETHEUS = { type: "prometheus", uid: "${datasource}" };
/** The trace store has this uid wherever we set it up. */
const TEMPO = { type: "tempo", uid: "tempo" };
const TAG = "koreo";
const DEFAULT_WIDTH = 8;
const HEIGHT = 8;
const MAX_TRACES = 50;

/* eslint-disable @typescript-eslint/no-deprecated -- every Grafana reads this version of the schema; the next is for the newest alone */

export function buildDashboard(description: Dashboard): grafana.Dashboard {
  const { uid, title, description: text, variables, sections } = description;
  const links = new grafana.DashboardLinkBuilder("Koreo")
    .type(grafana.DashboardLinkType.Dashboards)
    .tags([TAG])
    .asDropdown(true)
    .keepTime(true);
  const builder = new grafana.DashboardBuilder(title)
    .uid(uid)
    .description(text)
    .tags([TAG])
    .refresh("30s")
    .time({ from: "now-1h", to: "now" })
    .timezone("browser")
    .tooltip(grafana.DashboardCursorSync.Crosshair)
    .link(links)
    .withVariable(new grafana.DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus"));
  for (const variable of variables) builder.withVariable(buildVariable(variable));
  let id = 0;
  for (const section of sections) {
    builder.withRow(new grafana.RowBuilder(section.title).id((id += 1)));
    for (const panel of section.panels) builder.withPanel(buildPanel(panel).id((id += 1)));
  }
  return builder.build();
}

function buildVariable(variable: Variable): Builder<grafana.VariableModel> {
  if (variable.kind === "text")
    return new grafana.TextBoxVariableBuilder(variable.name).label(variable.label).defaultValue(variable.initial);
  const builder = new grafana.QueryVariableBuilder(variable.name)
    .label(variable.label)
    .datasource(PROMETHEUS)
    .query(`label_values(${variable.metric}, ${variable.of})`)
    .refresh(grafana.VariableRefresh.OnTimeRangeChanged)
    .sort(grafana.VariableSort.AlphabeticalAsc);
  if (variable.many) {
    const all = { selected: true, text: ["All"], value: ["$__all"] };
    builder.multi(true).includeAll(true).allValue(".*").current(all);
  }
  return builder;
}

type PanelBuilder = TimeSeries | Stat | BarGauge | Table;

function buildPanel(panel: Panel): PanelBuilder {
  return panel.kind === "traces" ? tracePanel(panel) : metricPanel(panel);
}

function metricPanel(panel: MetricPanel): PanelBuilder {
  const { kind, title, description, unit, queries, width = DEFAULT_WIDTH } = panel;
  const isNow = kind === "table" || kind === "bars" || kind === "number";
  const targets = queries.map((query, index) => metricQuery(query, { index, isNow, isTable: kind === "table" }));
  switch (kind) {
    case "lines":
    case "areas": {
      const lines = described(new TimeSeries())
        .min(0)
        .fillOpacity(kind === "areas" ? 25 : 0);
      return kind === "areas" ? lines.stacking(new StackingConfigBuilder().mode(StackingMode.Normal)) : lines;
    }
    case "number":
      return described(new Stat()).reduceOptions(lastValue());
    case "bars":
      return described(new BarGauge()).reduceOptions(lastValue()).min(0);
    case "table":
      return described(new Table());
  }

  function described<B extends PanelBuilder>(builder: B): B {
    builder.title(title).description(withReasons(description, queries)).datasource(PROMETHEUS);
    builder.unit(unit).noValue("none").targets(targets).span(width).height(HEIGHT);
    return builder;
  }
}

function lastValue(): ReduceDataOptionsBuilder {
  return new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false);
}

/** Whoever looks at an empty panel learns that it may be. */
function withReasons(description: string, queries: readonly Query[]): string {
  const reasons = queries.flatMap(({ mayBeEmpty }) => mayBeEmpty ?? []);
  return [description, ...new Set(reasons.map((reason) => `Empty? ${reason}`))].join("\n\n");
}

function metricQuery(
  { expr, legend, exemplars }: Query,
  { index, isNow, isTable }: { readonly index: number; readonly isNow: boolean; readonly isTable: boolean },
): PrometheusQuery {
  const query = new PrometheusQuery()
    .refId(String.fromCharCode("A".charCodeAt(0) + index))
    .datasource(PROMETHEUS)
    .expr(expr)
    .legendFormat(legend)
    .exemplar(exemplars === true);
  if (isTable) query.format(PromQueryFormat.Table);
  return isNow ? query.instant() : query.range();
}

function tracePanel({ title, description, query, width = DEFAULT_WIDTH }: TracePanel): PanelBuilder {
  const target = new TempoQuery()
    .refId("A")
    .datasource(TEMPO)
    .queryType("traceql")
    .query(query)
    .limit(MAX_TRACES)
    .tableType(SearchTableType.Traces);
  return new Table()
    .title(title)
    .description(description)
    .datasource(TEMPO)
    .targets([target])
    .span(width)
    .height(HEIGHT);
}
