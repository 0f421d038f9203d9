/**
 * Keeps one object as a ResourceFunction specifies it: locate, index, read, decide, perform, look at the answer, conclude.
 * The answer to a write is the new observed object and is looked at in the same run, so that a create whose
 * postconditions already hold costs no second run. Called by `call-actor.ts`; see `fault-outcome.ts` for refusals.
 */
import type { Value } from "../core/cel/value.ts";
import type { JsonObject } from "../core/json.ts";
import { formatKey, objectText, parseApiVersion } from "../core/object-key.ts";
import { retry, type NotOk, type Outcome } from "../core/outcome.ts";
import type { ResourceFunctionPlan } from "../core/plan/plan.ts";
import { hasStep } from "../core/plan/step-paths.ts";
import { concludeResource } from "../core/resource/conclude.ts";
import { decideAction, type Action } from "../core/resource/decide.ts";
import { blockageOf } from "../core/status/blockage.ts";
import { ownMessage } from "../core/status/own-message.ts";
import { inScope, locateResource, type ResourceTarget } from "../core/resource/locate.ts";
import { sensitiveOf } from "../core/resource/sensitive.ts";
import { isDriftRepair } from "./drift.ts";
import { recordEarly } from "./early-record.ts";
import { holdForObject } from "./finalizer.ts";
import { inventoryEntry, managedRecord, recordLook, stepMark, triggerAsOwner } from "./object-records.ts";
import { planWrite, sendWrite, type WriteSite } from "./object-write.ts";
import { faultOutcome } from "./fault-outcome.ts";
import type { ClusterFault } from "./ports/object-store.ts";
import { orAbandon, RunInterrupted, type RunContext } from "./run-context.ts";
import { placeOf } from "./repair-memory.ts";
import type { StepWork } from "./run-messages.ts";
import { plainResult, type StepResult } from "./step-result.ts";
import { ATTRIBUTE, SPAN, withSpanSync } from "./telemetry.ts";
import type { PlannedWrite } from "./write-memory.ts";

/** One ResourceFunction with its inputs. */
export interface ResourceCall {
  readonly plan: ResourceFunctionPlan;
  readonly inputs: Value;
  readonly location: string;
}

/** A located object, ready to be worked on. */
interface Target extends WriteSite {
  readonly call: ResourceCall;
  readonly target: ResourceTarget;
}

/** Koreo's delay while something that others provide is missing, in seconds. */
const WAIT_SECONDS = 30;
/** How soon to retry an object that somebody else changed at every look of the run. */
const KEEPS_CHANGING_SECONDS = 1;

/** @returns never rejects for what the cluster says; throws `RunInterrupted` once the run's signal is aborted */
export async function reconcileResource(work: StepWork, call: ResourceCall, signal: AbortSignal): Promise<StepResult> {
  const { run, request, step } = work;

  // 1. Where is the object? Preconditions, locals, name and namespace.
  const located = withSpanSync(SPAN.evaluate, {}, () => locateResource(call.plan, call.inputs, call.location));
  if (located.kind === "outcome") return { ...plainResult(located.outcome), managed: undefined };

  // 2. How does the server serve its kind?
  const { apiVersion, kind } = located.target;
  const resolved = await run.ports.store.resolve({ ...parseApiVersion(apiVersion), kind }, signal);
  checkInterrupted(run);
  if (resolved.kind === "fault") return plainResult(unresolved(resolved.fault, located.target, call));
  const type = resolved.value;
  run.memory.unserved.served(type);
  const scoped = inScope(located.target, type.namespaced);
  if (scoped.kind === "outcome") return { ...plainResult(scoped.outcome), managed: undefined };
  const { target } = scoped;
  const ref = { type, namespace: target.namespace, name: target.name };
  const object = formatKey({ cluster: run.ports.store.cluster, ...type, namespace: ref.namespace, name: ref.name });
  const path = [...request.path, step.label].join("/");

  // 3. From now on whatever happens to the object wakes this trigger, even while it does not exist.
  const naming = { object, trigger: run.trigger.key, fence: run.fence, readonly: target.readonly };
  const { note, isShared, managers } = await orAbandon(run, run.ports.index.name(naming));
  run.memory.repairs.learn(placeOf(run.trigger.key, object), note);

  const { paths: sensitive } = sensitiveOf(call.plan, target);
  const site = { ref, object, step: path, name: target.fullName, sensitive, isShared, managers };
  const settled = await settle(work, { call, target, ...site }, signal);
  await recordLook(run, naming, settled);
  const recorded = { plan: call.plan, target, type };
  return {
    outcome: settled.outcome,
    changed: settled.changed,
    managed: managedRecord(recorded),
    blockage: blockageOf(settled.outcome, objectText(target), settled.observed && ownMessage(settled.observed)),
    inventory: [inventoryEntry(work, recorded, settled.observed ?? null, path)],
    isComplete: settled.outcome.kind === "ok" || settled.outcome.kind === "skip",
    skipped: [],
  };
}

function unresolved(fault: ClusterFault, { apiVersion, kind, fullName }: ResourceTarget, call: ResourceCall): NotOk {
  if (fault.kind !== "unknownKind")
    return faultOutcome(fault, { doing: "loading", name: fullName, location: "load resource" });
  const message = `The API server does not serve ${kind} (${apiVersion}); install its CustomResourceDefinition, or correct spec.apiConfig.`;
  return retry(WAIT_SECONDS, message, `${call.location}:spec.apiConfig`);
}

