/**
 * Turns a step's decided action into calls of the object store, and their refusals into the outcome of the step. Writes
 * carry the resourceVersion they were decided on; deletes are sent only with more than half of the lease left.
 */
import type { Value } from "../core/cel/value.ts";
import { member, textMember, type JsonObject } from "../core/json.ts";
import { isGoing } from "../core/object.ts";
import type { NotOk, Outcome } from "../core/outcome.ts";
import type { WriteAction } from "../core/resource/decide.ts";
import type { KeyPath } from "../core/resource/key-path.ts";
import { hideValuesIn } from "../core/resource/sensitive.ts";
import { faultOutcome, type Attempt } from "./fault-outcome.ts";
import { signCreate } from "./late-create.ts";
import type { ClusterFault, ClusterResult, ObjectRef } from "./ports/object-store.ts";
import { MIN_LEASE_FOR_DELETE_MS } from "./removal.ts";
import { abandonRun, checkMayWrite, type RunContext } from "./run-context.ts";

/** The input of one write. */
export interface WriteRequest {
  readonly action: WriteAction;
  readonly ref: ObjectRef;
  /** The object the action was decided on; null when there was none. */
  readonly observed: JsonObject | null;
  /** For messages. */
  readonly name: string;
  /** Paths of the object whose values no message may repeat. */
  readonly sensitive: readonly KeyPath[];
}

/** `observed`: written; `object` is the answer. `stale`: the object is not what it was and must be read again. */
export type Performed =
  | { readonly kind: "observed"; readonly object: JsonObject }
  | { readonly kind: "stale" }
  | { readonly kind: "outcome"; readonly outcome: Outcome<Value>; readonly changed: boolean };

export async function perform(run: RunContext, request: WriteRequest, signal: AbortSignal): Promise<Performed> {
  const { action, ref } = request;
  checkMayWrite(run);
  switch (action.kind) {
    case "create":
      return create(request, action.body, run, signal);
    case "patch":
      return patched(request, await run.ports.store.patch(ref, action.body, signal), run);
    case "recreate":
    case "delete":
      return remove(run, request, signal);
  }
}

async function create(request: WriteRequest, body: JsonObject, run: RunContext, signal: AbortSignal) {
  const signed = signCreate(run, request.ref, body);
  const answer = await run.ports.store.create(request.ref, signed.body, signal);
  if (isUnsure(answer, run)) signed.follow();
  return created(request, answer, run);
}

/** Whether the create may be executed after the last run of the trigger, or its finalisation, looked for the object. */
function isUnsure(answer: ClusterResult<JsonObject>, run: RunContext): boolean {
  if (answer.kind === "ok") return run.leaseLeftMs() <= 0 || run.signal.aborted;
  if ("isSent" in answer.fault) return false; // it was surely not sent
  // A request answered with a 5xx, with Retry-After or without, may be executed all the same.
  return ["aborted", "unavailable", "throttled"].includes(answer.fault.kind);
}

function created(request: WriteRequest, answer: ClusterResult<JsonObject>, run: RunContext): Performed {
  if (answer.kind === "ok") return { kind: "observed", object: answer.value };
  if (answer.fault.kind === "alreadyExists") return { kind: "stale" };
  const { ref, name } = request;
  const told = withoutValues(answer.fault, request);
  const fault = told.kind === "notFound" ? missingPlace(told, ref) : told;
  return {
    kind: "outcome",
    outcome: refused(fault, { doing: "creating", name, location: "spec.create" }, run),
    changed: false,
  };
}

/** A create that finds nothing misses the namespace, which may still come. */
function missingPlace(fault: ClusterFault, { type, namespace }: ObjectRef): ClusterFault {
  if (!type.namespaced) return fault;
  const detail = `the namespace ${namespace} does not exist; create it, or correct spec.apiConfig.namespace (${fault.detail})`;
  return { kind: "notFound", detail };
}

function patched(request: WriteRequest, answer: ClusterResult<JsonObject>, run: RunContext): Performed {
  if (answer.kind === "ok") return { kind: "observed", object: answer.value };
  if (answer.fault.kind === "conflict" || answer.fault.kind === "notFound") return { kind: "stale" };
  return {
    kind: "outcome",
    outcome: refused(
      withoutValues(answer.fault, request),
      { doing: "patching", name: request.name, location: "spec.update.patch" },
      run,
    ),
    changed: false,
  };
}

/** The server's words, and those of admission webhooks, may repeat what was sent and what was there. */
function withoutValues(fault: ClusterFault, { action, observed, sensitive }: WriteRequest): ClusterFault {
  const sent = "body" in action ? action.body : null;
  return { ...fault, detail: hideValuesIn(fault.detail, [sent, observed], sensitive) };
}

async function remove(run: RunContext, request: WriteRequest, signal: AbortSignal): Promise<Performed> {
  const { action, ref, observed, name } = request;
  const metadata = member(observed ?? undefined, "metadata");
  if (observed === null || run.leaseLeftMs() < MIN_LEASE_FOR_DELETE_MS) return { kind: "stale" };
  // Already going: a finalizer holds it. Its deletion wakes us.
  if (isGoing(observed)) return { kind: "outcome", outcome: action.outcome, changed: false };
  const answer = await run.ports.store.delete(
    ref,
    {
      uid: textMember(metadata, "uid"),
      resourceVersion: textMember(metadata, "resourceVersion"),
      propagationPolicy: "Background",
    },
    signal,
  );
  if (answer.kind === "ok") return { kind: "outcome", outcome: action.outcome, changed: true };
  if (answer.fault.kind === "conflict" || answer.fault.kind === "notFound") return { kind: "stale" };
  const location = action.kind === "recreate" ? "spec.update.recreate" : "spec.apiConfig.deleteIfExists";
  return {
    kind: "outcome",
    outcome: refused(withoutValues(answer.fault, request), { doing: "deleting", name, location }, run),
    changed: false,
  };
}

function refused(fault: ClusterFault, attempt: Attempt, run: RunContext): NotOk {
  if (fault.kind === "aborted" && run.signal.aborted) throw abandonRun(run);
  return faultOutcome(fault, attempt);
}
