/** Alert rules as Prometheus' own tool judges them: they are rules, and each fires on its samples and on no others. */
import { describe, expect, it } from "vitest";
import { ALERTS } from "../../charts/alerts/all.ts";
import { RULES_FILE } from "../../charts/dashboards/generated.ts";
import { execute } from "../control-plane/execute.ts";
import { providePrometheus } from "../control-plane/prometheus.ts";
import { complaintsOf, firingCases, quietCase } from "../support/promtool.ts";

const binaries = await providePrometheus((line) => console.log(`[set-up] ${line}`));
const promtool = binaries?.promtool ?? "";

describe.skipIf(binaries === undefined)("alert rules", () => {
  it("pass promtool's check", async () => {
    expect(await execute(promtool, ["check", "rules", RULES_FILE], { deadlineMs: 30_000 })).toContain(
      `${ALERTS.length} rules found`,
    );
  });

  it("are tested by a tool that says when an alert does not fire", async () => {
    const [alert] = ALERTS;
    if (alert === undefined) throw new Error("no alert");
    const turned = { ...alert, samples: { ...alert.samples, fires: alert.samples.quiet } };
    expect(await complaintsOf(promtool, firingCases(turned))).toContain(alert.name);
  });

  it.each(ALERTS.map((alert) => ({ name: alert.name, alert })))("$name fires", async ({ alert }) => {
    expect(await complaintsOf(promtool, firingCases(alert))).toBe("");
  });

  it.each(ALERTS.map((alert) => ({ name: alert.name, alert })))(
    "$name does not fire without need",
    async ({ alert }) => {
      expect(await complaintsOf(promtool, [quietCase(alert)])).toBe("");
    },
  );
});
