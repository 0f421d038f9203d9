/**
 * What to do about one object: nothing, create, patch, recreate, delete, or wait; from its target, the object as observed
 * and the author's policy. Pure: the engine performs the action and looks at the answer. The order of the decisions is
 * Koreo's.
 */
import type { Value } from "../cel/value.ts";
import { textMember, member, type JsonObject, type JsonValue } from "../json.ts";
import { retry, type NotOk } from "../outcome.ts";
import type { ResourceFunctionPlan } from "../plan/plan.ts";
import { differenceText, findDifference } from "./difference.ts";
import { withoutDirectives } from "./directives.ts";
import type { ResourceTarget } from "./locate.ts";
import { markHolder, withMark, withoutOwnKeys, type Mark } from "./mark.ts";
import { hasOwner, isOwner, ownerReference, ownerReferencesOf, type Owner } from "./owner.ts";
import { clusterPatch, plainPatch } from "./patch.ts";
import { keysToRemove, pathsBeyond, readRecord, withCreatePaths, withRecord, type KeyPath } from "./record.ts";
import { renderCreate, renderTarget, type FindTemplate } from "./render.ts";

export interface DecideRequest {
  readonly plan: ResourceFunctionPlan;
  readonly target: ResourceTarget;
  readonly inputs: Value;
  /** The object as read; null when there is none. */
  readonly observed: JsonObject | null;
  readonly owner: Owner;
  readonly templates: FindTemplate;
  /** `functionTest` keeps Koreo's verdicts where a cluster asks for better: see `docs/differences-from-koreo.md`. */
  readonly mode: "cluster" | "functionTest";
  /** What a created object is marked with; required on a cluster. */
  readonly mark?: Mark;
}

/** Actions carry the outcome the pass comes to if it ends with them. */
export type Action =
  /** The object is as it should be, or must be left as it is: go on to postconditions and return. */
  | { readonly kind: "none" }
  | { readonly kind: "outcome"; readonly outcome: NotOk }
  | { readonly kind: "create"; readonly body: JsonObject; readonly outcome: NotOk }
  | { readonly kind: "patch"; readonly body: JsonObject; readonly difference: string; readonly outcome: NotOk }
  | { readonly kind: "recreate"; readonly difference: string; readonly outcome: NotOk }
  | { readonly kind: "delete"; readonly outcome: NotOk };

/** Koreo's delay while an object is waited for or deleted, in seconds. */
const WAIT_SECONDS = 30;

export function decideAction(request: DecideRequest): Action {
  const { plan, target, observed, mode } = request;
  // 1. An object that must not be.
  if (target.deleteIfExists) {
    if (observed === null) return { kind: "none" };
    return { kind: "delete", outcome: retry(WAIT_SECONDS, `Deleting ${target.fullName}.`) };
  }
  // 2. An object that others make.
  if (observed === null && (target.readonly || !plan.create.enabled)) {
    return wait(`${target.fullName} not found. Waiting...`);
  }
  if (target.readonly) return { kind: "none" };

  // 3. The target.
  const rendered = renderTarget(request);
  if (rendered.kind === "outcome") return rendered;
  const wanted = mode === "cluster" ? withoutOwnKeys(rendered.json) : rendered.json;

  // 4. Make it, or bring it there.
  if (observed === null) return create(request, wanted, rendered.values);
  if (mode === "cluster" && textMember(member(observed, "metadata"), "deletionTimestamp") !== "") {
    return wait(`${target.fullName} is being deleted. Waiting...`);
  }
  return update(request, wanted, observed);
}

