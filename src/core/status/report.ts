/**
 * The status document: computes the new status from the previous one and the result of a run, and the merge patch
 * between them. It leaves members alone that are not Koreo's.
 */
import { toJson } from "../cel/text.ts";
import { isFault } from "../cel/value.ts";
import { isJsonObject, jsonEqual, member, type JsonObject, type JsonValue } from "../json.ts";
import { isError, type NotOk } from "../outcome.ts";
import type { DefinitionEntry } from "../plan/definition-entry.ts";
import type { WorkflowPlan } from "../plan/plan.ts";
import type { WorkflowLookupFailure } from "../plan/select-workflow.ts";
import { bounded, conditionOf, mergeConditions, READY, type ConditionDraft } from "./condition.ts";
import type { WorkflowSummary } from "./summary.ts";

/** A definition has one condition with everything that is wrong with it, so it gets more room, in characters. */
const MAX_DEFINITION_TEXT = 8192;

/** The previous status, and the present time. */
export interface Before {
  /** The status as read; null when there is none. */
  readonly previous: JsonValue;
  /** Written when given: only when the API server does not raise the generation for our own write. */
  readonly observedGeneration: number | undefined;
  /** Wall clock, milliseconds since the epoch. */
  readonly nowMs: number;
  /** The author wants our conditions to keep their places. */
  readonly keepsPlaces?: boolean | undefined;
}

/** The status of a trigger after a run. */
export function reportStatus(
  request: Before & {
    readonly plan: WorkflowPlan;
    readonly summary: WorkflowSummary;
    /** What keeps the trigger from being ready, as a sentence. */
    readonly blocked?: string | undefined;
    /** Conditions about the whole run, in addition to those of its steps. */
    readonly more?: readonly ConditionDraft[];
  },
): JsonObject {
  const { plan, summary } = request;
  const error = isError(summary.outcome) ? summary.outcome : undefined;
  const stateErrors = Object.entries(summary.stateErrors).map(([label, why]) => [label, bounded(why)] as const);
  const conditions = summary.conditions.map((each) =>
    each.type === READY ? withSentence(each, request.blocked) : each,
  );
  return document(request, [...conditions, ...(request.more ?? [])], {
    state: nextState(plan, summary, member(request.previous, "state")),
    koreo: {
      errors: boundedText(error?.message),
      locations: boundedText(error?.location),
      state_errors: stateErrors.length === 0 ? null : Object.fromEntries(stateErrors),
    },
  });
}

/** Koreo's words, followed by ours. */
function withSentence(ready: ConditionDraft, sentence: string | undefined): ConditionDraft {
  return sentence === undefined ? ready : { ...ready, message: `${ready.message} ${sentence}` };
}

/** The status of a trigger without a workflow that can run; its state stays. */
export function reportLookupFailure(request: Before & { readonly failure: WorkflowLookupFailure }): JsonObject {
  const { reason, message, location, statusLocation } = request.failure;
  const ready: ConditionDraft = { type: READY, status: "False", reason, message: bounded(message), location };
  const state = member(request.previous, "state") ?? null;
  const koreo = { errors: bounded(message), locations: statusLocation, state_errors: null };
  return document(request, [ready], { state, koreo }, true);
}

/** The status of a trigger that is being deleted and waits for its objects; its state stays. */
export function reportDeletion(
  request: Before & { readonly blocked: string; readonly more: readonly ConditionDraft[] },
): JsonObject {
  const message = `The trigger is being deleted. ${request.blocked}`;
  const ready: ConditionDraft = { type: READY, status: "False", reason: "Deleting", message, location: "delete" };
  const state = member(request.previous, "state") ?? null;
  return document(request, [ready, ...request.more], { state }, true);
}

/** The status of a definition: whether it can run and, if not, everything that is wrong with it. */
export function reportDefinition(request: Before & { readonly entry: DefinitionEntry }): JsonObject {
  const { source, readiness, faults } = request.entry;
  const name = `${source.kind} ${source.name}`;
  const ready = readiness === undefined ? [] : [definitionFailure(name, readiness, faults)];
  const drafts = ready.length > 0 ? ready : [conditionOf({ type: READY, name }, { kind: "ok", value: null }, "spec")];
  return document(request, drafts, {});
}

/**
 * The merge patch from one status to another.
 *
 * @returns undefined when nothing differs
 */
export function statusPatch(current: JsonValue | undefined, desired: JsonObject): JsonObject | undefined {
  const before = isJsonObject(current) ? current : {};
  const patch = new Map<string, JsonValue>();
  for (const [name, value] of Object.entries(desired)) {
    const old = member(before, name);
    if (jsonEqual(old, value)) continue;
    // Where a map replaces another kind of value, its patch starts from nothing.
    const change = isJsonObject(value) ? (statusPatch(old, value) ?? (isJsonObject(old) ? undefined : {})) : value;
    if (change !== undefined) patch.set(name, change);
  }
  for (const name of Object.keys(before)) if (!Object.hasOwn(desired, name)) patch.set(name, null);
  return patch.size === 0 ? undefined : Object.fromEntries(patch);
}

function definitionFailure(name: string, readiness: NotOk, faults: DefinitionEntry["faults"]): ConditionDraft {
  const draft = conditionOf({ type: READY, name }, readiness, "spec");
  const lines = faults.map(({ path, message }) =>
    path === "" || message.includes(path) ? message : `${path}: ${message}`,
  );
  const message = lines.length > 0 ? lines.join("\n") : (readiness.message ?? draft.message);
  return { ...draft, status: "False", message: bounded(message, MAX_DEFINITION_TEXT) };
}

/** Koreo's members over the rest of the status, without members that are null or an empty map. */
function document(
  before: Before,
  drafts: readonly ConditionDraft[],
  members: JsonObject,
  keepsOurs = false,
): JsonObject {
  const { previous, observedGeneration, nowMs, keepsPlaces } = before;
  const standing = member(previous, "conditions");
  const conditions = mergeConditions(standing, drafts, observedGeneration, nowMs, { keepsOurs, keepsPlaces });
  const ours = { ...members, conditions, ...(observedGeneration === undefined ? {} : { observedGeneration }) };
  const merged = { ...(isJsonObject(previous) ? previous : {}), ...ours };
  const kept = Object.entries(merged).flatMap(([name, value]) => {
    const storable = Object.hasOwn(members, name) ? withoutNulls(value) : value;
    const isEmpty = storable === null || (isJsonObject(storable) && Object.keys(storable).length === 0);
    return isEmpty && Object.hasOwn(members, name) ? [] : [[name, storable] as const];
  });
  return Object.fromEntries(kept);
}

/** A merge patch cannot store a null: it removes the key. So null counts as missing. */
function withoutNulls(value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutNulls(inner)]));
}

/** This run's values; keys of steps that were not ok stay, keys that no step defines any more go. */
function nextState(plan: WorkflowPlan, summary: WorkflowSummary, previous: JsonValue | undefined): JsonValue {
  const before = isJsonObject(previous) ? previous : {};
  // A plan that is not ready does not know all its steps.
  if (plan.readiness !== undefined) return before;
  const defined = new Set(plan.steps.flatMap(({ state }) => state?.keys ?? []));
  const kept = Object.entries(before).filter(([key]) => defined.has(key));
  const json = toJson(summary.state);
  return { ...Object.fromEntries(kept), ...(isFault(json) || !isJsonObject(json) ? {} : json) };
}

function boundedText(text: string | undefined): string | null {
  return text === undefined ? null : bounded(text);
}
