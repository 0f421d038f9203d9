/** The chart as helm 3 and helm 4 render it, over a matrix of values; no cluster. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { textMember, type JsonObject } from "../../src/core/json.ts";
import { parseConfig } from "../../src/processes/shared/config.ts";
import { allMetrics } from "../support/all-metrics.ts";
import { faultsIn } from "../support/chart-judge.ts";
import { helmsForRendering } from "../support/chart-tools.ts";
import { API_BY_TOKEN, MATRIX, MINIMAL, PLATFORM_KINDS, TENANTS } from "../support/chart-values.ts";
import { at } from "../support/e2e-cluster.ts";
import { CHART, environmentOf, HelmRunner, named, nameOf, ofKind, podOf } from "../support/helm-release.ts";
import { CRD_FILES, objectsIn } from "../support/manifest-files.ts";

/** Values as the README shows them. */
const examples = [...readFileSync(`${CHART}/README.md`, "utf8").matchAll(/```yaml\n(.*?)```/gs)].map(
  ([, text = ""]) => text,
);

const helms = await helmsForRendering();
const runners: HelmRunner[] = [];
beforeAll(async () => {
  runners.push(...(await Promise.all(helms.map((helm) => HelmRunner.open(helm)))));
});
afterAll(() => Promise.all(runners.map((runner) => runner.close())));

const tenantIn = (name: string) => ({ definitionNamespaces: [`${name}-defs`], triggerNamespaces: [name] });
const MAIN = ["main-url", "main", "main-password", "main-ca", "main-client", "main.internal"];

const runner = (major: number) => runners.find(({ helm }) => helm.major === major) as HelmRunner;
const first = () => runners[0] as HelmRunner;
/** All but what is made up anew each time. */
const settled = (objects: readonly JsonObject[]) => objects.filter(({ kind }) => kind !== "Secret");

