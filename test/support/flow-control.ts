/**
 * Makes a real API server answer one user with 429 and Retry-After, by its own flow control: a priority level without seats, and
 * a request that holds the one seat every level has all the same.
 */
import { request, type RequestOptions } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterAccess } from "../../src/adapters/kubernetes/connect.ts";
import { loadKubeConfig } from "../../src/adapters/kubernetes/kube-config.ts";
import type { JsonObject } from "../../src/core/json.ts";

const FLOW_CONTROL = "/apis/flowcontrol.apiserver.k8s.io/v1";
const REFUSED_WITHIN_MS = 15_000;

export interface RefusedUser {
  readonly name: string;
  /** Reaches the server as this user, or as one who may impersonate them. */
  readonly kubeconfig: string;
  readonly impersonates?: boolean;
}

/** Old servers have no such flow control in a stable version. */
export async function hasFlowControl({ client }: ClusterAccess): Promise<boolean> {
  const asked = { method: "GET" as const, path: FLOW_CONTROL, verb: "get", kind: "FlowSchema" };
  return (await client.request(asked, AbortSignal.timeout(10_000))).kind === "ok";
}

/**
 * Resolves once the server refuses the user's requests.
 *
 * @param admin - exempt from flow control
 * @returns what lifts it again
 */
export async function refuseUser(admin: ClusterAccess, user: RefusedUser): Promise<() => Promise<void>> {
  const options = await optionsOf(user);
  const schema = `${FLOW_CONTROL}/flowschemas/${user.name}`;
  await apply(admin, `${FLOW_CONTROL}/prioritylevelconfigurations/${user.name}`, levelOf(user.name));
  await apply(admin, schema, schemaOf(user.name));
  const endMs = performance.now() + REFUSED_WITHIN_MS;
  for (;;) {
    const holder = request({ ...options, ...ENDLESS_CREATE });
    const ended = new Promise<true>((resolve) => {
      holder.on("error", () => resolve(true)).on("response", () => resolve(true));
    });
    holder.write("{");
    const isRefused = (await Promise.race([ended, sleep(200)])) !== true && (await statusOf(options)) === 429;
    if (isRefused)
      return async () => {
        holder.destroy();
        const asked = { method: "DELETE" as const, path: schema, verb: "delete", kind: "FlowSchema" };
        const answer = await admin.client.request(asked, AbortSignal.timeout(10_000));
        if (answer.kind === "fault") throw new Error(answer.fault.detail);
      };
    holder.destroy();
    if (performance.now() > endMs) throw new Error(`the server still answers ${user.name}`);
  }
}

/** Its body never comes, and its turn lasts until it does. */
const ENDLESS_CREATE: RequestOptions = {
  method: "POST",
  path: "/api/v1/namespaces/default/configmaps",
};

async function optionsOf({ name, kubeconfig, impersonates = false }: RefusedUser): Promise<RequestOptions> {
  const config = loadKubeConfig({ kubeconfig });
  const server = new URL(config.getCurrentCluster()?.server ?? "");
  const options: RequestOptions = { host: server.hostname, port: server.port };
  await config.applyToHTTPSOptions(options as Parameters<typeof config.applyToHTTPSOptions>[0]);
  const headers = { "content-type": "application/json", ...(impersonates ? { "impersonate-user": name } : {}) };
  const given = options.headers as Readonly<Record<string, string>> | undefined;
  return { ...options, headers: { ...given, ...headers }, agent: false };
}

function statusOf(options: RequestOptions): Promise<number> {
  return new Promise((resolve) => {
    const probe = request(
      { ...options, method: "GET", path: "/api/v1/namespaces/default", timeout: 2000 },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    probe.on("error", () => resolve(0)).on("timeout", () => probe.destroy());
    probe.end();
  });
}

async function apply(admin: ClusterAccess, path: string, body: JsonObject): Promise<void> {
  const query = { fieldManager: "test", force: "true" };
  const asked = { method: "PATCH" as const, path, query, body, contentType: "application/apply-patch+yaml" };
  const answer = await admin.client.request({ ...asked, verb: "apply", kind: "any" }, AbortSignal.timeout(10_000));
  if (answer.kind === "fault") throw new Error(answer.fault.detail);
}

function levelOf(name: string): JsonObject {
  const limitResponse = { type: "Reject" };
  const limited = { nominalConcurrencyShares: 0, lendablePercent: 0, borrowingLimitPercent: 0, limitResponse };
  return { ...head("PriorityLevelConfiguration", name), spec: { type: "Limited", limited } };
}

function schemaOf(name: string): JsonObject {
  const rule = { apiGroups: ["*"], resources: ["*"], verbs: ["*"], namespaces: ["*"], clusterScope: true };
  const spec = {
    matchingPrecedence: 3,
    priorityLevelConfiguration: { name },
    rules: [
      {
        subjects: [{ kind: "User", user: { name } }],
        resourceRules: [rule],
        nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
      },
    ],
  };
  return { ...head("FlowSchema", name), spec };
}

function head(kind: string, name: string): JsonObject {
  return { apiVersion: "flowcontrol.apiserver.k8s.io/v1", kind, metadata: { name } };
}
