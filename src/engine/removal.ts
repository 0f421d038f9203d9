/**
 * Deletes objects that are no longer wanted, in reverse waves: later steps' objects go before those they were built on.
 * Each is read, judged (`core/resource/removal.ts`) and deleted under the preconditions it was judged on; the result
 * names each object that waits, and why. Called for pruning and for triggers being deleted; needs no definition.
 */
import { member, textMember, type JsonObject } from "../core/json.ts";
import { formatKey, objectText, type KeyText } from "../core/object-key.ts";
import type { InventoryEntry } from "../core/resource/inventory.ts";
import { judgeRemoval, type RemovalRequest } from "../core/resource/removal.ts";
import { isError } from "../core/outcome.ts";
import { otherKeeper } from "./ownership-check.ts";
import { readRecord } from "../core/resource/record.ts";
import { hideValuesIn, sensitiveOfKind } from "../core/resource/sensitive.ts";
import { faultOutcome } from "./fault-outcome.ts";
import type { ClusterFault, ObjectRef, ResourceType } from "./ports/object-store.ts";
import type { Cause } from "./ports/reconcile-queue.ts";
import { abandonRun, RunInterrupted, orAbandon, type RunContext } from "./run-context.ts";
import { servedType } from "./served-type.ts";
import { ATTRIBUTE, SPAN, withSpan } from "./telemetry.ts";

export type RemovalOptions = Pick<RemovalRequest, "purpose" | "keepsOwned" | "requests"> & {
  /** Deletes an object only in the version that was judged. Default: true for pruning, else false. */
  readonly isExact?: boolean;
  /** Asked once, before the first delete: whether the basis of the run is still valid. */
  readonly confirm?: () => Promise<boolean>;
};

/** What became of the objects; those that are gone are in none of these lists. */
export interface Removed {
  readonly deleted: readonly string[];
  readonly left: readonly { readonly entry: InventoryEntry; readonly reason: string }[];
  /** Still there, and why, one line each. */
  readonly waiting: readonly { readonly entry: InventoryEntry; readonly why: string }[];
}

type Fate =
  | { readonly kind: "gone"; readonly deleted: boolean }
  | { readonly kind: "left"; readonly reason: string | undefined }
  | ({ readonly kind: "waiting" } & Removed["waiting"][number]);

/** A delete is sent only with this much of the lease left: preconditions alone cannot stop one that comes too late. */
export const MIN_LEASE_FOR_DELETE_MS = 5000;

const NEXT_RUN = "the next run deletes it";

const UNKNOWN_KEEPERS = "the watchers are still finding out which triggers keep it too";

/** Requests at once for one trigger. */
const AT_ONCE = 16;

/** @throws RunInterrupted when the run must not go on */
export async function removeObjects(
  run: RunContext,
  entries: readonly InventoryEntry[],
  options: RemovalOptions,
): Promise<Removed> {
  const [deleted, left, waiting]: [string[], Removed["left"][number][], Removed["waiting"][number][]] = [[], [], []];
  const remover = new Remover(run, options);
  for (const wave of reverseWaves(entries)) {
    const first = waiting[0];
    if (first !== undefined) {
      const why = `waits until ${objectText(first.entry)} is gone`;
      waiting.push(...wave.map((entry) => ({ entry, why })));
      continue;
    }
    for (let at = 0; at < wave.length; at += AT_ONCE) {
      if (remover.isLate()) {
        waiting.push(...wave.slice(at).map((entry) => ({ entry, why: NEXT_RUN })));
        break;
      }
      const batch = wave.slice(at, at + AT_ONCE);
      const fates = await Promise.all(batch.map((entry) => remover.remove(entry)));
      for (const [index, fate] of fates.entries()) {
        const entry = batch[index] as InventoryEntry;
        if (fate.kind === "waiting") waiting.push(fate);
        else if (fate.kind === "left" && fate.reason !== undefined) left.push({ entry, reason: fate.reason });
        else if (fate.kind === "gone" && fate.deleted) deleted.push(objectText(entry));
      }
    }
  }
  return { deleted, left, waiting };
}

class Remover {
  readonly #run: RunContext;
  readonly #options: RemovalOptions;
  readonly #endsMs: number;
  #confirmed: Promise<boolean> | undefined;

  constructor(run: RunContext, options: RemovalOptions) {
    this.#run = run;
    this.#options = options;
    this.#endsMs = run.ports.clock.nowMs() + run.limits.runDeadlineMs;
  }

  /** A trigger with thousands of objects lets other keys run in between. */
  isLate(): boolean {
    return this.#run.ports.clock.nowMs() >= this.#endsMs;
  }

