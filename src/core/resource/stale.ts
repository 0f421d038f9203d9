/**
 * Which objects of the inventory nothing names after a complete run. An object that any step names stays, by identity
 * or uid, whatever its version, step, place in a list or Workflow. A skip never prunes: its author turned off the
 * management of these objects, which does not mean deleting them.
 */
import type { LogicPlan, StepLogic } from "../plan/plan.ts";
import { logicsOf } from "../plan/step-paths.ts";
import { identityText, type InventoryEntry } from "./inventory.ts";

/** A step, or an item of a forEach, that ended as skip or depSkip. */
export interface SkippedPart {
  /** Labels of the steps that lead to it, joined by `/`. */
  readonly step: string;
  /** Every ResourceFunction that it could have called, as `namespace/name`. */
  readonly functions: readonly string[];
}

/** Every ResourceFunction that a step may call, also through sub-workflows, as `namespace/name`. */
export function functionsOf(logic: StepLogic): readonly string[] {
  return [...new Set(logicsOf(logic).flatMap(functionsOfLogic))];
}

function functionsOfLogic(logic: LogicPlan): readonly string[] {
  switch (logic.kind) {
    case "value":
      return [];
    case "resource":
      return [`${logic.plan.namespace}/${logic.plan.name}`];
    case "workflow":
      return logic.plan.steps.flatMap((step) => functionsOf(step.logic));
  }
}

/**
 * @param recorded - what earlier runs named
 * @param named - what this run named
 */
export function staleEntries(
  recorded: readonly InventoryEntry[],
  named: readonly InventoryEntry[],
  skipped: readonly SkippedPart[],
): readonly InventoryEntry[] {
  const identities = new Set(named.map(identityText));
  const uids = new Set(named.map(({ uid }) => uid).filter((uid) => uid !== ""));
  return recorded.filter(
    (entry) => !identities.has(identityText(entry)) && !uids.has(entry.uid) && !isKeptBySkip(entry, skipped),
  );
}

/** Whether a skip covers it: its own step, one around it, a sibling item of its forEach, or its function elsewhere. */
export function isKeptBySkip(
  { step, function: by }: Pick<InventoryEntry, "step" | "function">,
  skipped: readonly SkippedPart[],
): boolean {
  return skipped.some(
    (part) => step === part.step || step.startsWith(`${part.step}/`) || (by !== "" && part.functions.includes(by)),
  );
}
