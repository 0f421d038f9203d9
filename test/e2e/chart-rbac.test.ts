/** Processes with the identities that the chart installs: the demo runs under them, and they may do little else. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Connection } from "../../src/cli/connection.ts";
import { textMember, type JsonObject } from "../../src/core/json.ts";
import { readAuditLog } from "../control-plane/start.ts";
import { DEFINITIONS, Platform, TRIGGERS } from "../demo/platform.ts";
import { play } from "../demo/scenario.ts";
import { ApiClient } from "../support/api-client.ts";
import { ChartCluster } from "../support/chart-cluster.ts";
import { startBundledRedis, startRole, type BundledRedis, type ChartProcess } from "../support/chart-process.ts";
import { helmsForServer } from "../support/chart-tools.ts";
import { PLATFORM_KINDS } from "../support/chart-values.ts";
import { at } from "../support/e2e-cluster.ts";
import { CHART, HelmRunner, nameOf, objectsOf, podOf } from "../support/helm-release.ts";
import { objectsIn, PLATFORM_FILES } from "../support/manifest-files.ts";
import { isTriggerReady, readinessOf } from "../support/object-board.ts";
import { givenRights, usedRights } from "../support/used-rights.ts";

const [helm] = (await helmsForServer()).slice(-1);
const NAMESPACE = "koreo-system";
const VALUES: JsonObject = {
  redis: { bundled: { enabled: true } },
  definitionNamespaces: [DEFINITIONS],
  rbac: PLATFORM_KINDS,
  api: { enabled: true },
};
const EVERYTHING_AND_DEPLOYMENTS: readonly JsonObject[] = [
  { apiGroup: "*", resources: ["*"] },
  { apiGroup: "apps", resources: ["deployments"] },
];
const ESCALATE: JsonObject = {
  worker: [{ apiGroups: ["rbac.authorization.k8s.io"], resources: ["clusterroles"], verbs: ["escalate"] }],
};
const RBAC = "rbac.authorization.k8s.io/v1";
const account = (role: string) => `system:serviceaccount:${NAMESPACE}:koreo-${role}`;
const inRelease = (command: string, release: string) => [command, release, CHART, "--namespace", NAMESPACE];

/** An order for the smallest web app, without what is cluster-scoped. */
function webApp(name: string, namespace = TRIGGERS): JsonObject {
  return {
    apiVersion: "platform.example.com/v1",
    kind: "WebApp",
    metadata: { name, namespace },
    spec: { image: "web", sites: [{ name: "one", title: "One" }], supportAccess: false },
  };
}

let cluster: ChartCluster;
let runner: HelmRunner;
let redis: BundledRedis;
let processes: readonly ChartProcess[] = [];

const start = async (...names: readonly string[]) => {
  const places = names.map((name) => ({ name, namespace: NAMESPACE, redisPort: redis.port }));
  processes = await Promise.all(places.map((place) => startRole(cluster, place)));
};
const stopAll = async () => {
  await Promise.all(processes.map((each) => each.stop()));
  processes = [];
};
const untilTrigger = (trigger: JsonObject, what: string, holds: (object: JsonObject | undefined) => boolean) =>
  cluster.until(`${nameOf(trigger)} ${what}`, async () => holds(await cluster.read(trigger)));
const untilSaying = (trigger: JsonObject, words: RegExp) =>
  untilTrigger(trigger, `saying ${String(words)}`, (object) => words.test(readinessOf(object)?.message ?? ""));

