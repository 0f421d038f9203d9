/**
 * The annotations and the status that a trigger should have after a run. Nothing is written here; `trigger-writer.ts`
 * compares them with those present and writes the differences.
 */
import { member, parseJson, textMember, type JsonObject, type JsonValue } from "../core/json.ts";
import { annotationOf } from "../core/object.ts";
import { ANNOTATION } from "../core/names.ts";
import type { Outcome, PermFail } from "../core/outcome.ts";
import type { SelectedWorkflow, WorkflowSelection } from "../core/plan/select-workflow.ts";
import { formatInventory, type InventoryEntry } from "../core/resource/inventory.ts";
import { blockedSentence, type Blockage } from "../core/status/blockage.ts";
import { bounded, readyCondition, type ConditionDraft } from "../core/status/condition.ts";
import { knownManaged } from "../core/status/managed.ts";
import { reportDeletion, reportLookupFailure, reportStatus } from "../core/status/report.ts";
import { withTrouble, type WorkflowSummary } from "../core/status/summary.ts";
import type { RunContext } from "./run-context.ts";

/** `status` is computed from the trigger as it is read, so that a refused write can be decided anew. */
export interface TriggerReport {
  readonly annotations: Readonly<Record<string, string>>;
  /** `trouble`: why the annotations could not be written; a run that is not recorded is not Ready. */
  readonly status: (current: JsonObject, trouble?: PermFail) => JsonObject;
  /** For triggers whose status is not ours: the outcome in one line. */
  readonly outcomeText: string;
  /** What keeps the trigger from being ready, in a sentence. */
  readonly blocked: string | undefined;
  /** How many objects the annotations list. */
  readonly objects: number;
}

/** The findings of a run that people are told. */
export interface RunFindings {
  readonly plan: SelectedWorkflow["workflow"];
  readonly summary: WorkflowSummary;
  readonly blockage: Blockage | undefined;
  readonly inventory: readonly InventoryEntry[];
  /** Conditions about the run as a whole, beside those of its steps. */
  readonly more: readonly ConditionDraft[];
  readonly resyncIntervalMs: number;
}

/** The report after a run of a workflow. */
export function runReport(context: RunContext, findings: RunFindings): TriggerReport {
  const { plan, summary, inventory, more } = findings;
  const blocked = blockedBy(context, findings);
  const managed = knownManaged(summary.managed, managedOn(context.trigger.object));
  return {
    annotations: {
      ...handled(context),
      [ANNOTATION.managedResources]: JSON.stringify(managed),
      ...inventoryOn(context, inventory),
    },
    status: (current, trouble) => {
      const told = trouble === undefined ? summary : withTrouble(plan, summary, trouble);
      return reportStatus({
        plan,
        summary: told,
        more,
        ...basisOf(context, current),
        blocked: trouble === undefined ? blocked : undefined,
      });
    },
    outcomeText: [outcomeLine(summary.outcome), ...(blocked === undefined ? [] : [blocked])].join(" "),
    blocked,
    objects: inventory.length,
  };
}

/** What a trigger that is being deleted still waits for. */
export interface DeletionFindings {
  readonly blockage: Blockage;
  /** What is not gone yet. */
  readonly inventory: readonly InventoryEntry[];
  readonly condition: ConditionDraft | undefined;
}

/** The report while a trigger is being deleted. */
export function deletionReport(
  context: RunContext,
  { blockage, inventory, condition }: DeletionFindings,
): TriggerReport {
  const blocked = blockedBy(context, { blockage, resyncIntervalMs: 0 }) ?? "";
  const more = condition === undefined ? [] : [condition];
  return {
    annotations: { ...handled(context), ...inventoryOn(context, inventory) },
    status: (current) => reportDeletion({ blocked, more, ...basisOf(context, current) }),
    outcomeText: bounded(`deleting: ${condition?.message ?? ""} ${blocked}`),
    blocked,
    objects: inventory.length,
  };
}

/** What blocks the trigger, in a sentence; the message already on the trigger tells since when. */
function blockedBy(
  { trigger, ports }: RunContext,
  { blockage, resyncIntervalMs }: Pick<RunFindings, "blockage" | "resyncIntervalMs">,
): string | undefined {
  if (blockage === undefined) return undefined;
  const ready = readyCondition(trigger.object);
  const outcome = annotationOf(trigger.object, ANNOTATION.outcome);
  const before = textMember(ready, "message") || outcome;
  const resyncSeconds = Math.round(resyncIntervalMs / 1000);
  return blockedSentence(blockage, { before, nowMs: ports.clock.wallMs(), resyncSeconds });
}

/** The report when no workflow could be chosen. */
export function lookupReport(
  context: RunContext,
  failure: Exclude<WorkflowSelection, SelectedWorkflow>,
): TriggerReport {
  return {
    annotations: handled(context),
    status: (current) => reportLookupFailure({ failure, ...basisOf(context, current) }),
    outcomeText: bounded(`${failure.reason}: ${failure.message}`),
    blocked: undefined,
    objects: 0,
  };
}

/** The outcome in one line. */
export function outcomeLine(outcome: Outcome<unknown>): string {
  if (outcome.kind === "ok") return "ok";
  return outcome.message === undefined ? outcome.kind : bounded(`${outcome.kind}: ${outcome.message}`);
}

/** Answers a manual request, which the run has seen. */
function handled({ trigger }: RunContext): Readonly<Record<string, string>> {
  const requested = annotationOf(trigger.object, ANNOTATION.manualReconcile);
  return requested === "" ? {} : { [ANNOTATION.handledReconcile]: requested };
}

function inventoryOn({ trigger }: RunContext, inventory: readonly InventoryEntry[]): Readonly<Record<string, string>> {
  const standing = annotationOf(trigger.object, ANNOTATION.inventory);
  return { [ANNOTATION.inventory]: formatInventory(inventory, trigger.uid, standing) };
}

function generationOf(object: JsonObject): number | undefined {
  const generation = member(member(object, "metadata"), "generation");
  return typeof generation === "number" ? generation : undefined;
}

function managedOn(trigger: JsonObject): JsonValue | undefined {
  const text = annotationOf(trigger, ANNOTATION.managedResources);
  if (text === "") return undefined;
  try {
    return parseJson(text);
  } catch {
    return undefined; // edited by somebody: then nothing is known
  }
}

function basisOf({ trigger, ports }: RunContext, current: JsonObject) {
  return {
    previous: member(current, "status") ?? null,
    observedGeneration: trigger.ref.type.hasStatus ? generationOf(trigger.object) : undefined,
    nowMs: ports.clock.wallMs(),
    keepsPlaces: annotationOf(current, ANNOTATION.mergeConditions) === "true",
  };
}