interface Settled {
  readonly outcome: Outcome<Value>;
  /** Null where there is none; undefined: it could not be read. */
  readonly observed: JsonObject | null | undefined;
  readonly changed: boolean;
}

/** 4. Read, decide, perform, and look again until there is nothing to do, or nothing more to do in this run. */
async function settle(work: StepWork, target: Target, signal: AbortSignal): Promise<Settled> {
  const { run } = work;
  /** The object as last heard of, null where there is none; undefined: it is to be read. */
  let known: JsonObject | null | undefined;
  let sent: PlannedWrite | undefined;

  for (let looks = 0; looks < run.limits.maxLooks; looks += 1) {
    checkInterrupted(run);
    const changed = sent !== undefined;
    const read: Observed = known === undefined ? await observe(run, target, signal) : { kind: "object", object: known };
    if (read.kind === "outcome") return { outcome: read.outcome, observed: undefined, changed };
    const observed = read.object;
    const unrecorded = observed === null ? undefined : await record(work, target, observed, signal);
    if (unrecorded !== undefined) return { outcome: unrecorded, observed, changed };
    const action = decide(work, target, observed);
    if (action.kind === "outcome") return { outcome: action.outcome, observed, changed };
    const unheld = await holdForObject(run, target, { action, observed }, signal);
    if (unheld !== undefined) return { outcome: unheld, observed, changed };
    if (action.kind === "none") {
      if (!changed) run.memory.repairs.calm(placeOf(run.trigger.key, target.object));
      return { outcome: conclude(target, observed ?? {}), observed, changed };
    }
    const planned = withSpanSync(SPAN.evaluate, {}, () => planWrite(run, target, action, observed));
    if (sent !== undefined) {
      // Written in this run, and it still differs. If the wanted content is the same, sending it again helps in no run.
      if (sent.desired === planned.desired) run.memory.writes.remember(planned, action.outcome);
      return { outcome: action.outcome, observed, changed };
    }

    const done = await sendWrite(run, target, { action, observed, planned }, signal);
    if (done.kind === "observed" || (done.kind === "outcome" && done.changed)) {
      const isRepair = isDriftRepair(run, target.object, observed);
      run.observer?.wrote?.(target.call.plan, action.kind, { ...target.ref.type, isRepair });
    }
    switch (done.kind) {
      case "observed": // the answer is the observed object: look at it
        sent = planned;
        known = done.object;
        break;
      case "stale": // somebody wrote meanwhile: read and look again
        known = undefined;
        break;
      case "outcome":
        return { outcome: done.outcome, observed: done.changed ? null : observed, changed: done.changed };
    }
  }
  const message = `${target.name} keeps changing while it is written`;
  return {
    outcome: retry(KEEPS_CHANGING_SECONDS, message, "spec"),
    observed: known ?? null,
    changed: sent !== undefined,
  };
}

function record(work: StepWork, target: Target, observed: JsonObject, signal: AbortSignal) {
  const { call, ref, object, step } = target;
  const named = { plan: call.plan, target: target.target, type: ref.type };
  return recordEarly(work.run, { object, entry: inventoryEntry(work, named, observed, step), observed }, signal);
}

function decide(work: StepWork, { call, target, ref, object, step }: Target, observed: JsonObject | null): Action {
  const { run } = work;
  const owner = triggerAsOwner(run.trigger);
  const recorded = run.recorded.get(object);
  return withSpanSync(SPAN.evaluate, { [ATTRIBUTE.object]: target.fullName }, () =>
    decideAction({
      plan: call.plan,
      target,
      inputs: call.inputs,
      observed,
      owner,
      mode: "cluster",
      templates: (name) => run.catalog.template(name, call.plan.namespace),
      isStep: (path) => hasStep(work.request.root, path),
      recordedStep: recorded?.readonly === false ? recorded.step : undefined,
      mark: stepMark(work, { plan: call.plan, target, type: ref.type }, owner, step),
    }),
  );
}

function conclude({ call, target }: Target, actual: JsonObject): Outcome<Value> {
  return withSpanSync(SPAN.evaluate, { [ATTRIBUTE.object]: target.fullName }, () =>
    concludeResource({ plan: call.plan, target, inputs: call.inputs, actual, location: call.location }),
  );
}

type Observed =
  | { readonly kind: "object"; readonly object: JsonObject | null }
  | { readonly kind: "outcome"; readonly outcome: Outcome<Value> };

async function observe(run: RunContext, { target, ref }: Target, signal: AbortSignal): Promise<Observed> {
  const read = await run.ports.store.get(ref, signal);
  checkInterrupted(run);
  if (read.kind === "ok") return { kind: "object", object: read.value };
  if (read.fault.kind === "notFound") return { kind: "object", object: null };
  return {
    kind: "outcome",
    outcome: faultOutcome(read.fault, { doing: "loading", name: target.fullName, location: "load resource" }),
  };
}

function checkInterrupted(run: RunContext): void {
  if (run.signal.aborted) throw new RunInterrupted();
}
