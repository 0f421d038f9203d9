/** The files of the chart that are made of its values.yaml: as they are, and as they should be. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { schemaOf } from "./schema.ts";
import { withTable } from "./table.ts";
import { readChartValues } from "./values.ts";

/** The chart's folder. */
export const CHART = path.resolve(import.meta.dirname, "../../../charts/koreo");

export interface GeneratedFile {
  readonly file: string;
  readonly wanted: string;
}

export function generatedFiles(): readonly GeneratedFile[] {
  const at = (name: string) => path.join(CHART, name);
  const values = readChartValues(readFileSync(at("values.yaml"), "utf8"));
  return [
    { file: at("README.md"), wanted: withTable(readFileSync(at("README.md"), "utf8"), values) },
    { file: at("values.schema.json"), wanted: `${JSON.stringify(schemaOf(values), null, 2)}\n` },
  ];
}
