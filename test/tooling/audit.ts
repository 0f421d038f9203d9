/**
 * Known security holes in what we ship with: `npm audit` of the dependencies that users get. Fails on those that are high or
 * critical; says `skipped: ...` and counts as skipped where the registry answers no audits, which many mirrors do not.
 */
import { spawnSync } from "node:child_process";
import { verdictOf } from "./audit-verdict.ts";
import { SKIPPED_EXIT } from "./suite-summary.ts";

const DEADLINE_MS = 60_000;

const audit = spawnSync("npm", ["audit", "--omit=dev", "--json"], { encoding: "utf8", timeout: DEADLINE_MS });
const trouble = audit.error === undefined ? "" : audit.error.message;
const { kind, lines } = verdictOf(audit.stdout, trouble || audit.stderr);
for (const line of lines) console.log(line);
process.exitCode = { good: 0, bad: 1, skipped: SKIPPED_EXIT }[kind];
