/**
 * Decides what to do about one object: nothing, create, patch, recreate, delete, or wait; from its target, the object
 * as observed and the author's policy. Pure: the engine performs the action and handles the answer. Koreo defines the
 * order of the decisions.
 */
import type { Value } from "../cel/value.ts";
import { member, type JsonObject } from "../json.ts";
import { isGoing } from "../object.ts";
import { ANNOTATION } from "../names.ts";
import { retry, type NotOk } from "../outcome.ts";
import { claimOn, owns, referencesToSend, withClaim, type Claim, type ClaimRequest } from "./claim.ts";
import { differenceText, findDifference } from "./difference.ts";
import { withoutDirectives } from "./directives.ts";
import { withMark, withoutOwnKeys } from "./mark.ts";
import { hasOwner, ownerReference, ownerReferencesOf } from "./owner.ts";
import type { KeyPath } from "./key-path.ts";
import { clusterPatch, plainPatch } from "./patch.ts";
import {
  closedRecord,
  comparableRecord,
  isRecordOfAnother,
  keysToRemove,
  pathsBeyond,
  readRecord,
  withRecord,
  withSigns,
} from "./record.ts";
import { renderCreate, renderTarget, type FindTemplate } from "./render.ts";
import { sensitiveOf } from "./sensitive.ts";

/** `mode: "functionTest"` keeps Koreo's verdicts where a cluster needs better: see `docs/differences-from-koreo.md`. */
export interface DecideRequest extends ClaimRequest {
  readonly inputs: Value;
  /** The object as read; null when it does not exist. */
  readonly observed: JsonObject | null;
  readonly templates: FindTemplate;
  /** Whether the trigger has a step with this path, such as `net/zone`; required on a cluster. */
  readonly isStep?: ((path: string) => boolean) | undefined;
}

/** An action carries the outcome of the pass that ends with it. */
export type Action =
  /** The object is as it should be, or must be left alone: continue with postconditions and return. */
  | { readonly kind: "none" }
  | { readonly kind: "outcome"; readonly outcome: NotOk }
  | { readonly kind: "create"; readonly body: JsonObject; readonly outcome: NotOk }
  | { readonly kind: "patch"; readonly body: JsonObject; readonly difference: string; readonly outcome: NotOk }
  | { readonly kind: "recreate"; readonly difference: string; readonly outcome: NotOk }
  | { readonly kind: "delete"; readonly outcome: NotOk };

/** Actions that change the object. */
export type WriteAction = Exclude<Action, { readonly kind: "none" | "outcome" }>;

/** Koreo's delay while it waits for an object or deletes one, in seconds. */
const WAIT_SECONDS = 30;
const NOTHING = { kind: "none" } as const;
const CLAIMING: Readonly<Record<Claim, string>> = {
  own: "Taking over",
  renew: "Renewing the owner reference on",
  takeOver: "Taking over",
  release: "Releasing",
};

export function decideAction(request: DecideRequest): Action {
  const { plan, target, observed, mode } = request;
  // 1. An object that must not exist.
  if (target.deleteIfExists) {
    if (observed === null) return NOTHING;
    return { kind: "delete", outcome: retry(WAIT_SECONDS, `Deleting ${target.fullName}.`) };
  }
  // 2. An object that others create.
  if (observed === null && (target.readonly || !plan.create.enabled)) {
    return wait(`${target.fullName} not found. Waiting...`);
  }
  if (target.readonly) return observed === null ? NOTHING : claimAlone(request, claimOn(request, observed), observed);

  // 3. Render the target.
  const rendered = renderTarget(request);
  if (rendered.kind === "outcome") return rendered;
  const wanted = asTarget(request, rendered.json);

  // 4. Create the object, or bring it to the target.
  if (observed === null) return create(request, wanted, rendered.values);
  if (mode === "cluster" && isGoing(observed)) {
    return wait(`${target.fullName} is being deleted. Waiting...`);
  }
  return update(request, wanted, observed);
}

function create(request: DecideRequest, wanted: JsonObject, values: Parameters<typeof renderCreate>[1]): Action {
  const { plan, target, mode, mark } = request;
  const { overlay, delaySeconds } = plan.create;
  const rendered = overlay === undefined ? undefined : renderCreate(request, values, overlay);
  if (rendered?.kind === "outcome") return rendered;

  const initial = rendered === undefined ? wanted : asTarget(request, rendered.json);
  const sent = withoutDirectives(withOwner(initial, request)) as JsonObject;
  const outcome = retry(delaySeconds, `Creating ${target.fullName}.`, "spec.create");
  if (mode === "functionTest" || mark === undefined) return { kind: "create", body: withRecord(sent), outcome };
  const sensitive = sensitiveOf(plan, target);
  const recorded = withRecord(sent, sensitive);
  const createPaths = pathsBeyond(sent, withoutDirectives(withOwner(wanted, request)) as JsonObject);
  const body = withMark(withSigns(recorded, createPaths, mark), mark);
  return { kind: "create", body, outcome };
}

