/**
 * The reference of every result: how many creates per second the API server itself takes, measured in the same minute on
 * the same server with the same client settings as a worker.
 */
import type { ClusterAccess } from "../src/adapters/kubernetes/connect.ts";
import type { JsonObject } from "../src/core/json.ts";
import type { ResourceType } from "../src/engine/ports/object-store.ts";

const CONFIG_MAP: ResourceType = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  namespaced: true,
  hasStatus: false,
  watchable: true,
};

/**
 * Creates small ConfigMaps as fast as they are answered.
 *
 * @param concurrency - requests in flight
 * @returns creates per second
 */
export async function createRate(
  { store }: ClusterAccess,
  namespace: string,
  count: number,
  concurrency: number,
): Promise<number> {
  const signal = new AbortController().signal;
  let next = 0;
  const work = async () => {
    for (let i = next++; i < count; i = next++) {
      const name = `rate-${i}`;
      const body: JsonObject = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name, namespace },
        data: { n: String(i) },
      };
      const answer = await store.create({ type: CONFIG_MAP, namespace, name }, body, signal);
      if (answer.kind === "fault") throw new Error(`create refused: ${answer.fault.detail}`);
    }
  };
  const since = performance.now();
  await Promise.all(Array.from({ length: concurrency }, work));
  return (count / (performance.now() - since)) * 1000;
}
