/** The platform of the benchmarks on a running cluster, and its triggers. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterAccess } from "../src/adapters/kubernetes/connect.ts";
import { applyObject, inApplyOrder } from "../src/cli/server-apply.ts";
import type { JsonObject } from "../src/core/json.ts";
import type { ResourceType } from "../src/engine/ports/object-store.ts";
import { BENCHMARK_FILES, CRD_FILES, objectsIn } from "../test/support/manifest-files.ts";
import { isTriggerReady, ObjectBoard } from "../test/support/object-board.ts";

/** Of definitions and triggers. */
export const NAMESPACE = "bench";
/** How long anything may take to be Ready. */
export const READY_WITHIN_MS = 180_000;
/** The API server holds every create of a kind back for 2 s while its CRD is younger than that (for servers beside it). */
const FRESH_CRD_MS = 2100;

/** Installs kinds and definitions; resolves with the trigger kind once workers know the Workflow. */
export async function installPlatform(
  cluster: ClusterAccess,
  namespaces: readonly string[] = [NAMESPACE],
): Promise<ResourceType> {
  const { signal } = new AbortController();
  const objects = [...namespaces.map(namespace), ...objectsIn(CRD_FILES), ...objectsIn(BENCHMARK_FILES)];
  const items = objects.filter(({ kind }) => kind !== "BenchApp").map((object) => ({ object }));
  for (const { object } of inApplyOrder(items)) {
    const applied = await applyObject({ ...cluster, namespace: NAMESPACE, signal }, object, NAMESPACE);
    if (applied.kind === "fault") throw new Error(applied.fault.detail);
  }
  const found = await cluster.store.resolve({ group: "loadtest.koreo.dev", kind: "BenchApp" }, signal);
  if (found.kind === "fault") throw new Error(found.fault.detail);
  await workflowReady(cluster);
  await sleep(FRESH_CRD_MS);
  return found.value;
}

/** A board that sees every change of a trigger. */
export async function openBoard(cluster: ClusterAccess, type: ResourceType): Promise<ObjectBoard> {
  const board = new ObjectBoard();
  await board.open(cluster.informers, { type, namespace: NAMESPACE, metadataOnly: false });
  return board;
}

/** Creates triggers of these names, all at once. */
export async function createTriggers(
  cluster: ClusterAccess,
  type: ResourceType,
  names: readonly string[],
): Promise<void> {
  const [template] = objectsIn(BENCHMARK_FILES).filter(({ kind }) => kind === "BenchApp");
  await Promise.all(
    names.map(async (name) => {
      const body = { ...template, metadata: { name, namespace: NAMESPACE } };
      const ref = { type, namespace: NAMESPACE, name };
      const answer = await cluster.store.create(ref, body, new AbortController().signal);
      if (answer.kind === "fault") throw new Error(answer.fault.detail);
    }),
  );
}

/** The Workflow says Ready once workers know it; before that the measurement would be of the installation. */
async function workflowReady({ store, informers }: ClusterAccess): Promise<void> {
  const found = await store.resolve({ group: "koreo.dev", kind: "Workflow" }, new AbortController().signal);
  if (found.kind === "fault") throw new Error(found.fault.detail);
  const board = new ObjectBoard();
  await board.open(informers, { type: found.value, namespace: NAMESPACE, metadataOnly: false });
  await board.until("the Workflow becoming Ready", READY_WITHIN_MS, () => isTriggerReady(board.get("bench-app")));
  board.close();
}

function namespace(name: string): JsonObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name } };
}
