/**
 * One call of a step's logic as an actor: a ValueFunction is computed, a ResourceFunction is reconciled against the
 * cluster, a sub-workflow is run by a workflow actor of its own.
 */
import { ok } from "../core/outcome.ts";
import type { Call } from "../core/plan/bind-step.ts";
import { evaluateValueFunction } from "../core/plan/value-function.ts";
import type { ActorContext, Receive } from "./actor/actor.ts";
import { ask } from "./actor/ask.ts";
import { reconcileResource } from "./resource-call.ts";
import type { CallMessage, StepWork, WorkflowMessage, WorkflowRequest, WorkflowResult } from "./run-messages.ts";
import { plainResult, soonestRetry, type StepResult } from "./step-result.ts";
import { SPAN, withSpanSync } from "./telemetry.ts";

/** The behaviour of a call actor; `reply` is called once. */
export function callActor(work: StepWork, call: Call, reply: (result: StepResult) => void): Receive<CallMessage> {
  return async (_message, self) => {
    const result = await runLogic(work, call, self);
    const { request, step, run } = work;
    run.observer?.callEnded?.({ workflow: request.plan, step, logic: call.logic, outcome: result.outcome });
    reply(result);
  };
}

function runLogic(work: StepWork, call: Call, self: ActorContext<CallMessage>): StepResult | Promise<StepResult> {
  const { logic, inputs, location } = call;
  switch (logic.kind) {
    case "value":
      return withSpanSync(SPAN.evaluate, {}, () => plainResult(evaluateValueFunction(logic.plan, inputs, location)));
    case "resource":
      return reconcileResource(work, { plan: logic.plan, inputs, location }, self.signal);
    case "workflow":
      return runSubWorkflow(work, { ...call, logic }, self);
  }
}

async function runSubWorkflow(
  { request, step, run, subWorkflow }: StepWork,
  call: Call & { readonly logic: { readonly kind: "workflow" } },
  self: ActorContext<CallMessage>,
): Promise<StepResult> {
  const nested: WorkflowRequest = {
    plan: call.logic.plan,
    root: request.root,
    parent: call.inputs,
    workflowName: request.workflowName,
    path: [...request.path, step.label],
    wave: request.wave + step.wave,
  };
  const answer = await ask<WorkflowMessage, WorkflowResult | { readonly bug: unknown }>(self, {
    name: call.logic.plan.name,
    first: { kind: "start" },
    behaviour: (reply) => subWorkflow(nested, run, reply),
    crashed: (bug) => ({ bug }),
  });
  if ("bug" in answer) throw answer.bug;
  const { summary, results, blockage, isComplete, skipped } = answer;
  return {
    // The value of a sub-workflow is its merged state; its conditions stay its own.
    outcome: summary.outcome.kind === "ok" ? ok(summary.state) : summary.outcome,
    managed: summary.managed,
    inventory: [...results.values()].flatMap((result) => result.inventory),
    isComplete,
    skipped,
    changed: [...results.values()].some((result) => result.changed),
    retryAfterSeconds: soonestRetry(results.values()),
    blockage,
  };
}
