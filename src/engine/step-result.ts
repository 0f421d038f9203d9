/** The result of one step, or of one item of a forEach: its outcome and the objects it looked at. Plain data. */
import type { Value } from "../core/cel/value.ts";
import type { Outcome } from "../core/outcome.ts";
import type { InventoryEntry } from "../core/resource/inventory.ts";
import type { SkippedPart } from "../core/resource/stale.ts";
import { blockageOf, type Blockage } from "../core/status/blockage.ts";
import type { ManagedEntry } from "../core/status/managed.ts";

export interface StepResult {
  readonly outcome: Outcome<Value>;
  /** For `koreo.dev/managed-resources`. */
  readonly managed: ManagedEntry;
  /** Every object this part of the run named, existing or not. */
  readonly inventory: readonly InventoryEntry[];
  /** Every part of it ended ok or was skipped by its author: then nothing that it leaves unnamed is wanted. */
  readonly isComplete: boolean;
  /** The parts that were skipped; the objects they kept before stay. */
  readonly skipped: readonly SkippedPart[];
  /** Whether anything was written to the cluster. */
  readonly changed: boolean;
  /** Of a combined result: the soonest retry among its parts, whatever their combined outcome. */
  readonly retryAfterSeconds?: number | undefined;
  /** What keeps it from being done; the steps named there are relative to this one. */
  readonly blockage?: Blockage | undefined;
}

/** The soonest retry any of these asks for: a failure beside it does not make it wait longer. */
export function soonestRetry(results: Iterable<StepResult>): number | undefined {
  const delays = [...results].flatMap(({ outcome, retryAfterSeconds }) => {
    const own = outcome.kind === "retry" ? outcome.delaySeconds : undefined;
    const delay = retryAfterSeconds ?? own;
    return delay === undefined ? [] : [delay];
  });
  return delays.length === 0 ? undefined : Math.min(...delays);
}

/** A result that touched no object. If ok, or skipped by its author, it manages none; otherwise this is unknown. */
export function plainResult(outcome: Outcome<Value>): StepResult {
  const isComplete = outcome.kind === "ok" || outcome.kind === "skip";
  const managed = isComplete ? null : undefined;
  return { outcome, managed, inventory: [], isComplete, skipped: [], changed: false, blockage: blockageOf(outcome) };
}