  remove(entry: InventoryEntry): Promise<Fate> {
    const attributes = { [ATTRIBUTE.action]: "delete", [ATTRIBUTE.object]: objectText(entry) };
    return withSpan(SPAN.write, attributes, () => this.#remove(entry));
  }

  async #remove(entry: InventoryEntry): Promise<Fate> {
    const type = await servedType(this.#run, entry);
    if (type.kind === "fault") return this.#refused(entry, type.fault);
    if (type.kind === "gone") return gone(false);
    if (type.kind === "unsure") return waiting(entry, type.why);
    return this.#removeAs(type.value, { ...entry, version: type.value.version });
  }

  async #removeAs(type: ResourceType, entry: InventoryEntry): Promise<Fate> {
    const { store } = this.#run.ports;
    const { signal } = this.#run;
    const ref: ObjectRef = { type, namespace: entry.namespace, name: entry.name };
    let deleted = false;
    for (let looks = 0; looks < this.#run.limits.maxLooks; looks += 1) {
      this.#check();
      const read = await store.get(ref, signal);
      if (read.kind === "fault" && read.fault.kind !== "notFound") return this.#refused(entry, read.fault);
      const observed = read.kind === "ok" ? read.value : null;
      const { purpose, keepsOwned, requests } = this.#options;
      const trigger = { key: this.#run.trigger.key, uid: this.#run.trigger.uid };
      const removal = judgeRemoval({ object: entry, ...entry, observed, trigger, purpose, keepsOwned, requests });
      if (removal.kind === "gone") return gone(deleted);
      if (removal.kind === "left") return removal;
      if (removal.kind === "going") return waiting(entry, goingText(removal));
      const stopped = await this.#stoppedBy(entry, observed);
      if (stopped !== undefined) return stopped;
      const answer = await store.delete(ref, this.#preconditions(observed ?? {}), signal);
      if (answer.kind === "ok") deleted = true;
      else if (answer.fault.kind !== "conflict" && answer.fault.kind !== "notFound")
        return this.#refused(entry, withoutValues(answer.fault, entry, observed));
    }
    return waiting(entry, "it keeps changing while it is deleted");
  }

  /** Why a delete that the object itself allows is not sent; undefined if it may be sent. */
  async #stoppedBy(entry: InventoryEntry, observed: JsonObject | null): Promise<Fate | undefined> {
    if (observed === null) return gone(false);
    const { store, index } = this.#run.ports;
    const object = formatKey({ cluster: store.cluster, ...entry });
    // Asked before and after: the index may become whole, or be lost, while it is read.
    const wasWhole = await orAbandon(this.#run, index.isWhole());
    const keeper = await otherKeeper(this.#run, object, this.#run.signal);
    if (keeper.kind === "fault") return this.#refused(entry, keeper.fault);
    if (keeper.kind === "keeper") return { kind: "left", reason: `the trigger ${keeper.key} keeps it too` };
    if (keeper.kind === "claimed") {
      await this.#ask(keeper.key, object);
      return waiting(entry, `the trigger ${keeper.key} is asked: its inventory names it, but no run of it has`);
    }
    if (!wasWhole || !(await orAbandon(this.#run, index.isWhole()))) return waiting(entry, UNKNOWN_KEEPERS);
    this.#confirmed ??= this.#options.confirm?.() ?? Promise.resolve(true);
    if (!(await this.#confirmed)) return waiting(entry, "a definition has changed: the next run decides");
    if (this.#run.paused) return waiting(entry, "paused");
    this.#check();
    if (this.#run.leaseLeftMs() < MIN_LEASE_FOR_DELETE_MS) return waiting(entry, NEXT_RUN);
    return undefined;
  }

  /** Wakes the trigger: its run looks at the object, or takes it out of its inventory. */
  async #ask(trigger: KeyText, object: KeyText): Promise<void> {
    const { queue, clock } = this.#run.ports;
    const cause: Cause = { reason: "keeper", object, atMs: clock.wallMs() };
    await orAbandon(this.#run, queue.enqueue([{ key: trigger, workClass: 2, cause }]));
  }

  /** A trigger that is being deleted decides nothing more about its objects, so a mere edit of one does not matter. */
  #preconditions(observed: JsonObject) {
    const metadata = member(observed, "metadata");
    const uid = textMember(metadata, "uid");
    const { purpose, isExact = purpose === "prune" } = this.#options;
    const version = isExact ? { resourceVersion: textMember(metadata, "resourceVersion") } : {};
    return { uid, ...version, propagationPolicy: "Background" as const };
  }

  #check(): void {
    if (this.#run.signal.aborted) throw new RunInterrupted();
    if (this.#run.leaseLeftMs() <= 0) throw abandonRun(this.#run);
  }

  #refused(entry: InventoryEntry, fault: ClusterFault): Fate {
    if (fault.kind === "aborted") throw abandonRun(this.#run);
    const outcome = faultOutcome(fault, { doing: "deleting", name: objectText(entry), location: "spec.delete" });
    return waiting(entry, (isError(outcome) ? outcome.message : undefined) ?? fault.detail);
  }
}

/** No function is left to say what is sensitive; the kind says it, and the record of what was sent. */
function withoutValues(
  fault: ClusterFault,
  { group, kind }: InventoryEntry,
  observed: JsonObject | null,
): ClusterFault {
  const paths = [...sensitiveOfKind(group, kind), ...(observed === null ? [] : readRecord(observed).hashedPaths)];
  return { ...fault, detail: hideValuesIn(fault.detail, [observed], paths) };
}

function reverseWaves(entries: readonly InventoryEntry[]): readonly (readonly InventoryEntry[])[] {
  const waves = [...new Set(entries.map(({ wave }) => wave))].sort((a, b) => b - a);
  return waves.map((wave) => entries.filter((entry) => entry.wave === wave));
}

function goingText({ since, heldBy }: { readonly since: string; readonly heldBy: readonly string[] }): string {
  return `deleting since ${since}${heldBy.length === 0 ? "" : `, held by ${heldBy.join(", ")}`}`;
}

function gone(deleted: boolean): Fate {
  return { kind: "gone", deleted };
}

function waiting(entry: InventoryEntry, why: string): Fate {
  return { kind: "waiting", entry, why };
}
