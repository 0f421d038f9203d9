/** What each fault does to the request, to its sender and to the worker. */
import { describe, expect, it } from "vitest";
import { ManualClock, settled } from "../../../../src/adapters/memory/manual-clock.ts";
import { MemoryCluster } from "../../../../src/adapters/memory/object-store.ts";
import type { ObjectRef } from "../../../../src/engine/ports/object-store.ts";
import {
  DisturbedStore,
  REQUEST_FAULTS,
  requestFaults,
  type ClusterRequest,
  type RequestFault,
} from "../../../../src/processes/workflow-test/disturbed-store.ts";
import { CONFIG_MAP } from "../../engine/worker-bench.ts";

const REF: ObjectRef = { type: CONFIG_MAP, namespace: "apps", name: "a" };
const BODY = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "apps" } };

/** Creates an object under the fault. */
async function create(fault: RequestFault) {
  const cluster = new MemoryCluster({ clock: new ManualClock(), types: [CONFIG_MAP] });
  const requests: ClusterRequest[] = [];
  const lease = new AbortController();
  let crashes = 0;
  const fate = { crash: () => (crashes += 1), loseLease: () => lease.abort() };
  const store = new DisturbedStore(cluster, requests, fate, { at: 0, fault });
  const answer = await Promise.race([
    store.create(REF, BODY, lease.signal),
    settled().then(() => "nothing is heard" as const),
  ]);
  const stands = (await cluster.get(REF, new AbortController().signal)).kind === "ok";
  const heard = typeof answer === "string" ? answer : answer.kind === "ok" ? "ok" : answer.fault.kind;
  return { stands, heard, crashes, lost: lease.signal.aborted, texts: requests.map(({ text }) => text) };
}

describe("a create under a fault", () => {
  it.each<{ fault: RequestFault; stands: boolean; heard: string }>([
    { fault: "conflict", stands: false, heard: "conflict" },
    { fault: "throttled", stands: false, heard: "throttled" },
    { fault: "unavailable", stands: false, heard: "unavailable" },
    { fault: "lost-answer", stands: true, heard: "unavailable" },
    { fault: "crash", stands: true, heard: "nothing is heard" },
    { fault: "lease-lost", stands: true, heard: "aborted" },
  ])("$fault", async ({ fault, stands, heard }) => {
    const done = await create(fault);
    expect(done).toEqual({
      stands,
      heard,
      texts: ["create ConfigMap apps/a"],
      crashes: fault === "crash" ? 1 : 0,
      lost: fault === "lease-lost",
    });
  });

  it("can be any of them; a read is never in conflict, and a crash after it is one before the next request", () => {
    expect(requestFaults({ text: "", isWrite: true })).toEqual(REQUEST_FAULTS);
    expect(requestFaults({ text: "", isWrite: false })).toEqual(["throttled", "unavailable", "lease-lost"]);
  });
});
