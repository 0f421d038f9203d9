/**
 * Reads a trigger in the version that its Workflow names, because the Workflow's expressions are written for that
 * version. Only the trigger itself tells which Workflow that is. So the first read is in a version that some Workflow
 * of its kind names, or else in any served version, and a second read follows if its own Workflow names another
 * version. Called at the start of every run.
 */
import type { JsonObject } from "../core/json.ts";
import { isGoing } from "../core/object.ts";
import type { ObjectKey } from "../core/object-key.ts";
import type { Catalog } from "../core/plan/catalog.ts";
import { versionNotServed, type WorkflowSelection } from "../core/plan/select-workflow.ts";
import { resolveAnyVersion } from "./any-version.ts";
import type { ClusterFault, ObjectRef, ObjectStore, ResourceType } from "./ports/object-store.ts";
import { SPAN, withSpanSync } from "./telemetry.ts";

interface Look {
  readonly store: ObjectStore;
  readonly catalog: Catalog;
  readonly signal: AbortSignal;
}

/** A trigger, and the version it was read in. */
export interface ReadTrigger {
  readonly ref: ObjectRef;
  readonly object: JsonObject;
}

type NotFound =
  | { readonly kind: "gone" }
  /** The API server serves no version of the kind. */
  | { readonly kind: "unserved" }
  | { readonly kind: "fault"; readonly fault: ClusterFault };

export type FoundTrigger =
  | NotFound
  /** The trigger is being deleted: that works in any version, and without a Workflow. */
  | { readonly kind: "going"; readonly read: ReadTrigger }
  | { readonly kind: "found"; readonly read: ReadTrigger; readonly selection: WorkflowSelection };

/** Bounds the reads of one run, because the trigger may name another Workflow at each read. */
const MAX_READS = 3;

export async function findTrigger(look: Look, key: ObjectKey): Promise<FoundTrigger> {
  const { catalog } = look;
  let version = catalog.triggerKinds.find((each) => each.group === key.group && each.kind === key.kind)?.version;
  for (let reads = 0; reads < MAX_READS; reads += 1) {
    const answer = await readIn(look, key, version);
    if (answer.kind !== "read") return answer;
    const { read } = answer;
    if (isGoing(read.object)) return { kind: "going", read };
    const selection = select(catalog, read);
    const own = otherVersion(selection, read.ref.type);
    if (own === undefined) return { kind: "found", read, selection };
    // We asked for this version and got another one, so it is not served.
    if (own === version) return { kind: "found", read, selection: unserved(selection, read) };
    version = own;
  }
  return { kind: "fault", fault: { kind: "conflict", detail: "the trigger keeps changing which Workflow it names" } };
}

async function readIn(
  { store, signal }: Look,
  { group, kind, namespace, name }: ObjectKey,
  version: string | undefined,
): Promise<NotFound | { readonly kind: "read"; readonly read: ReadTrigger }> {
  const type = await resolveAnyVersion(store, { group, kind, version }, signal);
  if (type.kind === "fault") return type.fault.kind === "unknownKind" ? { kind: "unserved" } : type;
  const ref = { type: type.value, namespace, name };
  const read = await store.get(ref, signal);
  if (read.kind === "ok") return { kind: "read", read: { ref, object: read.value } };
  return read.fault.kind === "notFound" ? { kind: "gone" } : read;
}

function select(catalog: Catalog, { ref, object }: ReadTrigger): WorkflowSelection {
  return withSpanSync(SPAN.select, {}, () => catalog.selectWorkflow({ ...ref.type, object }));
}

/** The version that the trigger's Workflow names, if another one was read. A Workflow for another kind takes any. */
function otherVersion(selection: WorkflowSelection, { group, kind, version }: ResourceType): string | undefined {
  const own = selection.kind === "selected" ? selection.workflow.trigger : undefined;
  const isOther = own?.group === group && own.kind === kind && own.version !== version;
  return isOther ? own.version : undefined;
}

function unserved(selection: WorkflowSelection, { ref }: ReadTrigger): WorkflowSelection {
  return selection.kind === "selected" ? versionNotServed(selection.workflow, ref.type) : selection;
}
