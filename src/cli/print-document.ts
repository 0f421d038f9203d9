/** Prints a document of a command with `--output json` or `yaml`. */
import { stringify } from "yaml";

export function printDocument(format: "json" | "yaml", value: unknown): void {
  console.log(format === "json" ? JSON.stringify(value, null, 2) : stringify(value, { lineWidth: 0 }).trimEnd());
}