describe.skipIf(helms.length === 0)("the chart", () => {
  describe.each(MATRIX)("with $name", ({ values }) => {
    it("is rendered alike by both, and is sound", async () => {
      const [three, four] = await Promise.all([runner(3).render(values), runner(4).render(values)]);
      expect(settled(four)).toEqual(settled(three));
      expect(faultsIn(three)).toEqual([]);
    });
  });

  it.each(examples.map((text, index) => ({ name: `${index + 1} of ${examples.length}`, text })))(
    "takes the values of its README's example $name",
    async ({ text }) => {
      const values = parse(text) as JsonObject;
      const objects = await first().render({ ...(values["redis"] === undefined ? MINIMAL : {}), ...values });
      expect(faultsIn(objects)).toEqual([]);
    },
  );

  // What lint does beyond rendering hardly depends on values.
  it.each(["nothing but Redis", "tenants", "everything"])("with %s passes the strict lint of both", async (name) => {
    const { values } = MATRIX.find((each) => each.name === name) ?? { values: {} };
    for (const each of runners) expect(await each.lint(values)).toMatchObject({ isOk: true });
  });

  it.each([
    { name: "no Redis", values: {}, says: "set exactly one of redis.existingSecret" },
    { name: "two Redis", values: { redis: { existingSecret: "a", url: "redis://b" } }, says: "exactly one" },
    { name: "a password", values: { redis: { url: "redis://:secret@b" } }, says: "redis.existingSecret" },
    {
      name: "the bundled Redis and a password of another",
      values: { redis: { bundled: { enabled: true }, passwordSecret: "p" } },
      says: "redis.bundled has a password of its own and no TLS",
    },
    {
      name: "the bundled Redis and TLS",
      values: { redis: { bundled: { enabled: true }, tls: { serverName: "redis.internal" } } },
      says: "redis.bundled has a password of its own and no TLS",
    },
    {
      name: "the bundled Redis and a user that it does not have",
      values: { redis: { bundled: { enabled: true }, user: "koreo" } },
      says: "redis.bundled has a password of its own and no TLS",
    },
    {
      name: "TLS for a URL without",
      values: { redis: { url: "redis://r", tls: { caSecret: "ca" } } },
      says: "write rediss://",
    },
    {
      name: "a tenant's user of the release's Redis",
      values: { ...MINIMAL, tenants: { a: { ...tenantIn("a"), redis: { user: "a", passwordSecret: "a-password" } } } },
      says: "tenants.a.redis: passwordSecret, user",
    },
    { name: "a misspelt value", values: { ...MINIMAL, worker: { replica: 2 } }, says: "replica" },
    { name: "a wrong type", values: { ...MINIMAL, worker: { replicas: "two" } }, says: "/worker/replicas" },
    {
      name: "a wrong duration",
      values: { ...MINIMAL, settings: { stepTimeout: "soon" } },
      says: "/settings/stepTimeout",
    },
    {
      name: "a kind instead of a resource",
      values: { ...MINIMAL, rbac: { triggers: [{ apiGroup: "a.b", resources: ["WebApp"] }] } },
      says: "/rbac/triggers/0/resources/0",
    },
    {
      name: "the original's values",
      values: { ...MINIMAL, controller: { replicas: 1 } },
      says: "Upgrade from the original",
    },
    { name: "roles nowhere", values: { ...MINIMAL, rbac: { scope: "namespaced" } }, says: "needs triggerNamespaces" },
    {
      name: "two that scale",
      values: { ...MINIMAL, worker: { autoscaling: { enabled: true }, keda: { enabled: true } } },
      says: "enable one",
    },
    {
      name: "no worker left to see what falls due",
      values: { ...MINIMAL, worker: { keda: { enabled: true, prometheusAddress: "http://p", minReplicas: 0 } } },
      says: "/worker/keda/minReplicas",
    },
    {
      name: "two that count",
      values: { ...MINIMAL, metrics: { podMonitor: { enabled: true }, serviceMonitor: { enabled: true } } },
      says: "enable one",
    },
    {
      name: "one account for two",
      values: { ...MINIMAL, pods: { serviceAccount: { name: "koreo" } } },
      says: "same account",
    },
    { name: "a tenant without namespaces", values: { ...MINIMAL, tenants: { a: {} } }, says: "triggerNamespaces" },
    {
      name: "tenants in one namespace",
      values: {
        ...MINIMAL,
        tenants: {
          a: { definitionNamespaces: ["a"], triggerNamespaces: ["x"] },
          b: { definitionNamespaces: ["b"], triggerNamespaces: ["x"] },
        },
      },
      says: "x already belongs to the tenant a",
    },
  ])("is refused with $name, in words that help", async ({ values, says }) => {
    for (const each of runners) {
      const answer = await each.template(values);
      expect(answer.isOk).toBe(false);
      expect(answer.text).toContain(says);
    }
  });

  it("brings the CRDs as they are in their one source, kept on uninstall", async () => {
    const crds = ofKind(await first().render(MINIMAL), "CustomResourceDefinition");
    expect(crds.map((crd) => crd["spec"])).toEqual(objectsIn(CRD_FILES).map((crd) => crd["spec"]));
    for (const crd of crds) expect(at(crd, "metadata", "annotations", "helm.sh/resource-policy")).toBe("keep");
    const withRelease = await first().render({ ...MINIMAL, crds: { keep: false } });
    expect(JSON.stringify(withRelease)).not.toContain("resource-policy");
  });

  it.each(["watcher", "worker"])("starts %ss with the code's defaults where nothing is set", async (role) => {
    const deployment = named(await first().render({ redis: { url: "redis://r" } }), `Deployment demo-koreo-${role}`);
    const pod = podOf(deployment as JsonObject) as JsonObject;
    const env = Object.fromEntries(environmentOf(pod).map(({ name, value }) => [name, value]));
    const own = {
      redisUrl: "redis://r",
      name: "prod.demo-koreo",
      health: { bind: undefined, port: 8080 },
      definitionNamespaces: ["prod"],
    };
    expect(parseConfig({}, env)).toEqual({ ...parseConfig({}, {}), ...own });
  });

  it("hands on how to reach a Redis with TLS and users", async () => {
    const tls = { caSecret: "redis-ca", clientSecret: "redis-client", serverName: "redis.internal" };
    const redis = { url: "rediss://r", user: "koreo", passwordSecret: "redis-password", tls };
    const pod = podOf(named(await first().render({ redis }), "Deployment demo-koreo-worker") ?? {}) ?? {};
    const env = Object.fromEntries(environmentOf(pod).map(({ name, value = "from-a-secret" }) => [name, value]));
    expect(parseConfig({}, env).redisAccess).toEqual({
      user: "koreo",
      password: "from-a-secret",
      passwordFile: undefined,
      serverName: "redis.internal",
      caFile: "/run/koreo-redis-ca/ca.crt",
      certFile: "/run/koreo-redis-client/tls.crt",
      keyFile: "/run/koreo-redis-client/tls.key",
    });
    const secrets = (at(pod, "spec", "volumes") as readonly JsonObject[]).map((volume) => [
      at(volume, "name"),
      at(volume, "secret", "secretName"),
    ]);
    const [container] = at(pod, "spec", "containers") as readonly JsonObject[];
    const mounts = at(container, "volumeMounts") as readonly JsonObject[];
    for (const secret of [
      ["koreo-redis-ca", "redis-ca"],
      ["koreo-redis-client", "redis-client"],
    ]) {
      expect(secrets).toContainEqual(secret);
      expect(mounts).toContainEqual({ name: secret[0], mountPath: `/run/${secret[0] ?? ""}`, readOnly: true });
    }
  });

  it.each([
    { name: "nothing else", own: {}, access: {}, volumes: [] },
    {
      name: "a user, a password and TLS",
      own: { user: "bank", passwordSecret: "bank-password", tls: { caSecret: "bank-ca" } },
      access: { user: "bank", password: "bank-password", caFile: "/run/koreo-redis-ca/ca.crt" },
      volumes: ["bank-ca"],
    },
  ])("hands nothing of the release's Redis to a tenant with its own and $name", async ({ own, access, volumes }) => {
    const tls = { caSecret: "main-ca", clientSecret: "main-client", serverName: "main.internal" };
    const redis = { existingSecret: "main-url", user: "main", passwordSecret: "main-password", tls };
    const tenants = {
      bank: { ...tenantIn("bank"), api: { enabled: true }, redis: { existingSecret: "bank-url", ...own } },
      shop: tenantIn("shop"),
    };
    const deployments = ofKind(await first().render({ redis, tenants }), "Deployment");
    const pods = (tenant: string) =>
      deployments.filter((each) => nameOf(each).startsWith(`demo-koreo-${tenant}`)).map((each) => podOf(each) ?? {});
    expect(pods("bank")).toHaveLength(3);
    for (const pod of pods("bank")) {
      const env = environmentOf(pod).map(
        ({ name, value, valueFrom }) => [name, value ?? valueFrom?.secretKeyRef?.name ?? ""] as const,
      );
      expect(env.filter(([name]) => name === "KOREO_REDIS_URL")).toEqual([["KOREO_REDIS_URL", "bank-url"]]);
      const { redisAccess } = parseConfig({}, { ...Object.fromEntries(env), KOREO_REDIS_URL: "rediss://bank" });
      expect(redisAccess).toEqual({ ...parseConfig({}, {}).redisAccess, ...access });
      const mounted = (at(pod, "spec", "volumes") ?? []) as readonly JsonObject[];
      expect(mounted.map((volume) => at(volume, "secret", "secretName"))).toEqual(volumes);
      expect(JSON.stringify(pod)).not.toContain("main");
    }
    for (const pod of pods("shop")) for (const name of MAIN) expect(JSON.stringify(pod)).toContain(`"${name}"`);
  });

  it("starts an API for the cluster's users, or for holders of a token", async () => {
    const api = async (values: JsonObject) => {
      const objects = await first().render({ ...MINIMAL, rbac: PLATFORM_KINDS, api: { enabled: true, ...values } });
      const pod = podOf(named(objects, "Deployment demo-koreo-api") ?? {}) ?? {};
      const env = Object.fromEntries(
        environmentOf(pod).map(({ name, value = "redis://from-a-secret" }) => [name, value]),
      );
      const roles = objects.filter((each) => /Role$/.test(textMember(each, "kind")) && nameOf(each).includes("-api"));
      return { pod, roles, ...parseConfig({}, env) };
    };
    const users = await api({});
    expect(users.api).toEqual({ bind: "0.0.0.0", port: 8090, auth: { kind: "kubernetes" } });
    expect(users.roles.map(nameOf)).toContain("prod:demo-koreo-api-reviews");
    const tokens = await api(API_BY_TOKEN);
    expect(tokens.api.auth).toEqual({ kind: "token", file: "/run/koreo/tokens" });
    expect(JSON.stringify(tokens.roles)).not.toContain("reviews");
    const [, volume] = at(tokens.pod, "spec", "volumes") as readonly JsonObject[];
    expect(at(volume, "secret", "secretName")).toBe("api-tokens");
  });

  it.each([
    { name: "by itself", service: { type: "ClusterIP", port: 8080 } },
    { name: "by a load balancer", service: { type: "LoadBalancer", port: 443, annotations: { a: "service" } } },
    { name: "by a port of the nodes", service: { type: "NodePort" } },
  ])("opens the API $name, and never its probes and metrics", async ({ service }) => {
    const metrics = { serviceMonitor: { enabled: true } };
    const objects = await first().render({ ...MINIMAL, metrics, api: { enabled: true, service } });
    const services = ofKind(objects, "Service").filter((each) => nameOf(each).includes("-api"));
    const told = services.map((each) => ({
      name: nameOf(each),
      type: at(each, "spec", "type") ?? at(each, "spec", "clusterIP"),
      ports: at(each, "spec", "ports"),
      annotations: at(each, "metadata", "annotations"),
    }));
    const { type, port = 8090, annotations } = service;
    expect(told).toEqual([
      { name: "demo-koreo-api-metrics", type: "None", ports: [{ name: "http", port: 8080, targetPort: "http" }] },
      { name: "demo-koreo-api", type, ports: [{ name: "api", port, targetPort: "api" }], annotations },
    ]);
    const [container] = at(named(objects, "Pod demo-koreo-test"), "spec", "containers") as readonly JsonObject[];
    expect(container?.["args"]).toEqual(["watcher", "worker", "api-metrics"].map((each) => `demo-koreo-${each}:8080`));
    expect(ofKind(objects, "ServiceMonitor").map(nameOf)).toContain("demo-koreo-api");
  });

  it("gives a worker time to drain", async () => {
    const objects = await first().render({ ...MINIMAL, settings: { drainTimeoutSeconds: 90 } });
    expect(
      at(podOf(named(objects, "Deployment demo-koreo-worker") ?? {}), "spec", "terminationGracePeriodSeconds"),
    ).toBe(100);
  });

  it("keeps tenants apart: identities, rights, queue, settings", async () => {
    const objects = await first().render(TENANTS);
    const names = ofKind(objects, "Deployment").map(nameOf);
    expect(names).toEqual(
      ["bank-watcher", "bank-worker", "shop-watcher", "shop-worker", "shop-api"].map((each) => `demo-koreo-${each}`),
    );
    const variable = (deployment: string, name: string) =>
      environmentOf(podOf(named(objects, `Deployment demo-koreo-${deployment}`) ?? {}) ?? {}).find(
        (each) => each.name === name,
      );
    expect(variable("bank-worker", "KOREO_NAME")?.value).toBe("prod.demo-koreo.bank");
    expect(variable("bank-worker", "KOREO_CONCURRENCY")?.value).toBe("5");
    expect(variable("shop-worker", "KOREO_CONCURRENCY")?.value).toBe("50");
    expect(variable("bank-worker", "KOREO_REDIS_URL")?.valueFrom?.secretKeyRef?.name).toBe("bank-redis");
    expect(variable("shop-watcher", "KOREO_NAMESPACES")?.value).toBe("shop");
    const roles = ofKind(objects, "Role").map((role) => `${String(at(role, "metadata", "namespace"))} ${nameOf(role)}`);
    expect(roles.filter((role) => role.startsWith("shop-data"))).toEqual([
      "shop-data prod:demo-koreo-shop-watcher",
      "shop-data prod:demo-koreo-shop-worker",
      "shop-data prod:demo-koreo-shop-api",
    ]);
    expect(JSON.stringify(objects.filter((role) => nameOf(role).includes("bank")))).not.toContain("webapps");
  });

  it("lets everything that speaks to the bundled Redis reach it", async () => {
    const objects = await first().render({ ...MINIMAL, api: { enabled: true }, redis: { bundled: { enabled: true } } });
    const speak = ofKind(objects, "Deployment").filter((each) =>
      environmentOf(podOf(each) ?? {}).some(({ name }) => name === "KOREO_REDIS_URL"),
    );
    const component = (object: JsonObject) =>
      String(at(object, "spec", "template", "metadata", "labels", "app.kubernetes.io/component"));
    const policy = ofKind(objects, "NetworkPolicy").find((each) => nameOf(each).endsWith("redis"));
    const admitted = JSON.stringify(at(policy ?? {}, "spec", "ingress"));
    expect(speak.map(component).sort()).toEqual(["api", "watcher", "worker"]);
    for (const each of speak) expect(admitted).toContain(`"${component(each)}"`);
  });

  it.each([
    { name: "a release", namespace: "prod", values: {} },
    { name: "one with a name of its own", namespace: "prod", values: { name: "blue" } },
    { name: "long names", namespace: "p".repeat(63), values: { fullnameOverride: "n".repeat(63) } },
    {
      name: "tenants with long names",
      namespace: "p".repeat(60),
      values: {
        fullnameOverride: "n".repeat(40),
        tenants: { [`a${"t".repeat(30)}`]: tenantIn("a"), b: tenantIn("b") },
      },
    },
  ])("scales by KEDA with $name by the age of the own queue", async ({ namespace, values }) => {
    const worker = { keda: { enabled: true, prometheusAddress: "http://prometheus:9090" } };
    const objects = await first().render({ ...MINIMAL, ...values, worker }, namespace);
    const scaled = ofKind(objects, "ScaledObject");
    expect(scaled).toHaveLength(Object.keys("tenants" in values ? values.tenants : { one: 1 }).length);
    for (const each of scaled) {
      const target = String(at(each, "spec", "scaleTargetRef", "name"));
      const pod = podOf(named(objects, `Deployment ${target}`) ?? {}) ?? {};
      const own = environmentOf(pod).find(({ name }) => name === "KOREO_NAME")?.value ?? "missing";
      const [trigger] = at(each, "spec", "triggers") as readonly JsonObject[];
      expect(at(trigger ?? {}, "metadata", "query")).toBe(
        `max(koreo_queue_oldest_seconds{namespace="${namespace}",name="${own}"})`,
      );
    }
    const metric = allMetrics().find(({ name }) => name === "koreo_queue_oldest_seconds");
    expect(metric?.labels).toContain("name"); // and Prometheus knows the Pod's namespace
    expect(metric?.labels).not.toContain("namespace");
  });

  it("cuts names that are too long, and keeps them apart", async () => {
    const tenants = Object.fromEntries(
      ["a", "b"].map((end) => [
        `${"t".repeat(28)}${end}`,
        { definitionNamespaces: [`defs-${end}`], triggerNamespaces: [`apps-${end}`] },
      ]),
    );
    const objects = await first().render({ ...MINIMAL, fullnameOverride: "n".repeat(40), tenants }, "p".repeat(60));
    expect(faultsIn(objects)).toEqual([]);
    expect(ofKind(objects, "Deployment")).toHaveLength(4);
    const installations = objects.flatMap((object) =>
      environmentOf(podOf(object) ?? { spec: { containers: [{}] } }).flatMap(({ name, value }) =>
        name === "KOREO_NAME" ? [value] : [],
      ),
    );
    expect(new Set(installations).size).toBe(2);
    for (const each of installations) expect(() => parseConfig({ name: each ?? "" }, {})).not.toThrow();
  });
});
