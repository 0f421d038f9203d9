/**
 * Which Workflow runs for a trigger: the one its annotation names, else the only match for its kind in the first
 * namespace that has one. Reports a failed selection in Koreo's words.
 */
import type { JsonObject } from "../json.ts";
import { annotationOf } from "../object.ts";
import { ANNOTATION } from "../names.ts";
import type { GroupVersionKind } from "../object-key.ts";
import type { Prepared, WorkflowPlan } from "./plan.ts";

/** A Workflow of the catalog; `trigger` is read even from an unusable spec. */
export interface WorkflowCandidate {
  readonly namespace: string;
  readonly name: string;
  readonly trigger: GroupVersionKind | undefined;
  readonly prepared: Prepared<WorkflowPlan>;
}

export interface SelectedWorkflow {
  readonly kind: "selected";
  readonly workflow: WorkflowPlan;
}

/** Why no workflow runs. */
export interface WorkflowLookupFailure {
  readonly kind: "none";
  readonly reason: "NoWorkflow" | "WorkflowNotReady" | "MultipleWorkflows" | "VersionNotServed";
  readonly message: string;
  /** Location for the condition. */
  readonly location: string;
  /** Location for `status.koreo.locations`. */
  readonly statusLocation: string;
}

export type WorkflowSelection = SelectedWorkflow | WorkflowLookupFailure;

/** A trigger: its kind and the version it was read in, and the object with its annotations. */
export interface TriggerLookup extends GroupVersionKind {
  readonly object: JsonObject;
}

const LOOKUP = "custom_workflow._lookup_workflow_for_resource";

/**
 * @param candidates - all Workflows, those of the first namespace first
 */
export function selectWorkflow(candidates: readonly WorkflowCandidate[], trigger: TriggerLookup): WorkflowSelection {
  const key = `${trigger.group}:${trigger.kind}:${trigger.version}`;
  const asked = annotationOf(trigger.object, ANNOTATION.workflow);
  if (asked !== "") return selectAsked(candidates, asked, key);

  const matching = candidates.filter(
    (each) => each.trigger?.group === trigger.group && each.trigger.kind === trigger.kind,
  );
  const inFirst = matching.filter((each) => each.namespace === matching[0]?.namespace);
  const [only] = inFirst;
  if (only === undefined) {
    const statusLocation = `custom_workflow.reconcile(${key})`;
    return failure("NoWorkflow", `Failed to find Workflow for \`${key}\``, LOOKUP, statusLocation);
  }
  if (inFirst.length > 1) {
    const names = inFirst.map((each) => each.name).sort();
    const message = `Multiple Workflows attempted to run (${names.join(",")})`;
    return failure("MultipleWorkflows", message, names.join(";"), names.join(";"));
  }
  if (only.prepared.kind === "ready") return { kind: "selected", workflow: only.prepared.plan };
  const message = `Workflow \`${only.name}\` not ready ${only.prepared.outcome.message ?? "None"}.`;
  return failure("WorkflowNotReady", message, LOOKUP, LOOKUP);
}

/** The workflow that the trigger's annotation names, whatever kind that workflow was made for. */
function selectAsked(candidates: readonly WorkflowCandidate[], name: string, key: string): WorkflowSelection {
  const found = candidates.find((each) => each.name === name);
  if (found === undefined) {
    const message = `Failed to find User Requested Workflow (${name}) for \`${key}\``;
    return failure("NoWorkflow", message, LOOKUP, `${LOOKUP}(${key})`);
  }
  if (found.prepared.kind === "ready") return { kind: "selected", workflow: found.prepared.plan };
  const message = `User-specified Workflow \`${name}\` not ready ${found.prepared.outcome.message ?? "None"}.`;
  return failure("WorkflowNotReady", message, `${LOOKUP}<user-specified>`, `${LOOKUP}<user-specified>`);
}

/** The trigger's workflow names a version that the API server does not serve; `served` is one that it does serve. */
export function versionNotServed({ name, trigger }: WorkflowPlan, served: GroupVersionKind): WorkflowLookupFailure {
  const location = `${name}.spec.crdRef.version`;
  const kind = served.group === "" ? served.kind : `${served.kind}.${served.group}`;
  const message =
    `Workflow \`${name}\` is for ${kind} in version ${trigger?.version ?? ""}, which the API server does not serve: ` +
    `set its spec.crdRef.version to one that is served, such as ${served.version}`;
  return failure("VersionNotServed", message, location, location);
}

function failure(
  reason: WorkflowLookupFailure["reason"],
  message: string,
  location: string,
  statusLocation: string,
): WorkflowLookupFailure {
  return { kind: "none", reason, message, location, statusLocation };
}
