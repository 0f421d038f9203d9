/**
 * Finds, after a run, the objects of the inventory that nothing names any more, and decides what becomes of them. An
 * object is unwanted only after a complete run whose definitions still are those of the API server. The resulting
 * inventory keeps what could not be deleted yet.
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

/** The result of pruning. */
export interface Pruned {
  readonly inventory: readonly InventoryEntry[];
  /** Names what should be gone and is still there. */
  readonly condition: ConditionDraft | undefined;
  /** Within how many seconds to look again, if some objects wait. */
  readonly lookAgainSeconds: number | undefined;
}

const LOOK_AGAIN_SECONDS = 30;

/** @throws RunInterrupted when the run must not go on */
export async function pruneObjects(run: RunContext, plan: WorkflowPlan, result: WorkflowResult): Promise<Pruned> {
  const recorded = [...run.recorded.values()];
  // A step that timed out or crashed says nothing any more of the object that it recorded early.
  const named = [...[...result.results.values()].flatMap(({ inventory }) => inventory), ...run.held.early.values()];
  const merged = mergeInventory(recorded, named);
  // Nothing may go, so the index stays as it is too: it has all that this run and earlier ones named.
  if (!result.isComplete) return { inventory: merged, condition: undefined, lookAgainSeconds: undefined };

  const { index, store } = run.ports;
  const keyOf = (entry: InventoryEntry) => formatKey({ cluster: store.cluster, ...entry });
  const known = new Set(merged.map(keyOf));
  const indexed = await orAbandon(run, index.objectsOf(run.trigger.key));
  const unknown = indexed.filter((object) => !known.has(object));
  const isCertain = result.skipped.length === 0; // nobody knows which part kept an object that only the index has
  const stale = [...staleEntries(recorded, named, result.skipped), ...(isCertain ? unknown.flatMap(indexedEntry) : [])];
  const removed = await remove(run, plan, stale);
  const isStale = new Set(stale.map(identityText));
  const standing = merged.filter((entry) => !isStale.has(identityText(entry)));
  const inventory = [...standing, ...removed.waiting.map(({ entry }) => entry)];

  const more = await releaseIfDone(run, plan, { inventory, isCertain });
  const waiting = [...removed.waiting, ...more.waiting];
  const final = [...inventory, ...more.waiting.map(({ entry }) => entry)];
  const kept = new Set([...final.map(keyOf), ...(isCertain ? [] : unknown)]);
  await forget(
    run,
    indexed.filter((object) => !kept.has(object)),
  );
  if (run.paused) run.drifts.push(...waiting.map(({ entry }) => `${objectText(entry)} should be deleted`));
  return {
    inventory: final,
    condition: waitingCondition("Pruned", run, waiting, more.unlisted),
    lookAgainSeconds: waiting.length + more.unlisted.length === 0 ? undefined : LOOK_AGAIN_SECONDS,
  };
}

/**
 * Takes these objects out of the index, but only while no newer run can hold the key: what a newer run has named there must
 * stay. What a watcher has added since the run read the index stays too, for the run that it has woken.
 */
async function forget(run: RunContext, objects: readonly KeyText[]): Promise<void> {
  if (run.leaseLeftMs() <= 0) throw abandonRun(run);
  if (objects.length > 0) await orAbandon(run, run.ports.index.drop(run.trigger.key, objects, run.fence));
}

const NOTHING: Removed = { deleted: [], left: [], waiting: [] };

async function remove(run: RunContext, plan: WorkflowPlan, stale: readonly InventoryEntry[]): Promise<Removed> {
  if (stale.length === 0) return NOTHING;
  const removed = await removeObjects(run, stale, { purpose: "prune", confirm: () => isStillSo(run, plan) });
  tellRemoved(run, "prune", removed);
  return removed;
}

/**
 * Takes the finalizer off once no object needs it any more. It asks the API server, because an object may exist that
 * neither inventory nor index ever heard of.
 */
async function releaseIfDone(
  run: RunContext,
  plan: WorkflowPlan,
  /** `isCertain`: no step was skipped. */
  { inventory, isCertain }: { readonly inventory: readonly InventoryEntry[]; readonly isCertain: boolean },
) {
  const isNeeded = inventory.some(({ policy, readonly }) => policy === "destroy" && !readonly);
  if (isNeeded || run.paused || !hasFinalizer(run.held.trigger)) return { waiting: [], unlisted: [] };
  const known = new Set(inventory.map(identityText));
  const { entries, unlisted } = await markedObjects(run);
  const unknown = entries.filter((entry) => !known.has(identityText(entry)));
  // A step that was skipped may keep them, and a skip never prunes. The finalizer stays for them.
  if (unknown.length > 0 && !isCertain) return { waiting: [], unlisted };
  const { waiting } = await remove(run, plan, unknown);
  // A finalizer that cannot be taken off is no failure of the run: the next one tries again.
  if (waiting.length + unlisted.length === 0) await releaseTrigger(run);
  return { waiting, unlisted };
}

/**
 * Whether every definition in the plan is unchanged: a worker that has not heard of an edit yet must not delete what
 * another worker has made because of it.
 */
async function isStillSo(run: RunContext, { uses }: WorkflowPlan): Promise<boolean> {
  const checks = uses.map(async ({ kind, namespace, name, contentHash: hash }) => {
    const read = await run.ports.store.get({ type: definitionType(kind), namespace, name }, run.signal);
    const source = read.kind === "ok" ? definitionOf(read.value, namespace) : undefined;
    return source !== undefined && contentHash(source.spec) === hash;
  });
  return (await Promise.all(checks)).every(Boolean);
}
