/** What `koreo prune` found, and how it is deleted: ask first, judge again, then delete one by one. */
import type { JsonValue } from "../core/json.ts";
import { objectText } from "../core/object-key.ts";
import type { ObjectRef, ObjectStore } from "../engine/ports/object-store.ts";
import { confirm } from "./confirm.ts";
import type { Deletable } from "./deletable.ts";
import { CommandFailed } from "./failure.ts";
import type { OutputFormat } from "./flags.ts";
import { printDocument } from "./print-document.ts";
import type { Unlisted } from "./served-kinds.ts";
import { formatTable } from "./table.ts";

/** Something to delete, as it was when we judged it. */
export interface Prunable extends Deletable {
  readonly ref: ObjectRef;
  /** Keyed by the column's heading; `--output json` prints the same. */
  readonly cells: Readonly<Record<string, string>>;
}

export interface PrunePlan {
  readonly items: readonly Prunable[];
  /** Parts that could not be inspected. */
  readonly unlisted: readonly Unlisted[];
  /** What people should know about objects that are not listed. */
  readonly notes: readonly string[];
}

/** Where the deletes go; the signal interrupts. */
export interface PruneTarget {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
}

export interface PruneMode {
  readonly dryRun: boolean;
  /** Deletes without asking. */
  readonly yes: boolean;
  readonly output: OutputFormat;
  /** What is pruned, in the plural. */
  readonly subject: string;
}

/**
 * @param survey - called again before the first delete: an item is deleted only if it is still listed and unchanged
 * @throws CommandFailed when something could not be inspected or deleted, or the user says no
 */
export async function carryOut(
  target: PruneTarget,
  survey: (only?: readonly Prunable[]) => Promise<PrunePlan>,
  mode: PruneMode,
): Promise<void> {
  const plan = await survey();
  show(plan, mode);
  const failures = mode.dryRun || plan.items.length === 0 ? [] : await deleteAll(target, plan, survey, mode);
  const incomplete = plan.unlisted.length === 0 ? [] : [`${plan.unlisted.length} could not be looked at, see above`];
  const wrong = [...incomplete, ...(failures.length === 0 ? [] : [`${failures.length} not deleted, see above`])];
  if (wrong.length > 0) throw new CommandFailed(wrong.join("; "));
}

function show({ items, unlisted, notes }: PrunePlan, { output, subject }: PruneMode): void {
  if (output !== "table") {
    const all: JsonValue = {
      items: items.map(({ cells }) => cells),
      incomplete: unlisted.map((each) => ({ ...each })),
    };
    printDocument(output, all);
  } else if (items.length === 0) {
    console.error(`no ${subject}`);
  } else {
    const heads = Object.keys(items[0]?.cells ?? {});
    const rows = items.map(({ cells }) => heads.map((head) => cells[head] ?? ""));
    console.log(
      formatTable(
        heads.map((head) => head.toUpperCase()),
        rows,
      ),
    );
  }
  for (const note of notes) console.error(note);
  for (const { what, why } of unlisted) console.error(`koreo: not looked at: ${what}: ${why}`);
}

async function deleteAll(
  target: PruneTarget,
  plan: PrunePlan,
  survey: (only: readonly Prunable[]) => Promise<PrunePlan>,
  { yes, output, subject }: PruneMode,
): Promise<readonly string[]> {
  const many = `${plan.items.length} ${subject}`;
  if (!yes && !(await confirm(`Delete ${many}?`, target.signal))) throw new CommandFailed("nothing was deleted");
  const still = new Set((await survey(plan.items)).items.map(({ uid }) => uid));
  const failures: string[] = [];
  // One after the other: an object that refers to others goes first.
  for (const item of plan.items) {
    const { type, namespace, name } = item.ref;
    const text = objectText({ kind: type.kind, namespace, name });
    const refusal = still.has(item.uid) ? await deleteOne(target, item) : "it is in use by now, or cannot be judged";
    const done = item.heldBy.length === 0 ? "deleted" : `is being deleted, held by ${item.heldBy.join(", ")}`;
    if (refusal === undefined) (output === "table" ? console.log : console.error)(`${text} ${done}`);
    else {
      failures.push(text);
      console.error(`koreo: ${text} not deleted: ${refusal}`);
    }
    if (target.signal.aborted) throw new CommandFailed("interrupted");
  }
  return failures;
}

/** @returns why it still exists; undefined when it is gone */
async function deleteOne(
  { store, signal }: PruneTarget,
  { ref, uid, resourceVersion }: Prunable,
): Promise<string | undefined> {
  const preconditions = { uid, resourceVersion, propagationPolicy: "Background" } as const;
  const answer = await store.delete(ref, preconditions, signal);
  if (answer.kind === "ok" || answer.fault.kind === "notFound") return undefined;
  return answer.fault.kind === "conflict" ? "it has changed since it was listed" : answer.fault.detail;
}
