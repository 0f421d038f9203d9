/** Holds docs/observability.md and docs/runbook.md to the code: metrics as they are registered, dashboards, alerts. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ALERTS, runbookOf } from "../../../charts/alerts/all.ts";
import { DASHBOARDS } from "../../../charts/dashboards/all.ts";
import { allMetrics } from "../../support/all-metrics.ts";

const read = (name: string) => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), "utf8");
const page = read("observability.md");
const runbook = read("runbook.md");

/** The rows of the table that begins with a cell. */
function rowsOf(firstCell: string): readonly (readonly string[])[] {
  const table = page.split("\n\n").find((block) => block.startsWith(`| ${firstCell} `)) ?? "";
  const [, , ...rows] = table.trimEnd().split("\n");
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("\\<", "<")),
  );
}

describe("the table of metrics", () => {
  const code = allMetrics().filter(({ name }) => !/^(process|nodejs)_/.test(name));

  it("has every metric with type, labels and meaning as the code has them, and no other", () => {
    const wanted = code.map(({ name, type, labels, help }) => [
      `\`${name}\``,
      type,
      labels.map((label) => `\`${label}\``).join(", "),
      help,
    ]);
    expect(wanted.length).toBeGreaterThan(30);
    const sorted = [...wanted].sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
    expect(rowsOf("metric")).toEqual(sorted);
  });

  it("is about names as Prometheus wants them: counters are totals, times are in seconds", () => {
    for (const { name, type } of code) {
      expect(name.endsWith("_total"), name).toBe(type === "counter");
      expect(name, name).not.toMatch(/_(ms|milliseconds|minutes)\b/);
      if (type === "histogram") expect(name).toMatch(/_seconds$/);
    }
  });

  it("says of every kind of label how many values it may have", () => {
    for (const bound of ["500 Workflows", "500 steps", "300 kinds", "1000 slots"]) expect(page).toContain(bound);
  });
});

describe("the table of dashboards", () => {
  it("has every dashboard, and no other", () => {
    expect(rowsOf("file").map(([file]) => file)).toEqual(DASHBOARDS.map(({ uid }) => `\`${uid}\``));
  });
});

describe("the runbook", () => {
  const headings = [...runbook.matchAll(/^## (.+)$/gm)].map(([, heading = ""]) => heading);

  it("speaks of every alert, in their order, and of no other", () => {
    expect(headings).toEqual(ALERTS.map(({ name }) => name));
  });

  it("is where the alerts say it is", () => {
    for (const [index, alert] of ALERTS.entries()) {
      expect(runbookOf(alert)).toBe(`docs/runbook.md#${(headings[index] ?? "").toLowerCase()}`);
    }
  });

  it("links to headings that exist", () => {
    const links = [...runbook.matchAll(/\]\(#([a-z-]+)\)/g)].map(([, anchor = ""]) => anchor);
    expect(links.length).toBeGreaterThan(2);
    for (const anchor of links) expect(headings.map((heading) => heading.toLowerCase())).toContain(anchor);
  });
});
