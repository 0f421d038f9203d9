/** `koreo rbac`: the demo converges under exactly what it prints, is refused nothing, and little of it is left over. */
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import { valueOf } from "../contract/object-store.ts";
import { freePort, GuardedChild, waitFor } from "../control-plane/child.ts";
import { provideRedis, startRedis, type RedisServer } from "../control-plane/redis.ts";
import { readAuditLog } from "../control-plane/start.ts";
import { DEFINITIONS, Platform, TRIGGERS } from "../demo/platform.ts";
import { play } from "../demo/scenario.ts";
import { ChartCluster } from "../support/chart-cluster.ts";
import { koreo } from "../support/koreo-command.ts";
import { PLATFORM_FILES } from "../support/manifest-files.ts";
import { CLI, isReady } from "../support/stack.ts";
import { givenRights, usedRights } from "../support/used-rights.ts";

const HOME = "koreo-system";
const ROLES = ["watcher", "worker"] as const;
const userOf = (role: string) => `system:serviceaccount:${HOME}:${role}`;

describe("roles that `koreo rbac` prints", () => {
  let cluster: ChartCluster;
  let redis: RedisServer;
  let processes: readonly GuardedChild[] = [];
  const printed = new Map<string, readonly JsonObject[]>();
  beforeAll(async () => {
    cluster = await ChartCluster.start();
    redis = await startRedis({ ...(await provideRedis(() => undefined)), dir: path.join(cluster.plane.dir, "redis") });
    await cluster.createNamespaces(HOME, DEFINITIONS, TRIGGERS);
    const connection = { ...cluster.access, namespace: DEFINITIONS, signal: cluster.signal };
    await new Platform(connection).installCrds();
    for (const role of ROLES) {
      const metadata = { name: role, namespace: HOME };
      await cluster.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata });
      const flags = ["--role", role, "--service-account", `${HOME}/${role}`];
      const { code, stdout, stderr } = await koreo(["rbac", PLATFORM_FILES, ...flags]);
      expect([code, stderr]).toEqual([0, ""]);
      const objects = parseAllDocuments(stdout).map((document) => document.toJS() as JsonObject);
      printed.set(role, objects);
      await cluster.apply(...objects);
    }
    processes = await Promise.all(ROLES.map((role) => start(role)));
  });
  afterAll(async () => {
    await Promise.all(processes.map((each) => each.stop()));
    await redis.stop();
    await cluster.stop();
  });

  async function start(role: string): Promise<GuardedChild> {
    const port = await freePort();
    const env = {
      KUBECONFIG: await cluster.kubeconfigOf(role, HOME),
      KOREO_REDIS_URL: redis.url,
      KOREO_DEFINITION_NAMESPACES: DEFINITIONS,
      KOREO_PORT: String(port),
    };
    const logFile = path.join(cluster.plane.dir, `${role}.log`);
    const child = new GuardedChild({ command: process.execPath, args: [CLI, role], env, logFile });
    await child.start();
    await child.until((signal) =>
      waitFor(`${role} becoming ready`, 60_000, () => isReady(`http://127.0.0.1:${port}`), signal),
    );
    return child;
  }

  /** What the demo leaves out: an item that goes with its object, and the end of a trigger with what only we delete. */
  async function pruneAndDelete(): Promise<void> {
    const shop = {
      apiVersion: "platform.example.com/v1",
      kind: "WebApp",
      metadata: { name: "shop", namespace: TRIGGERS },
    };
    const site = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "shop-site-returns", namespace: TRIGGERS } };
    const support = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: `web-app-support:${TRIGGERS}:shop` },
    };
    expect([await cluster.isGone(site), await cluster.isGone(support)]).toEqual([false, false]);
    const { store } = cluster.access;
    const type = valueOf(await store.resolve({ group: "platform.example.com", kind: "WebApp" }, cluster.signal));
    const ref = { type, namespace: TRIGGERS, name: "shop" };
    const sites = memberAt(await cluster.read(shop), ["spec", "sites"]) as readonly JsonObject[];
    const fewer = sites.filter(({ name }) => name !== "returns");
    valueOf(await store.patch(ref, { spec: { sites: fewer } }, cluster.signal));
    await cluster.until("the object of an item that went being pruned", () => cluster.isGone(site));
    const uid = textMember(memberAt(await cluster.read(shop), ["metadata"]), "uid");
    valueOf(await store.delete(ref, { uid, propagationPolicy: "Background" }, cluster.signal));
    await cluster.until("the trigger being gone", () => cluster.isGone(shop));
    expect(await cluster.isGone(support)).toBe(true);
  }

  it("are enough to run the example platform, and nothing is refused", async () => {
    const connection = { ...cluster.access, namespace: DEFINITIONS, signal: cluster.signal };
    const platform = new Platform(connection);
    await platform.installDefinitions();
    const measured = await play({ connection, platform, say: () => undefined });
    expect(measured.length).toBeGreaterThan(5);
    await pruneAndDelete();
    const entries = await readAuditLog(cluster.plane.auditLog ?? "");
    const ours = new Set(ROLES.map(userOf));
    const asked = entries.filter((entry) => ours.has(entry.user.username));
    expect(asked.length).toBeGreaterThan(50);
    const refused = asked.filter((entry) => entry.responseStatus?.code === 403);
    expect(refused.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([]);
    const unused = (role: string) => {
      const used = usedRights(entries, userOf(role));
      const roles = (printed.get(role) ?? []).filter((object) => /Role$/.test(textMember(object, "kind")));
      return [...givenRights(roles)].filter((right) => !used.has(right));
    };
    expect(unused("watcher").filter((right) => !right.startsWith("get "))).toEqual([]);
    const [config, role] = ["/configmaps", "rbac.authorization.k8s.io/clusterroles"];
    expect(unused("worker")).not.toContain(`delete ${config}`);
    for (const verb of ["delete", "list"]) expect(unused("worker")).not.toContain(`${verb} ${role}`);
    // Repairs and pruning of kinds that nothing happens to here; `finalizers` is asked for by the server itself.
    expect(unused("worker").filter((right) => !/^(delete|list|patch) [^k]/.test(right))).toEqual([
      "update platform.example.com/webapps/finalizers",
      "get apiextensions.k8s.io/customresourcedefinitions",
    ]);
  });

  it("are the same from the cluster's own definitions", async () => {
    const flags = ["--role", "worker", "--service-account", `${HOME}/worker`, "--output", "json"];
    const where = ["--definition-namespaces", DEFINITIONS, "--kubeconfig", cluster.plane.kubeconfig];
    const { code, stdout, stderr } = await koreo(["rbac", "--from-cluster", ...flags, ...where]);
    expect([code, stderr]).toEqual([0, ""]);
    expect((JSON.parse(stdout) as { readonly items: unknown }).items).toEqual(printed.get("worker"));
  });
});
