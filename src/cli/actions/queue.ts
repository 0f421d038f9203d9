/** `koreo queue`: shows what the queue of an installation holds, straight from Redis. */
import { formatKey, parseKey, type ObjectKey } from "../../core/object-key.ts";
import { causeText } from "../../engine/cause.ts";
import type { Cause, QueuedRun, ReconcileQueue } from "../../engine/ports/reconcile-queue.ts";
import type { ConfigFlags } from "../../processes/shared/settings.ts";
import type { OutputFormat } from "../flags.ts";
import { printDocument } from "../print-document.ts";
import { allKeys, withQueue } from "../redis-state.ts";
import { formatTable } from "../table.ts";

export interface QueueOptions extends ConfigFlags {
  readonly namespace?: string;
  readonly kind?: string;
  readonly state?: QueuedRun["state"];
  readonly failing?: true;
  readonly limit: number;
  readonly output: OutputFormat;
}

/** One key as people read it. */
export interface ListedKey extends ObjectKey {
  readonly state: QueuedRun["state"];
  readonly workClass: number;
  readonly ageMs: number;
  readonly remainingMs: number;
  readonly failures: number;
  readonly worker: string;
  readonly causes: readonly Cause[];
}

/** @throws CommandFailed when Redis does not answer; ConfigError when none is given */
export async function queue(options: QueueOptions): Promise<void> {
  await withQueue(options, "the queue", async (view) => {
    const stats = await view.stats();
    const keys = [...(await allKeys(view)).values()]
      .flatMap((run) => {
        const parsed = parseKey(run.key);
        return parsed === undefined ? [] : [listed(run, parsed)];
      })
      .filter((each) => isWanted(each, options))
      .sort(byUrgency);
    const shown = keys.slice(0, options.limit);
    if (options.output === "table") printTable(shown, keys.length, stats);
    else printDocument(options.output, { keys: shown, stats });
  });
}

function listed(run: QueuedRun, { cluster, group, kind, namespace, name }: ObjectKey): ListedKey {
  const { state, workClass, ageMs, remainingMs, failures, owner, causes } = run;
  return {
    cluster,
    group,
    kind,
    namespace,
    name,
    state,
    workClass,
    ageMs,
    remainingMs,
    failures,
    worker: owner,
    causes,
  };
}

function isWanted(key: ListedKey, { namespace, kind, state, failing }: QueueOptions): boolean {
  return (
    (namespace === undefined || key.namespace === namespace) &&
    (kind === undefined || isNamed(key, kind.toLowerCase())) &&
    (state === undefined || key.state === state) &&
    (failing !== true || key.failures > 0)
  );
}

/** By `Kind` or `Kind.group` in any case, and by the plural as far as the kind's name tells it. */
function isNamed({ kind, group }: ListedKey, wanted: string): boolean {
  const name = kind.toLowerCase();
  const plurals = [`${name}s`, `${name}es`, name.replace(/y$/, "ies")];
  return [name, ...plurals].some((each) => wanted === each || wanted === `${each}.${group}`);
}

const ORDER = ["running", "waiting", "delayed"];

/** Running keys first, then waiting ones by class and age, then delayed ones by the time they are due. */
function byUrgency(a: ListedKey, b: ListedKey): number {
  const order = ORDER.indexOf(a.state) - ORDER.indexOf(b.state);
  if (order !== 0) return order;
  if (a.state === "delayed") return a.remainingMs - b.remainingMs;
  return a.workClass - b.workClass || b.ageMs - a.ageMs;
}

function printTable(
  keys: readonly ListedKey[],
  found: number,
  stats: Awaited<ReturnType<ReconcileQueue["stats"]>>,
): void {
  const rows = keys.map((key) => [
    key.state,
    String(key.workClass),
    key.kind,
    key.namespace,
    key.name,
    key.state === "delayed" ? `in ${seconds(key.remainingMs)}` : seconds(key.ageMs),
    String(key.failures),
    key.causes.map((cause) => causeText(cause, formatKey(key))).join(", "),
  ]);
  const heads = ["STATE", "CLASS", "KIND", "NAMESPACE", "NAME", "SINCE", "FAILURES", "CAUSES"];
  if (keys.length > 0) console.log(`${formatTable(heads, rows)}\n`);
  const { running, waiting, delayed, failing, lostLeases } = stats;
  const more = found > keys.length ? `${found - keys.length} more match; see --limit. ` : "";
  console.log(
    `${more}In all: ${running} running, ${waiting} waiting, ${delayed} delayed; ${failing} failing, ${lostLeases} leases lost so far`,
  );
}

function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)}s` : `${Math.round(ms / 1000)}s`;
}
