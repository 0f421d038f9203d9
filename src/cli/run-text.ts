/** The record of a run as text: its outcome and causes, then the tree of what took its time. */
import { ATTRIBUTE, SPAN } from "../engine/telemetry.ts";
import type { RunRecord, RunSpan } from "../engine/ports/run-log.ts";
import { formatTable } from "./table.ts";
import { treeRows } from "./tree.ts";

const BAR_WIDTH = 24;

/** @param object - the object as people name it */
export function runText(object: string, record: RunRecord): string {
  const { startedAtMs, waitedMs, ms, outcome, changed, attempt, workClass, workflow, causes, blocked } = record;
  const verdict = `${outcome}${changed ? ", something was written" : ", nothing was written"}`;
  const lines = [
    `${object}: ${verdict}`,
    `at         ${new Date(startedAtMs).toISOString()}, ${time(ms)}${attempt > 1 ? `, attempt ${attempt}` : ""}`,
    `because    ${causes.length === 0 ? "unknown" : causes.join(", ")}`,
    `waited     ${time(waitedMs)} in the queue, class ${workClass}`,
    ...(workflow === "" ? [] : [`workflow   ${workflow}`]),
    `worker     ${record.worker}`,
    `trace      ${record.traceId}`,
    ...(blocked === "" ? [] : [`blocked    ${blocked}`]),
  ];
  const rows = treeRows([record.root], ({ children }) => children).map(({ indent, node }) => [
    time(node.startMs),
    time(node.ms),
    bar(node, ms),
    `${indent}${spanText(node)}`,
  ]);
  const omitted = record.omittedSpans === 0 ? [] : [`… and ${record.omittedSpans} more parts`];
  return [...lines, "", formatTable(["START", "TIME", "", "PART"], rows), ...omitted].join("\n");
}

/** What a part of a run is, in words. */
export function spanText({ name, attributes }: RunSpan): string {
  const text = (attribute: string) => String(attributes[attribute] ?? "");
  const outcome = text(ATTRIBUTE.outcome);
  const ended = [outcome, ...(attributes[ATTRIBUTE.changed] === true ? ["written"] : [])].filter((each) => each !== "");
  const verdict = ended.length === 0 ? "" : `: ${ended.join(", ")}`;
  const path = text("url.path");
  if (path !== "") {
    const code = text("http.response.status_code") || text("error.type");
    return `${name} ${shortPath(path)}${code === "" ? "" : ` (${code})`}`;
  }
  switch (name) {
    case SPAN.step:
      return `step ${text(ATTRIBUTE.step)}${verdict}`;
    case SPAN.item:
      return `item ${text("koreo.item")}${verdict}`;
    default: {
      const what = [text(ATTRIBUTE.action), text(ATTRIBUTE.object)].filter((each) => each !== "").join(" ");
      return `${name.replace(/^koreo\./, "").replaceAll(".", " ")}${what === "" ? "" : ` ${what}`}${verdict}`;
    }
  }
}

/** Draws where in the run a part lies. */
function bar({ startMs, ms }: RunSpan, wholeMs: number): string {
  const at = (value: number) =>
    Math.round((Math.max(0, Math.min(value, wholeMs)) / Math.max(wholeMs, 0.01)) * BAR_WIDTH);
  const from = Math.min(at(startMs), BAR_WIDTH - 1);
  const length = Math.max(1, at(startMs + ms) - from);
  return `${"·".repeat(from)}${"█".repeat(length)}${"·".repeat(Math.max(0, BAR_WIDTH - from - length))}`;
}

/** The step already names namespace and name, so only the part of a path after the group is shown. */
function shortPath(path: string): string {
  return path.replace(/^\/apis\/[^/]+\/[^/]+\/|^\/api\/v1\//, "").replace(/^namespaces\//, "");
}

function time(ms: number): string {
  if (Math.abs(ms) < 10) return `${ms.toFixed(1)}ms`;
  return Math.abs(ms) < 10_000 ? `${Math.round(ms)}ms` : `${(ms / 1000).toFixed(1)}s`;
}
