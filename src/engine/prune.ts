/**
 * After a run: which objects of the inventory nothing names any more, and what becomes of them. Only a complete run says that
 * an object is wanted no more, and only one whose definitions are still those the API server has. The inventory that comes
 * of it keeps what could not be deleted yet.
 */
import { contentHash } from "../core/hash.ts";
import { formatKey, objectText, type KeyText } from "../core/object-key.ts";
import { definitionOf } from "../core/manifest/definition.ts";
import type { WorkflowPlan } from "../core/plan/plan.ts";
import { identityText, mergeInventory, type InventoryEntry } from "../core/resource/inventory.ts";
import { staleEntries } from "../core/resource/stale.ts";
import type { ConditionDraft } from "../core/status/condition.ts";
import { definitionType } from "./definitions.ts";
import { hasFinalizer, releaseTrigger } from "./finalizer.ts";
import { markedObjects } from "./marked-objects.ts";
import { indexedEntry } from "./object-records.ts";
import { removeObjects, type Removed } from "./removal.ts";
import { tellRemoved, waitingCondition } from "./removal-report.ts";
import { abandonRun, orAbandon, type RunContext } from "./run-context.ts";
import type { WorkflowResult } from "./run-messages.ts";

/** What stands after a run. */
export interface Pruned {
  readonly inventory: readonly InventoryEntry[];
  /** Tells of what should go and is still there. */
  readonly condition: ConditionDraft | undefined;
  /** Some wait: to be looked at again within so many seconds. */
  readonly lookAgainSeconds: number | undefined;
}

const LOOK_AGAIN_SECONDS = 30;

/** @throws RunInterrupted when the run must not go on */
export async function pruneObjects(run: RunContext, plan: WorkflowPlan, result: WorkflowResult): Promise<Pruned> {
  const recorded = [...run.recorded.values()];
  // A step that timed out or crashed says nothing any more of the object that it recorded early.
  const named = [...[...result.results.values()].flatMap(({ inventory }) => inventory), ...run.held.early.values()];
  const merged = mergeInventory(recorded, named);
  // Nothing may go, so that the index stays as it is, too: it has all that this run and earlier ones named.
  if (!result.isComplete) return { inventory: merged, condition: undefined, lookAgainSeconds: undefined };

  const { index, store } = run.ports;
  const keyOf = (entry: InventoryEntry) => formatKey({ cluster: store.cluster, ...entry });
  const known = new Set(merged.map(keyOf));
  const indexed = await orAbandon(run, index.objectsOf(run.trigger.key));
  const unknown = indexed.filter((object) => !known.has(object));
  const isCertain = result.skipped.length === 0; // of an object known by the index alone nobody can say what kept it
  const stale = [...staleEntries(recorded, named, result.skipped), ...(isCertain ? unknown.flatMap(indexedEntry) : [])];
  const removed = await remove(run, plan, stale);
  const isStale = new Set(stale.map(identityText));
  const standing = merged.filter((entry) => !isStale.has(identityText(entry)));
  const inventory = [...standing, ...removed.waiting.map(({ entry }) => entry)];

  const more = await releaseIfDone(run, plan, inventory);
  const waiting = [...removed.waiting, ...more.waiting];
  const final = [...inventory, ...more.waiting.map(({ entry }) => entry)];
  const kept = new Set([...final.map(keyOf), ...(isCertain ? [] : unknown)]);
  if (indexed.some((object) => !kept.has(object))) await forget(run, kept);
  if (run.paused) run.drifts.push(...waiting.map(({ entry }) => `${objectText(entry)} should be deleted`));
  return {
    inventory: final,
    condition: waitingCondition("Pruned", run, waiting, more.unlisted),
    lookAgainSeconds: waiting.length + more.unlisted.length === 0 ? undefined : LOOK_AGAIN_SECONDS,
  };
}

/** Only while no newer run can hold the key: a newer one has named what it needs before it came here. */
async function forget(run: RunContext, kept: ReadonlySet<KeyText>): Promise<void> {
  if (run.leaseLeftMs() <= 0) throw abandonRun(run);
  await orAbandon(run, run.ports.index.trim(run.trigger.key, [...kept], run.fence));
}

const NOTHING: Removed = { deleted: [], left: [], waiting: [] };

async function remove(run: RunContext, plan: WorkflowPlan, stale: readonly InventoryEntry[]): Promise<Removed> {
  if (stale.length === 0) return NOTHING;
  const removed = await removeObjects(run, stale, { purpose: "prune", confirm: () => isStillSo(run, plan) });
  tellRemoved(run, "prune", removed);
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
