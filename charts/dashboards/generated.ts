/** The files that are made of the descriptions of dashboards and alerts: what each holds when it is current. */
import path from "node:path";
import { rulesFile } from "../alerts/all.ts";
import { DASHBOARDS } from "./all.ts";
import { buildDashboard } from "./build.ts";

/** The chart's folder of dashboards. */
export const FOLDER = path.resolve(import.meta.dirname, "../koreo/files/dashboards");

export interface GeneratedFile {
  readonly file: string;
  readonly wanted: string;
}

/** For a PrometheusRule, and for any Prometheus. */
export const RULES_FILE = path.resolve(FOLDER, "../rules.yaml");

export function generatedFiles(): readonly GeneratedFile[] {
  return [...dashboards(), { file: RULES_FILE, wanted: rulesFile() }];
}

function dashboards(): readonly GeneratedFile[] {
  return DASHBOARDS.map((description) => ({
    file: path.join(FOLDER, `${description.uid}.json`),
    wanted: `${JSON.stringify(buildDashboard(description), null, 2)}\n`,
  }));
}