function create(request: DecideRequest, wanted: JsonObject, values: Parameters<typeof renderCreate>[1]): Action {
  const { plan, target, owner, mode, mark } = request;
  const { overlay, delaySeconds } = plan.create;
  const rendered = overlay === undefined ? undefined : renderCreate(request, values, overlay);
  if (rendered?.kind === "outcome") return rendered;

  const initial = rendered === undefined ? wanted : mode === "cluster" ? withoutOwnKeys(rendered.json) : rendered.json;
  const sent = withoutDirectives(withOwner(initial, target, owner)) as JsonObject;
  const recorded = withRecord(sent);
  const outcome = retry(delaySeconds, `Creating ${target.fullName}.`, "spec.create");
  if (mode === "functionTest" || mark === undefined) return { kind: "create", body: recorded, outcome };
  const createPaths = pathsBeyond(sent, withoutDirectives(withOwner(wanted, target, owner)) as JsonObject);
  return { kind: "create", body: withMark(withCreatePaths(recorded, createPaths), mark), outcome };
}

function update(request: DecideRequest, wanted: JsonObject, observed: JsonObject): Action {
  const { plan, target, owner, mode } = request;
  const difference = differenceOf(request, wanted, observed);
  const lacksOwner = isOwner(owner, target) && !hasOwner(ownerReferencesOf(observed), owner);
  const isTakenOver = mode === "cluster" && isMarkOfEarlierTrigger(request, observed);
  if (difference === undefined && !lacksOwner && !isTakenOver) return { kind: "none" };

  const because = difference?.text ?? "";
  switch (plan.update.kind) {
    case "never":
      return { kind: "none" };
    case "recreate": {
      const message = `Deleting ${target.fullName} to recreate due to ${because}.`;
      const outcome = retry(plan.update.delaySeconds, message, "spec.update.recreate");
      return { kind: "recreate", difference: because, outcome };
    }
    case "patch": {
      const message = `Patching \`${target.fullName}\` due to ${because}.`;
      const outcome = retry(plan.update.delaySeconds, message, "spec.update.patch");
      const ownerReferences = lacksOwner ? [...referencesToKeep(wanted, observed), ownerReference(owner)] : undefined;
      const body =
        mode === "cluster"
          ? clusterPatch({ target: wanted, observed, remove: difference?.remove ?? [], ownerReferences })
          : plainPatch(wanted);
      const marked = isTakenOver && request.mark !== undefined ? withMark(body, request.mark) : body;
      return { kind: "patch", body: marked, difference: because, outcome };
    }
  }
}

interface Drift {
  readonly text: string;
  readonly remove: readonly KeyPath[];
}

/** The first difference, or the first key of ours that should be gone. */
function differenceOf({ target, mode }: DecideRequest, wanted: JsonObject, observed: JsonObject): Drift | undefined {
  const isCluster = mode === "cluster";
  const { applied } = readRecord(observed);
  const options = { nullIsMissing: isCluster, hideValues: isCluster && target.kind === "Secret" };
  const found = findDifference(wanted, observed, applied, options);
  const remove = isCluster ? keysToRemove(withoutDirectives(wanted) as JsonObject, observed) : [];
  if (found !== undefined) return { text: differenceText(found), remove };
  const [first] = remove;
  if (first === undefined) return undefined;
  return { text: [...first.map((name) => `'${name}'`), "<no longer in target>"].join(" -> "), remove };
}

function withOwner(body: JsonObject, target: ResourceTarget, owner: Owner): JsonObject {
  const references = ownerReferencesOf(body);
  if (!isOwner(owner, target) || hasOwner(references, owner)) return body;
  const metadata = member(body, "metadata") as JsonObject;
  return { ...body, metadata: { ...metadata, ownerReferences: [...references, ownerReference(owner)] } };
}

/** The author's own list where the target has one, else what is there. */
function referencesToKeep(wanted: JsonObject, observed: JsonObject): readonly JsonValue[] {
  const named = ownerReferencesOf(wanted);
  return named.length > 0 ? named : ownerReferencesOf(observed);
}

/** The object was created by an earlier trigger of our very key, which is gone: it is ours now. */
function isMarkOfEarlierTrigger({ mark }: DecideRequest, observed: JsonObject): boolean {
  if (mark === undefined) return false;
  const holder = markHolder(observed, mark);
  return holder !== undefined && holder.trigger === mark.trigger && holder.uid !== mark.uid;
}

function wait(message: string): Action {
  return { kind: "outcome", outcome: retry(WAIT_SECONDS, message) };
}
