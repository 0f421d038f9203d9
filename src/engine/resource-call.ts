/**
 * Keeps one object as a ResourceFunction specifies it: locate, index, read, decide, perform, look at the answer, conclude.
 * The answer to a write is the new observed object and is looked at in the same run, so that a create whose
 * postconditions already hold costs no second run. Called by `call-actor.ts`; what a refusal means is in `perform.ts`.
 */
import type { Value } from "../core/cel/value.ts";
import { textMember, member, type JsonObject, type JsonValue } from "../core/json.ts";
import { formatKey, parseApiVersion, type KeyText } from "../core/object-key.ts";
import { retry, type Outcome } from "../core/outcome.ts";
import type { ResourceFunctionPlan } from "../core/plan/plan.ts";
import { concludeResource } from "../core/resource/conclude.ts";
import { decideAction, type Action } from "../core/resource/decide.ts";
import type { InventoryEntry } from "../core/resource/inventory.ts";
import { locateResource, type ResourceTarget } from "../core/resource/locate.ts";
import { faultOutcome, perform, type Performed } from "./perform.ts";
import { refusedByOwner } from "./ownership-check.ts";
import type { ObjectRef, ResourceType } from "./ports/object-store.ts";
import { RunInterrupted, shared, type RunContext } from "./run-context.ts";
import type { StepWork } from "./run-messages.ts";
import { plainResult, type StepResult } from "./step-result.ts";
import { ATTRIBUTE, SPAN, withSpan, withSpanSync } from "./telemetry.ts";

/** One ResourceFunction with its inputs. */
export interface ResourceCall {
  readonly plan: ResourceFunctionPlan;
  readonly inputs: Value;
  readonly location: string;
}

/** A located object, ready to be worked on. */
interface Target {
  readonly call: ResourceCall;
  readonly target: ResourceTarget;
  readonly ref: ObjectRef;
  readonly object: KeyText;
  /** Labels of the steps that lead here, for the mark and the inventory. */
  readonly step: string;
  /** Whether another trigger names the object too. */
  readonly isShared: boolean;
}

/** Koreo's delay while something that others provide is missing, in seconds. */
const WAIT_SECONDS = 30;

/** @returns never rejects for what the cluster says; throws `RunInterrupted` once the run's signal is aborted */
export async function reconcileResource(work: StepWork, call: ResourceCall, signal: AbortSignal): Promise<StepResult> {
  const { run, request, step } = work;

  // 1. Where is the object? Preconditions, locals, name and namespace.
  const located = withSpanSync(SPAN.evaluate, {}, () => locateResource(call.plan, call.inputs, call.location));
  if (located.kind === "outcome") return plainResult(located.outcome);
  const { target } = located;

  // 2. How does the server serve its kind?
  const api = { ...parseApiVersion(target.apiVersion), kind: target.kind };
  const resolved = await run.ports.store.resolve(api, signal);
  checkInterrupted(run);
  if (resolved.kind === "fault") {
    const message =
      resolved.fault.kind === "unknownKind"
        ? `The API server does not serve ${target.kind} (${target.apiVersion}); install its CustomResourceDefinition, or correct spec.apiConfig.`
        : undefined;
    return plainResult(
      message === undefined
        ? faultOutcome(resolved.fault, { doing: "loading", name: target.fullName, location: "load resource" })
        : retry(WAIT_SECONDS, message, `${call.location}:spec.apiConfig`),
    );
  }
  const place = { ...call, type: resolved.value, target };
  const ref = refOf(place);
  const object = formatKey({ cluster: run.ports.store.cluster, ...ref.type, namespace: ref.namespace, name: ref.name });
  const path = [...request.path, step.label].join("/");

  // 3. From now on whatever happens to the object wakes this trigger, even while it does not exist.
  const [sharers = []] = await shared(run, run.ports.index.add([{ object, trigger: run.trigger.key }]));
  const isShared = sharers.some((key) => key !== run.trigger.key);

  const settled = await settle(work, { call, target, ref, object, step: path, isShared }, signal);
  await recordLook(run, object, settled);
  return {
    outcome: settled.outcome,
    changed: settled.changed,
    managed: managedRecord(call.plan, target, resolved.value),
    inventory: [inventoryEntry(work, call.plan, target, resolved.value, settled.observed, path)],
  };
}

interface Settled {
  readonly outcome: Outcome<Value>;
  readonly observed: JsonObject | null;
  readonly changed: boolean;
}

/** 4. Read, decide, perform, and look again until there is nothing to do, or nothing more to do in this run. */
async function settle(work: StepWork, target: Target, signal: AbortSignal): Promise<Settled> {
  const { run } = work;
  let observed: JsonObject | null | undefined;
  let changed = false;

  for (let looks = 0; looks < run.limits.maxLooks; looks += 1) {
    checkInterrupted(run);
    if (observed === undefined) {
      const read = await observe(run, target, signal);
      if (read.kind === "outcome") return { outcome: read.outcome, observed: null, changed };
      observed = read.object;
    }
    const action = decide(work, target, observed);
    if (action.kind === "none") return { outcome: conclude(target, observed ?? {}), observed, changed };
    if (action.kind === "outcome") return { outcome: action.outcome, observed, changed };
    // A write was sent in this run and the object still differs: sending it again would not help.
    if (changed) return { outcome: action.outcome, observed, changed };

    const done = await act(run, target, action, observed, signal);
    switch (done.kind) {
      case "observed": // the answer is the observed object: look at it
        changed = true;
        observed = done.object;
        break;
      case "stale": // somebody wrote meanwhile: read and look again
        observed = undefined;
        break;
      case "outcome":
        return { outcome: done.outcome, observed: done.changed ? null : observed, changed: done.changed };
    }
  }
  return {
    outcome: retry(1, `${target.target.fullName} keeps changing while it is written`, "spec"),
    observed: observed ?? null,
    changed,
  };
}

