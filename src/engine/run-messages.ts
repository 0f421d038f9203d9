/**
 * What the actors of one run say to each other, and what each of them works on. Workflow, step and call actors know this
 * file and not one another's insides.
 */
import type { Value } from "../core/cel/value.ts";
import { retry } from "../core/outcome.ts";
import type { StepPlan, WorkflowPlan } from "../core/plan/plan.ts";
import type { SkippedPart } from "../core/resource/stale.ts";
import type { Blockage } from "../core/status/blockage.ts";
import type { WorkflowSummary } from "../core/status/summary.ts";
import type { Receive } from "./actor/actor.ts";
import type { RunContext } from "./run-context.ts";
import { plainResult, type StepResult } from "./step-result.ts";

/** What a workflow actor executes. */
export interface WorkflowRequest {
  readonly plan: WorkflowPlan;
  /** The trigger's own workflow, which this one is or was called from. */
  readonly root: WorkflowPlan;
  /** What expressions see as `parent`: the trigger's view, or the calling step's inputs. */
  readonly parent: Value;
  /** Name of the top-level workflow: Koreo prefixes every location with it, inside sub-workflows too. */
  readonly workflowName: string;
  /** Labels of the calling steps, outermost first; empty for the trigger's own workflow. */
  readonly path: readonly string[];
  /** Wave of the calling step, added to the waves of our own steps. */
  readonly wave: number;
}

/** The summary and every step's result, in listing order. */
export interface WorkflowResult {
  /** What keeps it from being ready. */
  readonly blockage: Blockage | undefined;
  readonly summary: WorkflowSummary;
  readonly results: ReadonlyMap<string, StepResult>;
  /** Every step ended as ok, or was skipped as its author says. */
  readonly isComplete: boolean;
  readonly skipped: readonly SkippedPart[];
}

export type WorkflowMessage =
  | { readonly kind: "start" }
  | { readonly kind: "stepEnded"; readonly label: string; readonly result: StepResult }
  | { readonly kind: "deadline" };

/** What a step actor works on: `results` holds the ended steps of the same run. */
export interface StepWork {
  readonly request: WorkflowRequest;
  readonly step: StepPlan;
  readonly results: ReadonlyMap<string, StepResult>;
  readonly run: RunContext;
  /** The behaviour of a workflow actor for a step that calls a sub-workflow. */
  readonly subWorkflow: (
    request: WorkflowRequest,
    run: RunContext,
    reply: (result: WorkflowResult) => void,
  ) => Receive<WorkflowMessage>;
}

export type StepMessage =
  | { readonly kind: "start" }
  | { readonly kind: "callEnded"; readonly index: number; readonly result: StepResult }
  | { readonly kind: "deadline" };

export type CallMessage = { readonly kind: "call" };

const TIMEOUT_RETRY_SECONDS = 30;
const CRASH_RETRY_SECONDS = 60;

/** The outcome Koreo gives a step that does not end in time. */
export function timedOut(label: string, request: WorkflowRequest): StepResult {
  const message = `Timeout running step (${label}), will retry.`;
  return plainResult(retry(TIMEOUT_RETRY_SECONDS, message, request.workflowName));
}

/**
 * The outcome of a bug; the error's text stays in the log, because it may hold values.
 *
 * @param what - Koreo's words: "Error" for one call, "Unknown error" for the whole step
 */
export function crashed(what: "Error" | "Unknown error", label: string, error: unknown, workflow: string): StepResult {
  const name = error instanceof Error ? error.name : "error";
  return plainResult(retry(CRASH_RETRY_SECONDS, `${what} (${name}) running Step (${label}), will retry.`, workflow));
}
