/** Every alert, as a file of Prometheus rules and as a test of them for promtool. */
import { stringify } from "yaml";
import type { Alert, AlertGroup } from "./alert.ts";
import { PROCESSES } from "./processes.ts";
import { QUEUE } from "./queue.ts";
import { WORKFLOWS } from "./workflows.ts";

export const ALERT_GROUPS: readonly AlertGroup[] = [PROCESSES, QUEUE, WORKFLOWS];
export const ALERTS: readonly Alert[] = ALERT_GROUPS.flatMap(({ alerts }) => alerts);

/** Where an alert is explained, from the top of the repository. */
export function runbookOf({ name }: Alert): string {
  return `docs/runbook.md#${name.toLowerCase()}`;
}

/** Of a PrometheusRule's spec, and of a file of rules. */
export function rulesFile(): string {
  const groups = ALERT_GROUPS.map(({ name, alerts }) => ({ name, rules: alerts.map(ruleOf) }));
  return `# Written by \`npm run dashboards\` from charts/alerts.\n${stringify({ groups }, { lineWidth: 0 })}`;
}

function ruleOf(alert: Alert): object {
  const { name, expr, holds, severity } = alert;
  return { alert: name, expr, for: holds, labels: { severity }, annotations: annotationsOf(alert) };
}

export function annotationsOf(alert: Alert): Readonly<Record<string, string>> {
  return { summary: alert.summary, description: alert.description, runbook: runbookOf(alert) };
}
