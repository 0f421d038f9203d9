/**
 * The package's version; package.json is at the same level above `src/processes/shared` and `dist/processes/shared`.
 */
import { readFileSync } from "node:fs";
import path from "node:path";

export function version(): string {
  const file = path.resolve(import.meta.dirname, "../../../package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly version: string }).version;
}
