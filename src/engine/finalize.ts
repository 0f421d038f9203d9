/**
 * A trigger on its way out that our finalizer holds: what only we would delete is deleted, in reverse waves, and then the
 * finalizer goes. Needs the inventory, the marks and the recorded kinds alone: Workflow, functions and their CRDs may be gone.
 */
import { finalizersOf } from "../core/object.ts";
import { formatKey, objectText } from "../core/object-key.ts";
import type { NotOk } from "../core/outcome.ts";
import { identityText, type InventoryEntry } from "../core/resource/inventory.ts";
import { releaseTrigger } from "./finalizer.ts";
import { markedObjects, type MarkedObjects } from "./marked-objects.ts";
import { indexedEntry } from "./object-records.ts";
import { removeObjects, type Removed } from "./removal.ts";
import { tellRemoved, waitingCondition } from "./removal-report.ts";
import { orAbandon, type RunContext } from "./run-context.ts";
import { deletionReport, type TriggerReport } from "./trigger-report.ts";
import { writeTrigger, type WriteResult } from "./trigger-writer.ts";

/** The object is waited for by watching it; this is the net under that, in seconds. */
export const DELETION_RETRY_SECONDS = 30;

/** Kubernetes' own finalizer of an orphaning delete. */
const ORPHAN = "orphan";

/** `gone`: nothing holds the trigger any more as far as we are concerned. */
export type Finalized = { readonly kind: "gone" } | { readonly kind: "waiting"; readonly written: WriteResult };

/** @throws RunInterrupted when the run must not go on */
export async function finalizeTrigger(run: RunContext): Promise<Finalized> {
  const { index, store } = run.ports;
  const keyOf = (entry: InventoryEntry) => formatKey({ cluster: store.cluster, ...entry });
  const recorded = [...run.recorded.values()];
  const names = new Set(recorded.map(keyOf));
  const indexed = (await orAbandon(run, index.objectsOf(run.trigger.key))).filter((object) => !names.has(object));
  const ordered = await withWaves(run, indexed.flatMap(indexedEntry), new Set(recorded.map(identityText)));
  const candidates = [
    ...recorded.filter(({ policy, readonly }) => policy === "destroy" && !readonly),
    ...ordered.entries,
  ];

  const options = { purpose: "finalize", keepsOwned: finalizersOf(run.trigger.object).includes(ORPHAN) } as const;
  // Whose order cannot be told, because a kind could not be listed, waits with all the others.
  const isOrdered = ordered.unlisted.length === 0;
  const known = isOrdered ? await removeObjects(run, candidates, options) : undecided(candidates);
  tellRemoved(run, "finalize", known);
  const found =
    known.waiting.length === 0
      ? await removeUnknown(run, known.left, options)
      : { waiting: [], unlisted: ordered.unlisted };
  const waiting = [...known.waiting, ...found.waiting];

  // What is waited for wakes the trigger by going.
  const awaited = waiting.map(({ entry }) => entry);
  const trigger = run.trigger.key;
  const named = { trigger, fence: run.fence };
  if (awaited.length > 0) await orAbandon(run, index.add(awaited.map((entry) => ({ ...named, object: keyOf(entry) }))));
  const blocked = waiting.length + found.unlisted.length === 0 ? await releaseTrigger(run) : undefined;
  if (waiting.length + found.unlisted.length === 0 && blocked === undefined) {
    await orAbandon(run, index.drop(trigger, "all", run.fence));
    return { kind: "gone" };
  }
  const tried = new Set(candidates.map(identityText));
  const untried = recorded.filter((entry) => !tried.has(identityText(entry)));
  // An inventory in no order would be believed by the next run.
  const inventory = isOrdered ? [...untried, ...awaited] : recorded;
  const report = waitingReport(run, { inventory, waiting, unlisted: found.unlisted, blocked });
  return { kind: "waiting", written: await writeTrigger(run, report) };
}

interface StillThere {
  readonly inventory: readonly InventoryEntry[];
  readonly waiting: Removed["waiting"];
  readonly unlisted: MarkedObjects["unlisted"];
  /** Why our finalizer could not be taken off. */
  readonly blocked: NotOk | undefined;
}

/** Of all that the trigger still waits for, the first is named as what blocks it. */
function waitingReport(run: RunContext, { inventory, waiting, unlisted, blocked }: StillThere): TriggerReport {
  const first = waiting[0];
  return deletionReport(run, {
    inventory,
    condition: waitingCondition("Deleted", run, waiting, unlisted),
    blockage: {
      kind: "retry",
      retryAfterSeconds: DELETION_RETRY_SECONDS,
      steps: first?.entry.step.split("/") ?? ["delete"],
      object: first === undefined ? undefined : objectText(first.entry),
      reason: first?.why ?? unlisted[0]?.why ?? blocked?.message ?? "",
    },
  });
}

/**
 * A trigger that is deleted during its first run has no inventory yet: the marks then say in which order its objects go.
 * What carries no mark of ours keeps the first wave. While the index is being rebuilt some objects are missing from it; those
 * that are found have to take their turn.
 *
 * @param recorded - what the inventory names has its order already
 */
async function withWaves(
  run: RunContext,
  indexed: readonly InventoryEntry[],
  recorded: ReadonlySet<string>,
): Promise<MarkedObjects> {
  if (indexed.length === 0) return { entries: [], unlisted: [] };
  const { entries, unlisted } = await markedObjects(run);
  const marked = new Map(entries.map((entry) => [identityText(entry), entry]));
  const known = new Set([...recorded, ...indexed.map(identityText)]);
  const unknown = entries.filter((entry) => !known.has(identityText(entry)));
  return { entries: [...indexed.map((entry) => marked.get(identityText(entry)) ?? entry), ...unknown], unlisted };
}

function undecided(entries: readonly InventoryEntry[]): Removed {
  const why = "in which order it goes is not known yet";
  return { deleted: [], left: [], waiting: entries.map((entry) => ({ entry, why })) };
}

/**
 * What neither inventory nor index knows, found by label: a worker died between a create and its record. Also what came after
 * it was looked for: its create took that long.
 *
 * @param left - what was looked at and is to stay
 */
async function removeUnknown(
  run: RunContext,
  left: Removed["left"],
  options: Parameters<typeof removeObjects>[2],
): Promise<{ readonly waiting: Removed["waiting"]; readonly unlisted: MarkedObjects["unlisted"] }> {
  const { entries, unlisted } = await markedObjects(run);
  const stays = new Set(left.map(({ entry }) => identityText(entry)));
  const unknown = entries.filter((entry) => !stays.has(identityText(entry)));
  // Of the inventory's policy and the mark's the more careful one holds.
  const careful = new Map([...run.recorded.values()].map((entry) => [identityText(entry), entry]));
  const removed = await removeObjects(
    run,
    unknown.map((entry) => careful.get(identityText(entry)) ?? entry),
    options,
  );
  tellRemoved(run, "finalize", removed);
  return { waiting: removed.waiting, unlisted };
}