function decide(work: StepWork, { call, target, ref, step }: Target, observed: JsonObject | null): Action {
  const { run } = work;
  const { object: trigger, uid, key, ref: triggerRef } = run.trigger;
  return withSpanSync(SPAN.evaluate, { [ATTRIBUTE.object]: target.fullName }, () =>
    decideAction({
      plan: call.plan,
      target,
      inputs: call.inputs,
      observed,
      owner: {
        apiVersion: textMember(trigger, "apiVersion"),
        kind: triggerRef.type.kind,
        name: triggerRef.name,
        namespace: triggerRef.namespace,
        uid,
      },
      templates: (name) => run.catalog.template(name, call.plan.namespace),
      mode: "cluster",
      mark: {
        trigger: key,
        uid,
        group: ref.type.group,
        kind: ref.type.kind,
        namespace: ref.namespace,
        name: ref.name,
        step,
        policy: call.plan.deletePolicy ?? "default",
      },
    }),
  );
}

function conclude({ call, target }: Target, actual: JsonObject): Outcome<Value> {
  return withSpanSync(SPAN.evaluate, { [ATTRIBUTE.object]: target.fullName }, () =>
    concludeResource({ plan: call.plan, target, inputs: call.inputs, actual, location: call.location }),
  );
}

/** Performs a write, under the object lock where another trigger names the object too. */
async function act(
  run: RunContext,
  { target, ref, object, isShared }: Target,
  action: Exclude<Action, { kind: "none" | "outcome" }>,
  observed: JsonObject | null,
  signal: AbortSignal,
): Promise<Performed> {
  const refusal = observed === null ? undefined : await refusedByOwner(run, observed, ref, signal);
  if (refusal !== undefined) return { kind: "outcome", outcome: refusal, changed: false };
  const write = () =>
    withSpan("koreo.write", { [ATTRIBUTE.action]: action.kind, [ATTRIBUTE.object]: target.fullName }, () =>
      perform(run, { action, ref, observed, name: target.fullName }, signal),
    );
  if (!isShared) return write();

  const { lock, queue, clock } = run.ports;
  const holder = await withSpan(SPAN.lockWait, {}, () =>
    shared(run, lock.acquire(object, run.trigger.key, run.limits.lockMs)),
  );
  if (holder !== undefined) {
    const message = `${target.fullName} is being written by ${holder}; waiting for it to finish`;
    return { kind: "outcome", outcome: retry(5, message, "spec"), changed: false };
  }
  try {
    return await write();
  } finally {
    const waiting = await shared(run, lock.release(object, run.trigger.key));
    const cause = { reason: "lock", object, atMs: clock.wallMs() };
    if (waiting.length > 0)
      await shared(run, queue.enqueue(waiting.map((key) => ({ key, workClass: 2 as const, cause }))));
  }
}

/** No version of any object: whatever is seen next of one that this run deleted, its end among it, wakes the trigger. */
const DELETED = "deleted";

/** Says which version this run has looked at last, so that the echo of its own write wakes nobody. */
async function recordLook(run: RunContext, object: KeyText, { observed, changed }: Settled): Promise<void> {
  const isDeleted = observed === null && changed;
  const version = textMember(member(observed ?? undefined, "metadata"), "resourceVersion");
  const resourceVersion = isDeleted ? DELETED : version;
  await shared(run, run.ports.index.add([{ object, trigger: run.trigger.key, resourceVersion }]));
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

function refOf(place: { readonly type: ResourceType; readonly target: ResourceTarget }): ObjectRef {
  const { type, target } = place;
  return { type, namespace: type.namespaced ? target.namespace : "", name: target.name };
}

/** Koreo's record of one object in `koreo.dev/managed-resources`. */
function managedRecord(plan: ResourceFunctionPlan, target: ResourceTarget, type: ResourceType): JsonValue {
  return {
    apiVersion: target.apiVersion,
    kind: target.kind,
    plural: type.plural,
    name: target.name,
    readonly: target.readonly,
    ...(type.namespaced ? { namespace: target.namespace } : {}),
    resourceFunction: plan.name,
  };
}

function inventoryEntry(
  { request, step }: StepWork,
  plan: ResourceFunctionPlan,
  target: ResourceTarget,
  type: ResourceType,
  observed: JsonObject | null,
  path: string,
): InventoryEntry {
  return {
    group: type.group,
    version: type.version,
    kind: type.kind,
    namespace: type.namespaced ? target.namespace : "",
    name: target.name,
    uid: textMember(member(observed ?? undefined, "metadata"), "uid"),
    step: path,
    wave: request.wave + step.wave,
    policy: plan.deletePolicy ?? "default",
    readonly: target.readonly,
  };
}

function checkInterrupted(run: RunContext): void {
  if (run.signal.aborted) throw new RunInterrupted();
}
