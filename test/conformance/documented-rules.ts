/** The rules that the page for users has rows for, by section: it and the rules are held to each other by tests. */
import { readFileSync } from "node:fs";

const DOCUMENT = new URL("../../docs/differences-from-koreo.md", import.meta.url);

/**
 * @param heading - of the section, such as `Judged by the recorded cases`
 * @returns the first cells of its table, in order
 */
export function documentedRules(heading: string): readonly string[] {
  const [, section = ""] = readFileSync(DOCUMENT, "utf8").split(`\n## ${heading}\n`);
  const [own = ""] = section.split(/^## /m, 1);
  return [...own.matchAll(/^\| `([a-z-]+)` /gm)].map(([, name = ""]) => name);
}
