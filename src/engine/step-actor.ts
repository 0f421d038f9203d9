/**
 * One step of a run as an actor: binds its inputs, starts one call actor (or one per item of a forEach), and answers
 * with their combined result, or with a retry when its deadline passes first.
 */
import type { Value } from "../core/cel/value.ts";
import type { Outcome } from "../core/outcome.ts";
import { bindStep, foldItems, type Call } from "../core/plan/bind-step.ts";
import { within, worst } from "../core/status/blockage.ts";
import type { ActorContext, Receive } from "./actor/actor.ts";
import { ask } from "./actor/ask.ts";
import { callActor } from "./call-actor.ts";
import { withSkip } from "./completeness.ts";
import { crashed, timedOut, type StepMessage, type StepWork } from "./run-messages.ts";
import { plainResult, soonestRetry, type StepResult } from "./step-result.ts";
import { SPAN, withSpan, withSpanSync } from "./telemetry.ts";

/** One item of a forEach, or the one call of a step; some have their outcome already. */
type ItemCall = Call | { readonly outcome: Outcome<Value> };

/** Items of a forEach under way at once: more would fill mailboxes and only wait for their turn at the API server. */
const MAX_CALLS_AT_ONCE = 100;

/** The behaviour of a step actor; `reply` is called once. */
export function stepActor(work: StepWork, reply: (result: StepResult) => void): Receive<StepMessage> {
  const ended: StepResult[] = [];
  let isEach = false;
  let expected = 0;
  let waiting: Iterator<[number, ItemCall]> = [][Symbol.iterator]();

  const start = (self: ActorContext<StepMessage>) => {
    const binding = bind(work);
    if (binding.kind === "outcome") {
      reply(plainResult(binding.outcome));
      return;
    }
    isEach = binding.kind === "each";
    const calls = binding.kind === "each" ? binding.calls : [binding.call];
    expected = calls.length;
    if (expected === 0) reply({ ...plainResult({ kind: "ok", value: [] }), managed: null });
    waiting = calls.entries();
    for (let count = 0; count < MAX_CALLS_AT_ONCE; count += 1) startNext(self);
    armDeadline(work, self);
  };
  const startNext = (self: ActorContext<StepMessage>) => {
    const next = waiting.next();
    if (next.done === true) return;
    const [index, call] = next.value;
    void startCall(work, call, isEach ? index : undefined, self).then((result) =>
      self.tell({ kind: "callEnded", index, result }),
    );
  };

  return (message, self) => {
    switch (message.kind) {
      case "start":
        start(self);
        break;
      case "callEnded":
        ended[message.index] = isEach ? withSkip(work, message.result) : message.result;
        expected -= 1;
        startNext(self);
        if (expected === 0) reply(isEach ? foldResults(ended) : message.result);
        break;
      case "deadline":
        reply(timedOut(work.step.label, work.request));
        break;
    }
  };
}

function bind({ request, step, results }: StepWork) {
  const outcomes = new Map<string, Outcome<Value>>();
  for (const [label, result] of results) outcomes.set(label, result.outcome);
  return withSpanSync(SPAN.evaluate, {}, () =>
    bindStep({ workflow: request.plan, step, parent: request.parent, outcomes, workflowName: request.workflowName }),
  );
}

function startCall(
  work: StepWork,
  call: ItemCall,
  index: number | undefined,
  self: ActorContext<StepMessage>,
): Promise<StepResult> {
  if ("outcome" in call) return Promise.resolve(plainResult(call.outcome));
  const asked = () =>
    ask(self, {
      name: index === undefined ? "call" : String(index),
      first: { kind: "call" as const },
      behaviour: (reply: (result: StepResult) => void) => callActor(work, call, reply),
      crashed: (error) => crashedItem(work, index, error),
    });
  return index === undefined ? asked() : withSpan(SPAN.item, { "koreo.item": index }, asked);
}

/** A crash of one call is a retry of that call alone; the text of the bug stays in the log. */
function crashedItem({ step, request }: StepWork, index: number | undefined, error: unknown): StepResult {
  const label = index === undefined ? step.label : `${step.label}-${index}`;
  return crashed("Error", label, error, request.workflowName);
}

function foldResults(items: readonly StepResult[]): StepResult {
  return {
    outcome: foldItems(items.map((item) => item.outcome)),
    managed: items.map((item) => item.managed),
    inventory: items.flatMap((item) => item.inventory),
    isComplete: items.every((item) => item.isComplete),
    skipped: items.flatMap((item) => item.skipped),
    changed: items.some((item) => item.changed),
    retryAfterSeconds: soonestRetry(items),
    blockage: worst(items.map(({ blockage }, index) => within(`[${index}]`, blockage))),
  };
}

function armDeadline({ run }: StepWork, self: ActorContext<StepMessage>): void {
  void run.ports.clock.sleep(run.limits.stepDeadlineMs, self.signal).then(() => self.tell({ kind: "deadline" }));
}
