/**
 * Counts what a convergence cost the API server, per trigger, from its audit log: runs (each reads its trigger once),
 * creates of managed objects, and writes on the trigger. What the benchmark itself sends is told apart by its user agent.
 */
import type { AuditEntry } from "../test/control-plane/start.ts";

/** What one trigger cost, up to its first Ready and until everything was still. */
export interface TriggerCost {
  readonly name: string;
  readonly runsToReady: number;
  readonly runs: number;
  readonly creates: number;
  readonly writes: number;
  /** Every request that names the trigger or one of its objects. */
  readonly requests: number;
}

/** Which requests belong to a trigger. */
export interface TriggerRequests {
  readonly name: string;
  /** When it became Ready, in milliseconds since the epoch. */
  readonly readyAtMs: number;
}

/**
 * @param entries - of the namespace's requests by Koreo's processes
 * @param plural - of the trigger's kind
 */
export function costOf(entries: readonly AuditEntry[], plural: string, trigger: TriggerRequests): TriggerCost {
  const mine = entries.filter(({ objectRef }) => belongs(objectRef?.name ?? "", trigger.name));
  const onTrigger = mine.filter(({ objectRef }) => objectRef?.resource === plural);
  const runs = onTrigger.filter(({ verb }) => verb === "get");
  return {
    name: trigger.name,
    runsToReady: runs.filter((entry) => Date.parse(entry.requestReceivedTimestamp) <= trigger.readyAtMs).length,
    runs: runs.length,
    creates: mine.filter((entry) => entry.verb === "create" && isAccepted(entry)).length,
    writes: onTrigger.filter((entry) => entry.verb === "patch" || entry.verb === "update").length,
    requests: mine.length,
  };
}

/** Objects are called after their trigger: `<trigger>` or `<trigger>-<part>`. */
function belongs(object: string, trigger: string): boolean {
  return object === trigger || object.startsWith(`${trigger}-`);
}

function isAccepted({ responseStatus }: AuditEntry): boolean {
  return (responseStatus?.code ?? 0) < 300;
}
