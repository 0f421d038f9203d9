/**
 * The run of a definition's own key: it writes on the definition whether it compiles, and if not, where the error is,
 * what it is and what to do. Work class 3; every worker compiles silently, one of them writes.
 */
import { member, textMember } from "../core/json.ts";
import { isDefinitionKind } from "../core/manifest/definition.ts";
import { KOREO_GROUP } from "../core/names.ts";
import type { ObjectKey } from "../core/object-key.ts";
import { readyCondition } from "../core/status/condition.ts";
import { reportDefinition, statusPatch } from "../core/status/report.ts";
import { announceReady } from "./announce.ts";
import type { Definitions } from "./definitions.ts";
import type { ClusterFault } from "./ports/object-store.ts";
import type { WorkerPorts } from "./run-context.ts";

/** Whether a key names a definition. */
export function isDefinitionKey(key: ObjectKey): boolean {
  return key.group === KOREO_GROUP && isDefinitionKind(key.kind);
}

export type DefinitionRunResult =
  /** `behind`: this process knows another version of the definition (one may be a moment ahead), or none. */
  | { readonly kind: "written" | "unchanged" | "gone" | "behind" }
  | { readonly kind: "fault"; readonly fault: ClusterFault };

/** Writes the definition's Ready condition if it differs. */
export async function reconcileDefinition(
  { store, clock, events }: WorkerPorts,
  definitions: Pick<Definitions, "catalog">,
  key: ObjectKey,
  signal: AbortSignal,
): Promise<DefinitionRunResult> {
  const type = await store.resolve(key, signal);
  if (type.kind === "fault") return type.fault.kind === "unknownKind" ? { kind: "behind" } : type;
  const ref = { type: type.value, namespace: key.namespace, name: key.name };
  const read = await store.get(ref, signal);
  if (read.kind === "fault") return read.fault.kind === "notFound" ? { kind: "gone" } : read;

  const entry = definitions.catalog().entry(key.kind, key.namespace, key.name);
  const metadata = member(read.value, "metadata");
  const isSame =
    entry?.source.uid === textMember(metadata, "uid") && entry.source.generation === member(metadata, "generation");
  if (entry === undefined || !isSame) return { kind: "behind" };

  const previous = member(read.value, "status") ?? null;
  const status = reportDefinition({
    entry,
    previous,
    observedGeneration: entry.source.generation,
    nowMs: clock.wallMs(),
  });
  const patch = statusPatch(previous, status);
  if (patch === undefined) return { kind: "unchanged" };
  const resourceVersion = textMember(metadata, "resourceVersion");
  const body = { metadata: { resourceVersion }, status: patch };
  const answer = await store.patch(ref, body, signal, ref.type.hasStatus ? "status" : undefined);
  if (answer.kind !== "ok") return answer;
  announceReady(events, read.value, readyCondition({ status }));
  return { kind: "written" };
}
