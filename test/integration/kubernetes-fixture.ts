/** The real API server of the integration suite, with the kinds and an own namespace for one test file. */
import { loadKubeConfig } from "../../src/adapters/kubernetes/kube-config.ts";
import { connectCluster, type ClusterAccess, type ConnectOptions } from "../../src/adapters/kubernetes/connect.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import type { ResourceType } from "../../src/engine/ports/object-store.ts";
import { valueOf } from "../contract/object-store.ts";
import { crdOf } from "../contract/object-kinds.ts";
import { resourceType } from "../support/resource-type.ts";

const signal = new AbortController().signal;

export const CRD = resourceType("apiextensions.k8s.io", "CustomResourceDefinition", { namespaced: false });

const NAMESPACE = resourceType("", "Namespace", { namespaced: false });

/** The kubeconfig of the running server; tests that need it say so when it is missing. */
export function kubeconfigPath(): string {
  const path = process.env["KOREO_TEST_KUBECONFIG"];
  if (path === undefined) throw new Error("KOREO_TEST_KUBECONFIG is not set: run the suite with `npm test`");
  return path;
}

/** A connection as administrator. */
export function connectToTestServer(options: Partial<ConnectOptions> = {}): ClusterAccess {
  return connectCluster({
    kubeConfig: loadKubeConfig({ kubeconfig: kubeconfigPath() }),
    clock: systemClock,
    ...options,
  });
}

/** A fresh namespace; it is left to go away with the server. */
export async function createNamespace({ store }: ClusterAccess, prefix: string): Promise<string> {
  const name = `${prefix}-${Math.random().toString(36).slice(2, 10)}`;
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
  valueOf(await store.create({ type: NAMESPACE, namespace: "", name }, body, signal));
  return name;
}

/** Installs the CRD of a kind and waits until the server serves it. */
export async function installKind(cluster: ClusterAccess, type: ResourceType): Promise<void> {
  const body = crdOf(type);
  const ref = { type: CRD, namespace: "", name: textMember(memberAt(body, ["metadata"]), "name") };
  const created = await cluster.store.create(ref, body, signal);
  if (created.kind === "fault" && created.fault.kind !== "alreadyExists") throw new Error(created.fault.detail);
  const isEstablished = (crd: JsonObject) => {
    const conditions = memberAt(crd, ["status", "conditions"]) as readonly JsonObject[] | undefined;
    return conditions?.some((condition) => condition["type"] === "Established" && condition["status"] === "True");
  };
  await eventually(async () => isEstablished(valueOf(await cluster.store.get(ref, signal))) === true);
  await eventually(async () => (await cluster.store.list(type, { limit: 1 }, signal)).kind === "ok");
}

/** Deletes the CRD of a kind, and with it all objects of the kind. */
export async function uninstallKind(cluster: ClusterAccess, type: ResourceType): Promise<void> {
  const ref = { type: CRD, namespace: "", name: `${type.plural}.${type.group}` };
  const crd = valueOf(await cluster.store.get(ref, signal));
  const uid = textMember(memberAt(crd, ["metadata"]), "uid");
  valueOf(await cluster.store.delete(ref, { uid, propagationPolicy: "Background" }, signal));
}

/** Polls the real server; there is nothing to be told by. */
export async function eventually(holds: () => Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`still not so after ${timeoutMs} ms`);
    await systemClock.sleep(50);
  }
}
