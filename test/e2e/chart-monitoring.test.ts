/** Alerts and dashboards of the chart as helm 3 and helm 4 render them: those of this repository, and no others. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ALERTS } from "../../charts/alerts/all.ts";
import { DASHBOARDS } from "../../charts/dashboards/all.ts";
import { FOLDER, RULES_FILE } from "../../charts/dashboards/generated.ts";
import { memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import { helmsForRendering } from "../support/chart-tools.ts";
import { MINIMAL } from "../support/chart-values.ts";
import { HelmRunner, nameOf } from "../support/helm-release.ts";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Groups {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

const helms = await helmsForRendering();

describe.skipIf(helms.length === 0).each(helms.map((helm) => ({ major: helm.major, helm })))(
  "helm $major",
  ({ helm }) => {
    let runner: HelmRunner;
    beforeAll(async () => {
      runner = await HelmRunner.open(helm);
    });
    afterAll(() => runner.close());
    const render = (metrics: JsonObject) => runner.render({ ...MINIMAL, metrics });
    const rulesOf = (objects: readonly JsonObject[]) => {
      const rules = objects.filter(({ kind }) => kind === "PrometheusRule");
      expect(rules).toHaveLength(1);
      return rules[0]?.["spec"] as unknown as Groups;
    };
    const isDashboard = (object: JsonObject) => nameOf(object).includes("-dashboard-");

    it("makes neither where neither is asked for", async () => {
      const objects = await render({});
      expect(objects.filter((each) => each["kind"] === "PrometheusRule" || isDashboard(each))).toEqual([]);
    });

    it("makes a PrometheusRule of the rules as they are", async () => {
      const spec = rulesOf(await render({ prometheusRule: { enabled: true } }));
      expect(spec).toEqual(parse(readFileSync(RULES_FILE, "utf8")));
      expect(spec.groups.flatMap(({ rules }) => rules.map(({ alert }) => alert))).toEqual(
        ALERTS.map(({ name }) => name),
      );
    });

    it("leaves alerts out, adds labels, and links to the runbook where it is told to", async () => {
      const group = ["KoreoWorkflowFails", "KoreoDefinitionsFaulty", "KoreoDriftPersists", "KoreoExpressionsTooCostly"];
      const more = { alertLabels: { team: "a", severity: "page" }, runbookUrl: "https://w/runbook" };
      const { groups } = rulesOf(await render({ prometheusRule: { enabled: true, disabled: group, ...more } }));
      expect(groups.map(({ name }) => name)).toEqual(["koreo-processes", "koreo-queue"]);
      const [rule] = groups.flatMap(({ rules }) => rules);
      expect(rule?.labels).toEqual({ team: "a", severity: "page" });
      expect(rule?.annotations["runbook_url"]).toBe("https://w/runbook#koreonoworker");
    });

    it("refuses to leave out an alert that there is not", async () => {
      const metrics = { prometheusRule: { enabled: true, disabled: ["KoreoNope"] } };
      const answer = await runner.template({ ...MINIMAL, metrics });
      expect(answer.isOk).toBe(false);
      expect(answer.text).toContain("there is no alert KoreoNope; there are KoreoNoWorker");
    });

    it("makes a ConfigMap of every dashboard, which the sidecar finds, with the file as it is", async () => {
      const maps = (await render({ dashboards: { enabled: true } })).filter(isDashboard);
      expect(maps).toHaveLength(DASHBOARDS.length);
      for (const map of maps) {
        expect(memberAt(map, ["metadata", "labels", "grafana_dashboard"])).toBe("1");
        const files = Object.entries(map["data"] as Readonly<Record<string, string>>);
        expect(files).toHaveLength(1);
        const [file = "", text = ""] = files[0] ?? [];
        expect(text).toBe(readFileSync(path.join(FOLDER, file), "utf8").trimEnd());
        expect(DASHBOARDS.map(({ uid }) => uid)).toContain(textMember(JSON.parse(text) as JsonObject, "uid"));
      }
    });

    it("keeps the labels of metrics: a tenant's namespace is no Pod's", async () => {
      for (const [monitor, endpoints] of [
        ["podMonitor", "podMetricsEndpoints"],
        ["serviceMonitor", "endpoints"],
      ] as const) {
        const objects = await render({ [monitor]: { enabled: true } });
        const monitors = objects.filter((each) => textMember(each, "kind").toLowerCase() === monitor.toLowerCase());
        expect(monitors).toHaveLength(2);
        for (const each of monitors) expect(memberAt(each, ["spec", endpoints])).toMatchObject([{ honorLabels: true }]);
      }
    });
  },
);
