/** What the tests of pruning and deletion share: Workflows whose steps keep objects of several names. */
import { memberAt, textMember, type JsonObject, type JsonValue } from "../../../src/core/json.ts";
import { ANNOTATION, FINALIZER } from "../../../src/core/names.ts";
import { CONFIG_MAP, REQUEST, WorkerBench } from "./worker-bench.ts";

/** A step of the Workflow `flow`, on a ResourceFunction of the same name; `more` is YAML of the step. */
export const step = (label: string, more = "", fn = label) => `
    - label: ${label}
      ref: { kind: ResourceFunction, name: ${fn} }
      inputs: { name: =parent.metadata.name, spec: =parent.spec }
      ${more}`;

export const workflow = (...steps: readonly string[]) => `
---
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: flow, namespace: defs }
spec:
  crdRef: { apiGroup: t.koreo.test, version: v1, kind: Request }
  steps:${steps.join("")}
`;

/** A ResourceFunction about the ConfigMap of its own name; `spec` is YAML of it, at its own depth. */
export const keeper = (name: string, { object = name, api = "", spec = "", data = "{ text: kept }" } = {}) => `
---
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: ${name}, namespace: defs }
spec:
  apiConfig:
    apiVersion: v1
    kind: ConfigMap
    name: ${object}
    namespace: apps
    ${api}
  resource: { data: ${data} }
  ${spec}
`;

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
