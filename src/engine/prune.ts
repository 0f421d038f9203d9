/**
 * After a run: which objects of the inventory nothing names any more, and what becomes of them. Only a complete run says that
 * an object is wanted no more, and only one whose definitions are still those the API server has. The inventory that comes
 * of it keeps what could not be deleted yet.
 */
import { contentHash } from "../core/hash.ts";
import { formatKey, objectText, parseKey, type KeyText } from "../core/object-key.ts";
import { definitionOf } from "../core/manifest/definition.ts";
import type { WorkflowPlan } from "../core/plan/plan.ts";
import { identityText, mergeInventory, type InventoryEntry } from "../core/resource/inventory.ts";
import { staleEntries } from "../core/resource/stale.ts";
import type { ConditionDraft } from "../core/status/condition.ts";
import { regarding } from "./announce.ts";
import { definitionType } from "./definitions.ts";
import { hasFinalizer, releaseTrigger } from "./finalizer.ts";
import { markedObjects } from "./marked-objects.ts";
import { removeObjects, type Removed } from "./removal.ts";
import { listedNames, waitingCondition } from "./removal-report.ts";
import { shared, type RunContext } from "./run-context.ts";
import type { WorkflowResult } from "./run-messages.ts";

/** What stands after a run. */
export interface Pruned {
  readonly inventory: readonly InventoryEntry[];
  /** Tells of what should go and is still there. */
  readonly condition: ConditionDraft | undefined;
  /** Objects that only the index knows, and must go on knowing. */
  readonly indexed: readonly KeyText[];
  /** Some wait: to be looked at again within so many seconds. */
  readonly lookAgainSeconds: number | undefined;
}

const LOOK_AGAIN_SECONDS = 30;

/** @throws RunInterrupted when the run must not go on */
export async function pruneObjects(run: RunContext, plan: WorkflowPlan, result: WorkflowResult): Promise<Pruned> {
  const recorded = [...run.recorded.values()];
  const named = [...result.results.values()].flatMap(({ inventory }) => inventory);
  const merged = mergeInventory(recorded, named);
  const known = new Set(merged.map((entry) => formatKey({ cluster: run.ports.store.cluster, ...entry })));
  const unknown = (await shared(run, run.ports.index.objectsOf(run.trigger.key))).filter((key) => !known.has(key));
  if (!result.isComplete)
    return { inventory: merged, indexed: unknown, condition: undefined, lookAgainSeconds: undefined };

  const isCertain = result.skipped.length === 0; // of an object known by the index alone nobody can say what kept it
  const stale = [...staleEntries(recorded, named, result.skipped), ...(isCertain ? unknown.flatMap(indexedEntry) : [])];
  const removed = await remove(run, plan, stale);
  const isStale = new Set(stale.map(identityText));
  const standing = merged.filter((entry) => !isStale.has(identityText(entry)));
  const inventory = [...standing, ...removed.waiting.map(({ entry }) => entry)];

  const more = await releaseIfDone(run, plan, inventory);
  const waiting = [...removed.waiting, ...more.waiting];
  if (run.paused) run.drifts.push(...waiting.map(({ entry }) => `${objectText(entry)} should be deleted`));
  return {
    inventory: [...inventory, ...more.waiting.map(({ entry }) => entry)],
    indexed: isCertain ? [] : unknown,
    condition: waitingCondition("Pruned", run, waiting, more.unlisted),
    lookAgainSeconds: waiting.length + more.unlisted.length === 0 ? undefined : LOOK_AGAIN_SECONDS,
  };
}

const NOTHING: Removed = { deleted: [], left: [], waiting: [] };

async function remove(run: RunContext, plan: WorkflowPlan, stale: readonly InventoryEntry[]): Promise<Removed> {
  if (stale.length === 0) return NOTHING;
  const removed = await removeObjects(run, stale, { purpose: "prune", confirm: () => isStillSo(run, plan) });
  const emit = (reason: string, message: string) =>
    run.ports.events.emit({ regarding: regarding(run.trigger.object), type: "Normal", reason, message });
  if (removed.deleted.length > 0)
    emit("Pruned", `Deleted what no step names any more: ${listedNames(removed.deleted)}.`);
  if (removed.left.length > 0)
    emit(
      "Left",
      `Left though no step names it any more: ${listedNames(removed.left.map(({ name, reason }) => `${name} (${reason})`))}.`,
    );
  return removed;
}

/**
 * The finalizer goes once nothing is left that it is there for: asked of the API server, for an object may exist that neither
 * inventory nor index ever heard of.
 */
async function releaseIfDone(run: RunContext, plan: WorkflowPlan, inventory: readonly InventoryEntry[]) {
  const isNeeded = inventory.some(({ policy, readonly }) => policy === "destroy" && !readonly);
  if (isNeeded || run.paused || !hasFinalizer(run.held.trigger)) return { waiting: [], unlisted: [] };
  const known = new Set(inventory.map(identityText));
  const { entries, unlisted } = await markedObjects(run);
  const unknown = entries.filter((entry) => !known.has(identityText(entry)));
  const { waiting } = await remove(run, plan, unknown);
  // Why it cannot be taken off is no trouble of the run: the next one tries again.
  if (waiting.length + unlisted.length === 0) await releaseTrigger(run);
  return { waiting, unlisted };
}

/** Nothing is known of it but its name: what may become of it says its mark. */
export function indexedEntry(object: string): readonly InventoryEntry[] {
  const key = parseKey(object);
  if (key === undefined) return [];
  const { group, kind, namespace, name } = key;
  const unknown = { version: "", uid: "", step: "", wave: 0, readonly: false, function: "" };
  return [{ group, kind, namespace, name, ...unknown, policy: "destroy" }];
}

/**
 * Whether every definition the plan was made of is as it was: a worker that has not heard of an edit yet must not delete what
 * the edit asks for and another worker has made.
 */
async function isStillSo(run: RunContext, { uses }: WorkflowPlan): Promise<boolean> {
  const checks = uses.map(async ({ kind, namespace, name, contentHash: hash }) => {
    const read = await run.ports.store.get({ type: definitionType(kind), namespace, name }, run.signal);
    const source = read.kind === "ok" ? definitionOf(read.value, namespace) : undefined;
    return source !== undefined && contentHash(source.spec) === hash;
  });
  return (await Promise.all(checks)).every(Boolean);
}
