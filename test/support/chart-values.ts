/** Values that the chart is tried with, by what they are for: every switch is on in one of them. */
import type { JsonObject } from "../../src/core/json.ts";

export const MINIMAL: JsonObject = { redis: { existingSecret: "redis" } };

const WEBAPPS: JsonObject = { apiGroup: "platform.example.com", resources: ["webapps"] };

/** What examples/platform needs: the kinds that its Workflow is started by, and those it keeps. */
export const PLATFORM_KINDS: JsonObject = {
  triggers: [WEBAPPS],
  managed: [
    { apiGroup: "", resources: ["configmaps"] },
    { apiGroup: "", resources: ["services"], delete: false },
    { apiGroup: "apps", resources: ["deployments"] },
    { apiGroup: "rbac.authorization.k8s.io", resources: ["clusterroles"], destroy: true },
  ],
};

const BUNDLED: JsonObject = { bundled: { enabled: true } };

export const TENANTS: JsonObject = {
  redis: BUNDLED,
  tenants: {
    shop: {
      definitionNamespaces: ["shop-defs"],
      triggerNamespaces: ["shop"],
      rbac: { scope: "namespaced", managedNamespaces: ["shop-data"], ...PLATFORM_KINDS },
      worker: { replicas: 5 },
      api: { enabled: true },
    },
    bank: {
      definitionNamespaces: ["bank-defs", "shared-defs"],
      triggerNamespaces: ["bank"],
      redis: {
        existingSecret: "bank-redis",
        user: "bank",
        passwordSecret: "bank-password",
        tls: { caSecret: "bank-ca" },
      },
      settings: { concurrency: 5 },
      pods: { nodeSelector: { pool: "bank" } },
    },
  },
};

/** Everything at once that goes together. */
const EVERYTHING: JsonObject = {
  nameOverride: "cluster",
  commonLabels: { team: "platform" },
  image: { repository: "mine/koreo", digest: `sha256:${"0".repeat(64)}`, pullSecrets: [{ name: "pull" }] },
  crds: { annotations: { note: "ours" } },
  redis: { bundled: { enabled: true, persistence: false, tolerations: [{ operator: "Exists" }] } },
  name: "blue",
  definitionNamespaces: ["platform", "shared"],
  triggerNamespaces: ["web"],
  settings: { drainTimeoutSeconds: 90, logLevel: "debug", resyncInterval: "1h30m" },
  tracing: { endpoint: "http://collector:4318", headersSecret: "otlp", samplerArg: 0.1 },
  rbac: {
    ...PLATFORM_KINDS,
    managed: [
      { apiGroup: "apps", resources: ["deployments"], delete: true },
      { apiGroup: "", resources: ["secrets"], readonly: true },
    ],
    extraRules: {
      worker: [{ apiGroups: ["rbac.authorization.k8s.io"], resources: ["clusterroles"], verbs: ["escalate"] }],
    },
  },
  pods: {
    strategy: { rollingUpdate: { maxUnavailable: 0 } },
    deploymentAnnotations: { a: "deployment" },
    podLabels: { a: "label" },
    podAnnotations: { a: "pod" },
    extraEnv: [{ name: "NODE_EXTRA_CA_CERTS", value: "/ca/redis.crt" }],
    extraEnvFrom: [{ configMapRef: { name: "more", optional: true } }],
    volumes: [{ name: "ca", secret: { secretName: "redis-ca" } }],
    volumeMounts: [{ name: "ca", mountPath: "/ca" }],
    tolerations: [{ key: "spot", operator: "Exists" }],
    affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
    priorityClassName: "system-cluster-critical",
    serviceAccount: { annotations: { identity: "koreo" }, labels: { a: "account" } },
  },
  watcher: { replicas: 3, pdb: { minAvailable: 2 } },
  worker: {
    resources: { limits: { cpu: 2 } },
    autoscaling: { enabled: true, queueLatency: { enabled: true, matchLabels: { installation: "blue" } } },
  },
  networkPolicy: {
    ingressFrom: [{ namespaceSelector: {} }],
    egress: { enabled: true, apiServerTo: [{ ipBlock: { cidr: "10.0.0.0/8" } }], extra: [{ ports: [{ port: 4318 }] }] },
  },
  metrics: {
    podMonitor: { enabled: true, labels: { release: "prometheus" } },
    prometheusRule: {
      enabled: true,
      labels: { release: "prometheus" },
      alertLabels: { team: "platform" },
      runbookUrl: "https://wiki.example.com/koreo",
      disabled: ["KoreoDriftPersists"],
    },
    dashboards: { enabled: true, annotations: { folder: "Koreo" } },
  },
};

/** With all that can be said of an API. */
export const API_BY_TOKEN: JsonObject = {
  enabled: true,
  tokenSecret: "api-tokens",
  ingressFrom: [{ podSelector: { matchLabels: { app: "portal" } } }],
  service: { type: "LoadBalancer", port: 80, annotations: { a: "service" } },
  volumes: [{ name: "more", emptyDir: {} }],
  volumeMounts: [{ name: "more", mountPath: "/more" }],
};

export const MATRIX: readonly { readonly name: string; readonly values: JsonObject }[] = [
  { name: "nothing but Redis", values: MINIMAL },
  { name: "a Redis of its own", values: { redis: BUNDLED } },
  { name: "a Redis without a password", values: { redis: { url: "redis://redis.data:6379/2" } } },
  { name: "the example platform", values: { redis: BUNDLED, rbac: PLATFORM_KINDS } },
  { name: "development", values: { ...MINIMAL, development: true, api: { enabled: true } } },
  {
    name: "roles in namespaces",
    values: { ...MINIMAL, triggerNamespaces: ["web"], rbac: { scope: "namespaced", ...PLATFORM_KINDS } },
  },
  { name: "no roles, no accounts", values: { ...MINIMAL, rbac: { create: false }, pods: accounts(false) } },
  {
    name: "no policies and no CRDs",
    values: { ...MINIMAL, networkPolicy: { enabled: false }, crds: { install: false } },
  },
  { name: "CRDs that go with the release", values: { ...MINIMAL, crds: { keep: false } } },
  {
    name: "KEDA",
    values: { ...MINIMAL, worker: { keda: { enabled: true, prometheusAddress: "http://prometheus:9090" } } },
  },
  {
    name: "ServiceMonitors",
    values: { ...MINIMAL, api: { enabled: true }, metrics: { serviceMonitor: { enabled: true } } },
  },
  { name: "an API for the cluster's users", values: { ...MINIMAL, rbac: PLATFORM_KINDS, api: { enabled: true } } },
  { name: "an API for holders of a token", values: { ...MINIMAL, api: API_BY_TOKEN } },
  { name: "tenants", values: TENANTS },
  { name: "everything", values: EVERYTHING },
];

function accounts(create: boolean): JsonObject {
  return { serviceAccount: { create, name: "mine" } };
}
