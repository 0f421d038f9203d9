/** What the tests of pruning and deletion share: functions that keep objects of several names, and what stands there. */
import { memberAt, textMember, type JsonObject, type JsonValue } from "../../../src/core/json.ts";
import { ANNOTATION, FINALIZER } from "../../../src/core/names.ts";
import { recordedObjects } from "../../../src/engine/object-records.ts";
import type { ResourceType } from "../../../src/engine/ports/object-store.ts";
import { CONFIG_MAP, keeps, keyOf, REQUEST, WorkerBench } from "./worker-bench.ts";

/** A ResourceFunction about the ConfigMap of its own name; `spec` is YAML of it. */
export const keeper = (name: string, { object = name, spec = "", data = "{ text: kept }", ...more }: Keeper = {}) =>
  keeps(name, { object, data, more: spec, ...more });

interface Keeper extends Omit<NonNullable<Parameters<typeof keeps>[1]>, "more"> {
  readonly spec?: string;
}

export async function names(bench: WorkerBench, candidates: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(candidates.map(async (name) => ((await bench.get(CONFIG_MAP, name)) ? [name] : [])));
  return found.flat();
}

export async function finalizers(bench: WorkerBench, name: string): Promise<JsonValue> {
  return memberAt(await bench.get(REQUEST, name), ["metadata", "finalizers"]) ?? [];
}

export const OURS = [FINALIZER];

export function inventoryOf(trigger: JsonObject | undefined): readonly string[] {
  const text = textMember(memberAt(trigger, ["metadata", "annotations"]), ANNOTATION.inventory);
  if (text === "") return [];
  return (JSON.parse(text) as { objects: { name: string }[] }).objects.map(({ name }) => name);
}

/** Redis is lost, and watchers build the index anew from what the inventories on these Requests name. */
export async function loseRedis(bench: WorkerBench, requests: readonly string[]): Promise<void> {
  for (const name of requests) await bench.index.drop(keyOf(REQUEST, name), "all", Number.MAX_SAFE_INTEGER);
  for (const name of requests) {
    const recorded = recordedObjects((await bench.get(REQUEST, name)) ?? {}, bench.cluster.cluster);
    const entries = [...recorded].map(([object, { readonly }]) => ({ object, readonly }));
    await bench.index.add(entries.map((entry) => ({ ...entry, trigger: keyOf(REQUEST, name) })));
  }
}

/** The CustomResourceDefinition of a kind, served or not, as YAML. */
export const customKind = ({ group, kind, plural }: ResourceType) => `
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ${plural}.${group} }
spec: { group: ${group}, names: { kind: ${kind} } }
`;

/** Says that the group of a kind is served by a server beside Kubernetes' own, as YAML. */
export const servedGroup = ({ group, version }: ResourceType) => `
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: { name: ${version}.${group} }
spec: { group: ${group}, service: { namespace: apps, name: server } }
`;
