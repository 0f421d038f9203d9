/**
 * Turns a decided action into calls of the object store, and every refusal into what the step came to; nowhere else.
 * Writes carry the resourceVersion they were decided on; deletes are sent only with more than half of the lease left.
 */
import type { Value } from "../core/cel/value.ts";
import { member, textMember, type JsonObject } from "../core/json.ts";
import { isGoing } from "../core/lifetime.ts";
import { permFail, retry, type NotOk, type Outcome } from "../core/outcome.ts";
import type { Action } from "../core/resource/decide.ts";
import { hideValuesIn } from "../core/resource/sensitive.ts";
import type { ClusterFault, ObjectRef } from "./ports/object-store.ts";
import { givenUp, type RunContext } from "./run-context.ts";

/** What an action that writes asks for. */
export interface WriteRequest {
  readonly action: Exclude<Action, { kind: "none" | "outcome" }>;
  readonly ref: ObjectRef;
  /** The object the action was decided on; null when there was none. */
  readonly observed: JsonObject | null;
  /** For messages. */
  readonly name: string;
}

/** `observed`: written, and this is the answer. `stale`: the object is not what it was: read again. */
export type Performed =
  | { readonly kind: "observed"; readonly object: JsonObject }
  | { readonly kind: "stale" }
  | { readonly kind: "outcome"; readonly outcome: Outcome<Value>; readonly changed: boolean };

/** A delete is sent only with this much of the lease left: it cannot be taken back by a precondition alone. */
export const MIN_LEASE_FOR_DELETE_MS = 5000;

export async function perform(run: RunContext, request: WriteRequest, signal: AbortSignal): Promise<Performed> {
  const { action, ref } = request;
  if (run.leaseLeftMs() <= 0 || run.signal.aborted) throw givenUp(run);
  switch (action.kind) {
    case "create":
      return created(request, await run.ports.store.create(ref, action.body, signal), run);
    case "patch":
      return patched(request, await run.ports.store.patch(ref, action.body, signal), run);
    case "recreate":
    case "delete":
      return remove(run, request, signal);
  }
}

type Answer = Awaited<ReturnType<RunContext["ports"]["store"]["create"]>>;

function created({ action, ref, name }: WriteRequest, answer: Answer, run: RunContext): Performed {
  if (answer.kind === "ok") return { kind: "observed", object: answer.value };
  if (answer.fault.kind === "alreadyExists") return { kind: "stale" };
  const told = withoutValues(answer.fault, action);
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

function patched({ action, name }: WriteRequest, answer: Answer, run: RunContext): Performed {
  if (answer.kind === "ok") return { kind: "observed", object: answer.value };
  if (answer.fault.kind === "conflict" || answer.fault.kind === "notFound") return { kind: "stale" };
  return {
    kind: "outcome",
    outcome: refused(
      withoutValues(answer.fault, action),
      { doing: "patching", name, location: "spec.update.patch" },
      run,
    ),
    changed: false,
  };
}

/** The server's words may repeat what it was sent. */
function withoutValues(fault: ClusterFault, action: WriteRequest["action"]): ClusterFault {
  if (!("body" in action) || action.sensitive === undefined) return fault;
  return { ...fault, detail: hideValuesIn(fault.detail, action.body, action.sensitive) };
}

async function remove(
  run: RunContext,
  { action, ref, observed, name }: WriteRequest,
  signal: AbortSignal,
): Promise<Performed> {
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
    outcome: refused(answer.fault, { doing: "deleting", name, location }, run),
    changed: false,
  };
}

/** What was being done to which object, for messages. */
interface Attempt {
  readonly doing:
    | "loading"
    | "creating"
    | "patching"
    | "deleting"
    | "listing"
    | "putting the finalizer on"
    | "taking the finalizer off";
  readonly name: string;
  /** The manifest path whose action was refused. */
  readonly location: string;
}

function refused(fault: ClusterFault, attempt: Attempt, run: RunContext): NotOk {
  if (fault.kind === "aborted" && run.signal.aborted) throw givenUp(run);
  return faultOutcome(fault, attempt);
}

const AGAIN_SECONDS = 5;
const ACCESS_SECONDS = 30;
const QUOTA_SECONDS = 2;

/** Turns a refusal into what the step came to. */
export function faultOutcome(fault: ClusterFault, { doing, name, location }: Attempt): NotOk {
  const message = `Error ${doing} ${name}: ${fault.detail}`;
  switch (fault.kind) {
    case "invalid":
      return permFail(message, location);
    case "forbidden": {
      const { hint, seconds } = refusalOf(fault.detail);
      return retry(seconds, `${message}${hint}`, location);
    }
    case "unknownKind":
    case "notFound":
      return retry(ACCESS_SECONDS, message, location);
    case "throttled":
      return retry(Math.max(1, fault.afterSeconds), message, location);
    case "alreadyExists":
    case "conflict":
    case "expired":
      return retry(1, message, location);
    case "unavailable":
    case "aborted":
      return retry(AGAIN_SECONDS, message, location);
  }
}

/**
 * What people can do about a 403, and when it is worth another try. The Status reply has no code that tells missing rights
 * from the other reasons, so this, and nothing else, goes by the API server's words.
 */
function refusalOf(detail: string): { readonly hint: string; readonly seconds: number } {
  const seconds = ACCESS_SECONDS;
  if (detail.includes(" cannot ")) return { hint: ". Grant the worker's identity this access.", seconds };
  if (detail.includes("exceeded quota"))
    return { hint: ". Raise the quota of the namespace, or make room in it.", seconds };
  // A quota that was just made: its controller has not counted yet.
  if (detail.includes("status unknown for quota"))
    return { hint: ". Wait until the new quota is counted.", seconds: QUOTA_SECONDS };
  if (detail.includes("because it is being terminated"))
    return { hint: ". Wait for the namespace to be gone, then create it anew.", seconds };
  return { hint: "", seconds };
}
