/**
 * The rules by which `koreo check` refuses what the API server accepts. The API server has every other error, too; a
 * fuzz test against a real one checks both directions, and another test compares docs/command-line.md with this list.
 */
import type { Rule } from "./finding.ts";

/** Why each rule refuses it nevertheless. */
export const STRICTER: Readonly<Partial<Record<Rule, string>>> = {
  yaml: "files are read as YAML 1.2 and UTF-8: a continued line must be indented, a comment needs a space before it",
  "yaml-limit": "more than 200 levels, or aliases that multiply the document, are an attack or an accident",
  "yaml-portable":
    'readers disagree: lone carriage returns, tabs that begin lines, `1` and `"1"` as keys of one map, two `<<`, long keys, odd tags',
  null: "Koreo's engine takes no null, and no missing spec, where the API server drops the null or lets it pass",
  expression: "the API server does not read expressions",
  "not-ready": "the API server does not follow references, the order of steps, or what a kind asks of itself",
  "unknown-variable": "the API server does not know which variables an expression sees",
  "unknown-local": "the same for the members of locals",
  duplicate: "of two definitions with one name only one would count",
  "server-field":
    "a manifest with fields of the server's own is refused sooner or later: by a server-side apply, or as a conflict",
  size: "a dry run stores nothing; a real request beyond etcd's limit fails",
};
