/**
 * One execution of a Workflow as an actor: it starts a step actor for each step whose dependencies have ended, collects
 * their results, and answers with the summary once the last one is in. A deadline ends what is still running as a retry;
 * a step that crashes is a retry of that step alone. Started by `reconcile.ts`, and by `call-actor.ts` for sub-workflows.
 */
import type { StepPlan } from "../core/plan/plan.ts";
import { blockageOf, within, worst } from "../core/status/blockage.ts";
import { summarizeWorkflow } from "../core/status/summary.ts";
import type { ActorContext, Receive } from "./actor/actor.ts";
import { ask } from "./actor/ask.ts";
import { isCompleteRun, withSkip } from "./completeness.ts";
import type { RunContext } from "./run-context.ts";
import { crashed, timedOut, type WorkflowMessage, type WorkflowRequest, type WorkflowResult } from "./run-messages.ts";
import { stepActor } from "./step-actor.ts";
import type { StepResult } from "./step-result.ts";
import { ATTRIBUTE, SPAN, withSpan, withSpanSync } from "./telemetry.ts";

/** The behaviour of a workflow actor; `reply` is called once. */
export function workflowActor(
  request: WorkflowRequest,
  run: RunContext,
  reply: (result: WorkflowResult) => void,
): Receive<WorkflowMessage> {
  const { plan } = request;
  const results = new Map<string, StepResult>();
  const started = new Set<string>();
  // Steps of a plan that is not ready never run: its readiness is the outcome.
  const steps = plan.readiness === undefined ? plan.steps : [];

  const feed = (self: ActorContext<WorkflowMessage>) => {
    const isReady = (step: StepPlan) => !started.has(step.label) && step.dependsOn.every((label) => results.has(label));
    for (const step of steps.filter(isReady)) {
      started.add(step.label);
      void startStep(request, step, results, run, self).then((result) =>
        self.tell({ kind: "stepEnded", label: step.label, result }),
      );
    }
    if (results.size >= steps.length) reply(conclude(request, steps, results));
  };

  return (message, self) => {
    switch (message.kind) {
      case "start":
        feed(self);
        break;
      case "stepEnded":
        if (results.has(message.label)) break;
        results.set(message.label, message.result);
        feed(self);
        break;
      case "deadline":
        for (const { label } of steps) if (!results.has(label)) results.set(label, timedOut(label, request));
        reply(conclude(request, steps, results));
        break;
    }
  };
}

async function startStep(
  request: WorkflowRequest,
  step: StepPlan,
  results: ReadonlyMap<string, StepResult>,
  run: RunContext,
  self: ActorContext<WorkflowMessage>,
): Promise<StepResult> {
  const label = [...request.path, step.label].join("/");
  const workflow = `${request.plan.namespace}/${request.plan.name}`;
  return withSpan(SPAN.step, { [ATTRIBUTE.step]: label, [ATTRIBUTE.workflow]: workflow }, async (span) => {
    const result = await ask(self, {
      name: step.label,
      first: { kind: "start" as const },
      behaviour: (reply: (result: StepResult) => void) =>
        stepActor({ request, step, results, run, subWorkflow: workflowActor }, reply),
      crashed: (error) => crashed("Unknown error", step.label, error, request.workflowName),
    }).then((ended) => withSkip({ request, step }, ended));
    span.setAttributes({ [ATTRIBUTE.outcome]: result.outcome.kind, [ATTRIBUTE.changed]: result.changed });
    return result;
  });
}

function conclude(
  { plan, workflowName }: WorkflowRequest,
  steps: readonly StepPlan[],
  results: ReadonlyMap<string, StepResult>,
): WorkflowResult {
  const ordered = new Map(
    steps.flatMap(({ label }) => {
      const result = results.get(label);
      return result === undefined ? [] : [[label, result] as const];
    }),
  );
  const summary = withSpanSync(SPAN.summarize, {}, () => summarizeWorkflow(plan, ordered, workflowName));
  const blockages = [...ordered].map(([label, { blockage }]) => within(label, blockage));
  // A workflow that is not ready has no steps to name.
  return {
    summary,
    results: ordered,
    blockage: worst(blockages) ?? blockageOf(summary.outcome),
    isComplete: isCompleteRun(plan, steps, ordered),
    skipped: [...ordered.values()].flatMap(({ skipped }) => skipped),
  };
}