describe.skipIf(helm === undefined)("the chart's identities", () => {
  beforeAll(async () => {
    if (helm === undefined) return;
    cluster = await ChartCluster.start();
    runner = await HelmRunner.open(helm, cluster.plane.kubeconfig);
    await cluster.createNamespaces(NAMESPACE, DEFINITIONS, TRIGGERS, "red", "red-defs");
    await runner.must(inRelease("install", "koreo"), VALUES);
    redis = await startBundledRedis(cluster, "koreo-redis", NAMESPACE);
    await start("koreo-watcher", "koreo-worker", "koreo-api");
  });
  afterAll(async () => {
    if (helm === undefined) return;
    await stopAll();
    await redis.stop();
    await runner.close();
    await cluster.stop();
  });

  it("are enough to run the example platform", async () => {
    const connection: Connection = { ...cluster.access, namespace: DEFINITIONS, signal: cluster.signal };
    const platform = new Platform(connection);
    await platform.installDefinitions();
    const measured = await play({ connection, platform, say: () => undefined });
    expect(measured.length).toBeGreaterThan(5);
  });

  it("let the API answer a user what that one may see", async () => {
    const viewer = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "viewer", namespace: TRIGGERS } };
    const metadata = { name: "viewer", namespace: TRIGGERS };
    await cluster.apply(
      viewer,
      {
        apiVersion: RBAC,
        kind: "Role",
        metadata,
        rules: [
          { apiGroups: ["platform.example.com"], resources: ["webapps"], verbs: ["get", "list"] },
          { apiGroups: ["", "apps"], resources: ["configmaps", "services", "deployments"], verbs: ["get"] },
        ],
      },
      {
        apiVersion: RBAC,
        kind: "RoleBinding",
        metadata,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "viewer" },
        subjects: [{ kind: "ServiceAccount", name: "viewer", namespace: TRIGGERS }],
      },
      webApp("seen"),
    );
    await untilTrigger(webApp("seen"), "becoming Ready", isTriggerReady);
    const api = processes.find(({ apiUrl }) => apiUrl !== undefined);
    const client = await ApiClient.open(api?.apiUrl ?? "");
    const token = await cluster.tokenOf("viewer", TRIGGERS);
    const { status, body } = await client.get(`/instances/platform.example.com/WebApp/${TRIGGERS}/seen`, token);
    expect([status, body.verdict.status, body.troubles]).toEqual([200, "True", []]);
    expect(new Set(body.inventory.map(({ state }: any) => state))).toEqual(new Set(["present"]));
    expect((await client.get("/queue", token)).status).toBe(403);
    expect((await client.get("/queue")).status).toBe(401);
    const admin = await cluster.tokenOf("koreo-watcher", NAMESPACE); // it may read all definitions
    const definitions = (await client.get("/definitions?limit=500", admin)).body.items;
    expect(definitions.length).toBeGreaterThan(5);
    for (const { kind, namespace, name } of definitions)
      expect((await client.get(`/definitions/${kind}/${namespace}/${name}`, admin)).status).toBe(200);
    const graph = await client.get(`/workflows/${DEFINITIONS}/web-app/graph`, admin);
    expect([graph.status, graph.body.isCut]).toEqual([200, false]);
    const instances = await client.get(`/workflows/${DEFINITIONS}/web-app/instances`, admin);
    expect(instances.body.items.length).toBeGreaterThan(0);
  });

  it("are refused nothing, and ask for all they were given but for what is listed here", async () => {
    const entries = await readAuditLog(cluster.plane.auditLog ?? "");
    const ours = new Set(["watcher", "worker", "api"].map(account));
    const refused = entries.filter((entry) => ours.has(entry.user.username) && entry.responseStatus?.code === 403);
    expect(refused.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([]);
    const roles = objectsOf(await runner.must(["get", "manifest", "koreo", "--namespace", NAMESPACE])).filter(
      (object) => /Role$/.test(textMember(object, "kind")),
    );
    const unused = (role: string) => {
      const used = usedRights(entries, account(role));
      return [...givenRights(roles.filter((object) => nameOf(object).includes(role)))].filter(
        (right) => !used.has(right),
      );
    };
    // The trigger that was looked at keeps none.
    expect(unused("api")).toEqual(["get rbac.authorization.k8s.io/clusterroles"]);
    // Who may list may as well get.
    expect(unused("watcher").filter((right) => !right.startsWith("get "))).toEqual([]);
    expect(unused("worker")).toEqual([
      "update platform.example.com/webapps/finalizers", // asked for by the server itself, see below
      "delete /configmaps", // nothing goes here
      "patch /services", // none had to be repaired
      "delete apps/deployments",
      // No trigger here asks for one.
      "list rbac.authorization.k8s.io/clusterroles",
      "patch rbac.authorization.k8s.io/clusterroles",
      "delete rbac.authorization.k8s.io/clusterroles",
      // No kind went away.
      "get apiextensions.k8s.io/customresourcedefinitions",
      "list apiextensions.k8s.io/customresourcedefinitions",
      "list apiregistration.k8s.io/apiservices",
    ]);
  });

  it.each([
    { role: "worker", verb: "list", resource: "configmaps" },
    { role: "worker", verb: "delete", resource: "services" },
    { role: "worker", verb: "get", resource: "secrets" },
    { role: "worker", verb: "create", resource: "pods" },
    { role: "worker", verb: "create", group: "platform.example.com", resource: "webapps" },
    { role: "worker", verb: "patch", group: "koreo.dev", resource: "workflows", namespace: DEFINITIONS },
    { role: "worker", verb: "escalate", group: "rbac.authorization.k8s.io", resource: "clusterroles" },
    { role: "worker", verb: "get", resource: "events" },
    { role: "watcher", verb: "create", resource: "events" },
    { role: "api", verb: "get", resource: "secrets" },
    { role: "api", verb: "patch", group: "platform.example.com", resource: "webapps" },
    { role: "api", verb: "create", resource: "configmaps" },
    { role: "api", verb: "create", resource: "events" },
    { role: "watcher", verb: "patch", group: "platform.example.com", resource: "webapps" },
    { role: "watcher", verb: "create", resource: "configmaps" },
    { role: "watcher", verb: "patch", resource: "configmaps", namespace: DEFINITIONS, name: "another" },
    { role: "watcher", verb: "list", group: "koreo.dev", resource: "workflows", namespace: "default" },
  ])("do not let a $role $verb $resource", async ({ role, ...question }) => {
    expect(await cluster.may(account(role), { namespace: TRIGGERS, ...question })).toBe(false);
  });

  it("pass the chart's own test", async () => {
    const hooks = objectsOf(await runner.must(["get", "hooks", "koreo", "--namespace", NAMESPACE]));
    const [container] = at(podOf(hooks[0] ?? {}), "spec", "containers") as readonly {
      command: string[];
      args: string[];
    }[];
    expect(container?.args).toEqual(["koreo-watcher:8080", "koreo-worker:8080", "koreo-api-metrics:8080"]);
    const places = processes.map(({ healthUrl }) => new URL(healthUrl).host);
    const [, ...flags] = container?.command ?? [];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, ...places]);
    expect(stdout.match(/: 200\n/g)).toHaveLength(3);
    expect(stdout).toContain("[+] definitions ok");
  });

  it.each([
    { name: "a verb on a managed kind", take: '"create",', words: /cannot create resource "(configmaps|services)"/ },
    { name: "finalizers of the trigger", take: "webapps/finalizers", words: /blockOwnerDeletion/ },
  ])("say on the trigger that $name is missing, and go on once it is given", async ({ take, words }) => {
    const role = await cluster.mustRead("ClusterRole", `${NAMESPACE}:koreo-worker`, "", RBAC);
    const bare = { apiVersion: RBAC, kind: "ClusterRole", metadata: { name: nameOf(role) } };
    const rules = JSON.stringify(role["rules"]);
    const without = take.endsWith(",") ? rules.replaceAll(take, "") : rules.replace(take, "webapps/nothing");
    await cluster.apply({ ...bare, rules: JSON.parse(without) as JsonObject[] });
    const trigger = webApp(`lacks-${take.replaceAll(/[^a-z]/g, "")}`);
    await cluster.apply(trigger);
    await untilSaying(trigger, words);
    await cluster.apply({ ...bare, rules: role["rules"] ?? [] });
    await cluster.apply({ ...trigger, spec: { ...(trigger["spec"] as JsonObject), replicas: 2 } }); // does not wait for the retry
    await untilTrigger(trigger, "becoming Ready", isTriggerReady);
  });

  it.each([
    { name: "wide", rbac: { triggers: [{ apiGroup: "*", resources: ["*"] }], managed: EVERYTHING_AND_DEPLOYMENTS } },
    { name: "loose", rbac: { mode: "development", managed: EVERYTHING_AND_DEPLOYMENTS, extraRules: ESCALATE } },
  ])("with rights on everything ($name) still keep Secrets from the API", async ({ name, rbac }) => {
    const values = { crds: { install: false }, redis: { url: "redis://r" }, api: { enabled: true }, rbac };
    await runner.must(inRelease("install", name), values);
    const may = (role: string, verb: string, resource: string, group = "") =>
      cluster.may(`system:serviceaccount:${NAMESPACE}:${name}-koreo-${role}`, {
        namespace: TRIGGERS,
        verb,
        resource,
        group,
      });
    // The server's own record of roles lags for a moment.
    await cluster.until("the rights being known", () => may("api", "get", "deployments", "apps"));
    expect(await may("worker", "get", "secrets")).toBe(true);
    for (const verb of ["get", "list", "watch"]) expect(await may("api", verb, "secrets")).toBe(false);
    expect(await may("api", "list", "deployments", "apps")).toBe(false);
    const escalates = await may("worker", "escalate", "clusterroles", "rbac.authorization.k8s.io");
    expect(escalates).toBe("extraRules" in rbac);
    await runner.must(["uninstall", name, "--namespace", NAMESPACE]);
  });

  it("of a tenant are enough in its namespaces, and give nothing outside", async () => {
    await stopAll();
    const managed = (PLATFORM_KINDS["managed"] as readonly JsonObject[]).slice(0, 3);
    const rbac = { scope: "namespaced", triggers: PLATFORM_KINDS["triggers"] ?? [], managed };
    await runner.must(inRelease("install", "team"), {
      crds: { install: false },
      redis: { existingSecret: "redis-url" },
      tenants: { red: { definitionNamespaces: ["red-defs"], triggerNamespaces: ["red"], rbac } },
    });
    const metadata = { name: "redis-url", namespace: NAMESPACE };
    await cluster.apply({ apiVersion: "v1", kind: "Secret", metadata, stringData: { url: redis.url } });
    await start("team-koreo-red-watcher", "team-koreo-red-worker");
    const definitions = objectsIn(`${PLATFORM_FILES}/definitions`).map((object) => ({
      ...object,
      metadata: { name: nameOf(object), namespace: "red-defs" },
    }));
    const trigger = webApp("mine", "red");
    await cluster.apply(...definitions, trigger);
    await untilTrigger(trigger, "becoming Ready", isTriggerReady);
    const user = `system:serviceaccount:${NAMESPACE}:team-koreo-red-worker`;
    expect(await cluster.may(user, { verb: "create", resource: "configmaps", namespace: "red" })).toBe(true);
    expect(await cluster.may(user, { verb: "create", resource: "configmaps", namespace: TRIGGERS })).toBe(false);
  });
});
