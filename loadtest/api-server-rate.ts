/**
 * The reference of every result: how many creates per second the API server itself takes, measured in the same minute on
 * the same server with the same client settings as a worker.
 */
import type { ClusterAccess } from "../src/adapters/kubernetes/connect.ts";
import type { JsonObject } from "../src/core/json.ts";
import { CONFIG_MAP } from "../test/support/resource-type.ts";
import { inParallel } from "./in-parallel.ts";

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
  const since = performance.now();
  await inParallel(count, concurrency, async (index) => {
    const name = `rate-${index}`;
    const metadata = { name, namespace };
    const body: JsonObject = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { n: String(index) } };
    const answer = await store.create({ type: CONFIG_MAP, namespace, name }, body, signal);
    if (answer.kind === "fault") throw new Error(`create refused: ${answer.fault.detail}`);
  });
  return (count / (performance.now() - since)) * 1000;
}
