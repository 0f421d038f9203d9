/**
 * What should stand on a trigger after a run: its annotations and its status. Nothing is written here; `trigger-writer.ts`
 * compares with what is there and writes what differs.
 */
import { member, type JsonObject } from "../core/json.ts";
import { ANNOTATION } from "../core/names.ts";
import type { Outcome } from "../core/outcome.ts";
import type { SelectedWorkflow, WorkflowSelection } from "../core/plan/catalog.ts";
import { formatInventory, type InventoryEntry } from "../core/resource/inventory.ts";
import { reportLookupFailure, reportStatus } from "../core/status/report.ts";
import type { WorkflowSummary } from "../core/status/summary.ts";
import type { RunContext } from "./run-context.ts";

/** `status` is computed from the trigger as it is read, so that a refused write can be decided anew. */
export interface TriggerReport {
  readonly annotations: Readonly<Record<string, string>>;
  readonly status: (current: JsonObject) => JsonObject;
  /** For triggers whose status is not ours: the outcome in one line. */
  readonly outcomeText: string;
}

/** After a run of a workflow. */
export function runReport(
  context: RunContext,
  plan: SelectedWorkflow["workflow"],
  summary: WorkflowSummary,
  inventory: readonly InventoryEntry[],
): TriggerReport {
  return {
    annotations: {
      [ANNOTATION.managedResources]: JSON.stringify(summary.managed),
      [ANNOTATION.inventory]: formatInventory(inventory, context.trigger.uid),
    },
    status: (current) => reportStatus({ plan, summary, ...basisOf(context, current) }),
    outcomeText: outcomeLine(summary.outcome),
  };
}

/** Where no workflow could be chosen. */
export function lookupReport(
  context: RunContext,
  failure: Exclude<WorkflowSelection, SelectedWorkflow>,
): TriggerReport {
  return {
    annotations: {},
    status: (current) => reportLookupFailure({ failure, ...basisOf(context, current) }),
    outcomeText: `${failure.reason}: ${failure.message}`,
  };
}

function basisOf({ trigger, ports }: RunContext, current: JsonObject) {
  return {
    previous: member(current, "status") ?? null,
    observedGeneration: trigger.ref.type.hasStatus ? generationOf(trigger.object) : undefined,
    nowMs: ports.clock.wallMs(),
  };
}

function generationOf(object: JsonObject): number | undefined {
  const generation = member(member(object, "metadata"), "generation");
  return typeof generation === "number" ? generation : undefined;
}

function outcomeLine(outcome: Outcome<unknown>): string {
  if (outcome.kind === "ok") return "ok";
  return outcome.message === undefined ? outcome.kind : `${outcome.kind}: ${outcome.message}`;
}
