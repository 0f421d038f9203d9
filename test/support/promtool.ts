/** Asks promtool whether alerts fire when they should: their own samples, as the file of tests that it reads. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { stringify } from "yaml";
import { annotationsOf } from "../../charts/alerts/all.ts";
import type { Alert, Series } from "../../charts/alerts/alert.ts";
import { RULES_FILE } from "../../charts/dashboards/generated.ts";
import { execute } from "../control-plane/execute.ts";

const AFTER = "30m";

interface PromtoolCase {
  readonly interval: string;
  readonly input_series: readonly { readonly series: string; readonly values: string }[];
  readonly alert_rule_test: readonly object[];
}

/** It fires in each case of its samples, and says what they say. */
export function firingCases(alert: Alert): readonly PromtoolCase[] {
  return [alert.samples, ...(alert.samples.also ?? [])].map(({ fires, says, labels }) =>
    caseOf(alert, fires, [
      {
        exp_labels: { severity: alert.severity, ...labels },
        exp_annotations: { ...annotationsOf(alert), summary: says },
      },
    ]),
  );
}

/** It does not. */
export function quietCase(alert: Alert): PromtoolCase {
  return caseOf(alert, alert.samples.quiet, []);
}

function caseOf({ name }: Alert, series: Series, expected: readonly object[]): PromtoolCase {
  return {
    interval: "1m",
    input_series: Object.entries(series).map(([each, values]) => ({ series: each, values })),
    alert_rule_test: [{ eval_time: AFTER, alertname: name, exp_alerts: expected }],
  };
}

/** @returns "" when all cases hold, else what promtool says */
export async function complaintsOf(promtool: string, cases: readonly PromtoolCase[]): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), "koreo-promtool-"));
  try {
    const file = path.join(dir, "tests.yaml");
    await writeFile(file, stringify({ rule_files: [RULES_FILE], evaluation_interval: "1m", tests: cases }));
    return await execute(promtool, ["test", "rules", file], { deadlineMs: 30_000 }).then(
      () => "",
      (error: unknown) => String(error),
    );
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