function update(request: DecideRequest, wanted: JsonObject, observed: JsonObject): Action {
  const { plan, mode } = request;
  const difference = differenceOf(request, wanted, observed);
  const named = ownerReferencesOf(wanted);
  const claim = claimOn(request, observed, named);
  const isOnlyClaim = difference === undefined && claim !== "own";
  if (isOnlyClaim || plan.update.kind === "never")
    return closeRecord(request, observed) ?? claimAlone(request, claim, observed);

  const because = difference?.text ?? "";
  const { delaySeconds } = plan.update;
  if (plan.update.kind === "recreate") {
    const message = `Deleting ${request.target.fullName} to recreate due to ${because}.`;
    return { kind: "recreate", difference: because, outcome: retry(delaySeconds, message, "spec.update.recreate") };
  }
  const message = `Patching \`${request.target.fullName}\` due to ${because}.`;
  const ownerReferences = referencesToSend(request, claim, observed, named);
  const sensitive = sensitiveOf(plan, request.target);
  const remove = difference?.remove ?? [];
  const patch = { target: wanted, observed, remove, ownerReferences, sensitive, writer: request.mark };
  const body = mode === "cluster" ? withClaim(request, claim, observed, clusterPatch(patch)) : plainPatch(wanted);
  const outcome = retry(delaySeconds, message, "spec.update.patch");
  return { kind: "patch", body, difference: because, outcome };
}

/** The object is as it should be, but its record shows sensitive values: patches only the record. */
function closeRecord({ plan, target, mode }: DecideRequest, observed: JsonObject): Action | undefined {
  if (mode !== "cluster") return undefined;
  const record = closedRecord(observed, sensitiveOf(plan, target));
  if (record === undefined) return undefined;
  const resourceVersion = member(member(observed, "metadata"), "resourceVersion") ?? null;
  const body = { metadata: { resourceVersion, annotations: { [ANNOTATION.lastApplied]: record } } };
  const message = `Hiding the sensitive values in the record on ${target.fullName}.`;
  return { kind: "patch", body, difference: "", outcome: retry(WAIT_SECONDS, message, "spec.update") };
}

/**
 * The content stays: patches only reference and mark, to remove them, to renew the reference or to replace the mark.
 * Under `update: never` it makes no new claim on the object, but keeps an existing one valid.
 */
function claimAlone(request: DecideRequest, claim: Claim | undefined, observed: JsonObject): Action {
  const { plan, target } = request;
  const isNew = claim === "own" || claim === "takeOver";
  const isLeft = claim === undefined || (isNew && plan.update.kind === "never");
  if (isLeft || isGoing(observed)) return NOTHING;
  const resourceVersion = member(member(observed, "metadata"), "resourceVersion") ?? null;
  const ownerReferences = referencesToSend(request, claim, observed);
  const metadata = { resourceVersion, ...(ownerReferences === undefined ? {} : { ownerReferences }) };
  const body = withClaim(request, claim, observed, { metadata });
  const outcome = retry(WAIT_SECONDS, `${CLAIMING[claim]} ${target.fullName}.`, "spec.update");
  return { kind: "patch", body, difference: "", outcome };
}

interface Drift {
  readonly text: string;
  readonly remove: readonly KeyPath[];
}

/** The first difference, or the first key of ours that must be removed. */
function differenceOf(request: DecideRequest, wanted: JsonObject, observed: JsonObject): Drift | undefined {
  const { plan, target, mode, mark, isStep = () => false } = request;
  const isCluster = mode === "cluster";
  const { paths, identity } = sensitiveOf(plan, target);
  const hideValues = isCluster && (paths.length > 0 || target.kind === "Secret");
  const plain = withoutDirectives(wanted) as JsonObject;
  const applied = comparableRecord(readRecord(observed), identity, plain);
  const found = findDifference(wanted, observed, applied, { nullIsMissing: isCluster, hideValues });
  const isShared = mark !== undefined && isRecordOfAnother(observed, mark, isStep);
  const remove = isCluster && !isShared ? keysToRemove(plain, observed) : [];
  if (found !== undefined) return { text: differenceText(found), remove };
  const [first] = remove;
  if (first === undefined) return undefined;
  return { text: [...first.map((name) => `'${name}'`), "<no longer in target>"].join(" -> "), remove };
}

function withOwner(body: JsonObject, request: DecideRequest): JsonObject {
  const references = ownerReferencesOf(body);
  if (!owns(request) || hasOwner(references, request.owner)) return body;
  const metadata = member(body, "metadata") as JsonObject;
  return { ...body, metadata: { ...metadata, ownerReferences: [...references, ownerReference(request.owner)] } };
}

/** The rendered target without what only we may set, and without a namespace when the kind has none. */
function asTarget({ target, mode }: DecideRequest, rendered: JsonObject): JsonObject {
  if (mode === "functionTest") return rendered;
  const stripped = withoutOwnKeys(rendered);
  const metadata = member(stripped, "metadata");
  if (target.namespace !== "" || member(metadata, "namespace") === undefined) return stripped;
  const { namespace: _none, ...others } = metadata as JsonObject;
  return { ...stripped, metadata: others };
}

function wait(message: string): Action {
  return { kind: "outcome", outcome: retry(WAIT_SECONDS, message) };
}
