/**
 * Finds every object that bears a trigger's mark, of the kinds that its finalizer is there for: by label, whatever
 * inventory and index may have lost. The label only finds the objects; the mark says whose they are.
 */
import { member, textMember, type JsonObject } from "../core/json.ts";
import { LABEL } from "../core/names.ts";
import type { GroupVersionKind } from "../core/object-key.ts";
import type { InventoryEntry } from "../core/resource/inventory.ts";
import { markHolder } from "../core/resource/mark.ts";
import { cleanupKinds } from "./finalizer.ts";
import { listPages } from "./list-pages.ts";
import { faultOutcome } from "./fault-outcome.ts";
import type { ClusterFault, ClusterResult, ResourceType } from "./ports/object-store.ts";
import { abandonRun, type RunContext } from "./run-context.ts";
import { servedType } from "./served-type.ts";
import type { Unserved } from "./unserved-kinds.ts";

export interface MarkedObjects {
  readonly entries: readonly InventoryEntry[];
  /** Kinds that could not be listed, and why. */
  readonly unlisted: readonly { readonly kind: GroupVersionKind; readonly why: string }[];
}

/** The objects marked to be destroyed. */
export async function markedObjects(run: RunContext): Promise<MarkedObjects> {
  const [entries, unlisted]: [InventoryEntry[], MarkedObjects["unlisted"][number][]] = [[], []];
  for (const kind of cleanupKinds(run.held.trigger)) {
    const found = await listKind(run, kind);
    if (found.kind === "ok") entries.push(...found.value);
    else if (found.kind === "unsure") unlisted.push({ kind, why: found.why });
    else if (found.kind === "gone") continue;
    else if (found.fault.kind === "aborted") throw abandonRun(run);
    else unlisted.push({ kind, why: whyNot(found.fault, kind) });
  }
  return { entries, unlisted };
}

async function listKind(
  run: RunContext,
  kind: GroupVersionKind,
): Promise<ClusterResult<readonly InventoryEntry[]> | Unserved> {
  const type = await servedType(run, kind);
  if (type.kind !== "ok") return type;
  const everywhere = await listIn(run, type.value, undefined);
  const isLimited = everywhere.kind === "fault" && everywhere.fault.kind === "forbidden" && type.value.namespaced;
  if (!isLimited) return everywhere;
  // Without the right to list everywhere, it lists in the namespaces of the trigger and of its recorded inventory.
  const places = new Set([run.trigger.ref.namespace, ...[...run.recorded.values()].map(({ namespace }) => namespace)]);
  const entries: InventoryEntry[] = [];
  for (const namespace of places) {
    if (namespace === "") continue;
    const found = await listIn(run, type.value, namespace);
    if (found.kind === "fault") return found;
    entries.push(...found.value);
  }
  return { kind: "ok", value: entries };
}

async function listIn(
  run: RunContext,
  type: ResourceType,
  namespace: string | undefined,
): Promise<ClusterResult<readonly InventoryEntry[]>> {
  const labelSelector = `${LABEL.triggerUid}=${run.trigger.uid}`;
  const from = { store: run.ports.store, signal: run.signal };
  const listed = await listPages(from, type, { namespace, labelSelector, metadataOnly: true });
  if (listed.kind === "fault") return listed;
  return { kind: "ok", value: listed.value.flatMap((item) => entryOf(run, type, item)) };
}

function entryOf({ trigger }: RunContext, type: ResourceType, object: JsonObject): readonly InventoryEntry[] {
  const { group, version, kind } = type;
  const metadata = member(object, "metadata");
  const place = { namespace: textMember(metadata, "namespace"), name: textMember(metadata, "name") };
  const holder = markHolder(object, { group, kind, ...place });
  if (holder?.trigger !== trigger.key || holder.uid !== trigger.uid || holder.policy !== "destroy") return [];
  const { step, wave, policy } = holder;
  const uid = textMember(metadata, "uid");
  return [{ group, version, kind, ...place, uid, step, wave, policy, readonly: false, function: "" }];
}

function whyNot(fault: ClusterFault, { kind }: GroupVersionKind): string {
  const outcome = faultOutcome(fault, { doing: "listing", name: kind, location: "spec.delete" });
  return outcome.message ?? fault.detail;
}
