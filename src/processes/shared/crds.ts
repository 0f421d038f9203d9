/** Reads our CustomResourceDefinitions from the chart, the one source for cluster, CLI, checks and tests. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import type { JsonObject } from "../../core/json.ts";
import { specChecksOf, type SpecChecks } from "../../core/manifest/schema.ts";

const FOLDER = "charts/koreo/files/crds";

/** One CRD: its file, its text, and the object. */
export interface CrdFile {
  readonly file: string;
  readonly text: string;
  readonly object: JsonObject;
}

/** @throws Error when the package is incomplete */
export function readCrds(): readonly CrdFile[] {
  const folder = crdFolder();
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .sort();
  return names.map((name) => {
    const file = path.join(folder, name);
    const text = readFileSync(file, "utf8");
    return { file, text, object: parse(text) as JsonObject };
  });
}

/** The checks for specs of definitions, made from the CRDs. */
export function readSpecChecks(): SpecChecks {
  return specChecksOf(readCrds().map(({ object }) => object));
}

/** The chart lies at the same height above `src/processes/shared` and `dist/processes/shared`. */
function crdFolder(): string {
  return path.resolve(import.meta.dirname, "../../..", FOLDER);
}
