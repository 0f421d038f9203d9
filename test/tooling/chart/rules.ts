/** What a value of the chart has to be, where its default does not tell. By path in values.yaml. */
import type { JsonObject } from "../../../src/core/json.ts";

const oneOf = (...values: readonly string[]): JsonObject => ({ enum: values });
const PULL_POLICY = oneOf("Always", "IfNotPresent", "Never");
/** As Go and kubectl write durations, and as the command reads them. */
const DURATION: JsonObject = { pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$" };
const NAMESPACES: JsonObject = {
  items: { type: "string", pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" },
  uniqueItems: true,
};
const COUNT_OR_SHARE: JsonObject = { type: ["integer", "string", "null"], pattern: "^([0-9]+%?)?$" };
const AT_LEAST_ONE: JsonObject = { minimum: 1 };
const OBJECTS: JsonObject = { items: { type: "object" } };
const NAMED: JsonObject = {
  items: { type: "object", properties: { name: { type: "string" } }, required: ["name"], additionalProperties: false },
};
const TEXTS: JsonObject = { additionalProperties: { type: "string" } };

const kinds = (switches: JsonObject): JsonObject => ({
  items: {
    type: "object",
    properties: {
      apiGroup: { type: "string" },
      resources: { type: "array", minItems: 1, items: { type: "string", pattern: "^(\\*|[a-z][a-z0-9.-]*)$" } },
      ...switches,
    },
    required: ["apiGroup", "resources"],
    additionalProperties: false,
  },
});
const SWITCH: JsonObject = { type: "boolean" };

export const RULES: Readonly<Record<string, JsonObject>> = {
  commonLabels: TEXTS,
  "image.repository": { minLength: 1 },
  "image.digest": { pattern: "^(sha256:[0-9a-f]{64})?$" },
  "image.pullPolicy": PULL_POLICY,
  "image.pullSecrets": NAMED,
  "crds.annotations": TEXTS,
  "redis.url": { pattern: "^(rediss?://.+)?$" },
  "redis.bundled.pullPolicy": PULL_POLICY,
  "redis.bundled.tolerations": OBJECTS,
  name: { pattern: "^([a-z0-9][a-z0-9.-]{0,62})?$" },
  definitionNamespaces: NAMESPACES,
  triggerNamespaces: NAMESPACES,
  tenants: { propertyNames: { pattern: "^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$" } },
  "settings.concurrency": { minimum: 1, maximum: 1000 },
  "settings.resyncInterval": DURATION,
  "settings.stepTimeout": DURATION,
  "settings.runTimeout": DURATION,
  "settings.logLevel": oneOf("debug", "info", "warn", "error"),
  "tracing.samplerArg": { type: "number", maximum: 1 },
  "rbac.mode": oneOf("listed", "development"),
  "rbac.scope": oneOf("cluster", "namespaced"),
  "rbac.managedNamespaces": NAMESPACES,
  "rbac.triggers": kinds({}),
  "rbac.managed": kinds({ delete: SWITCH, destroy: SWITCH, readonly: SWITCH }),
  "rbac.extraRules.watcher": OBJECTS,
  "rbac.extraRules.worker": OBJECTS,
  "pods.extraEnv": OBJECTS,
  "pods.extraEnvFrom": OBJECTS,
  "pods.volumes": OBJECTS,
  "pods.volumeMounts": OBJECTS,
  "pods.initContainers": OBJECTS,
  "pods.extraContainers": OBJECTS,
  "pods.tolerations": OBJECTS,
  "pods.topologySpreadConstraints": OBJECTS,
  "pods.pdb.minAvailable": COUNT_OR_SHARE,
  "pods.pdb.maxUnavailable": COUNT_OR_SHARE,
  "worker.autoscaling.minReplicas": AT_LEAST_ONE,
  "worker.autoscaling.maxReplicas": AT_LEAST_ONE,
  "worker.autoscaling.targetCPUUtilizationPercentage": { minimum: 0 },
  "worker.autoscaling.queueLatency.targetSeconds": AT_LEAST_ONE,
  "worker.keda.minReplicas": AT_LEAST_ONE,
  "worker.keda.maxReplicas": AT_LEAST_ONE,
  "worker.keda.targetSeconds": AT_LEAST_ONE,
  "worker.keda.triggers": OBJECTS,
  "metrics.prometheusRule.alertLabels": TEXTS,
  "metrics.prometheusRule.runbookUrl": { pattern: "^(https?://[^#]+)?$" },
  "metrics.prometheusRule.disabled": { items: { type: "string" }, uniqueItems: true },
  "metrics.dashboards.labels": TEXTS,
  "metrics.dashboards.annotations": TEXTS,
  "api.ingressFrom": OBJECTS,
  "api.service.type": oneOf("ClusterIP", "NodePort", "LoadBalancer"),
  "api.service.port": { minimum: 1, maximum: 65_535 },
  "api.service.annotations": TEXTS,
  "networkPolicy.ingressFrom": OBJECTS,
  "networkPolicy.egress.apiServerTo": OBJECTS,
  "networkPolicy.egress.apiServerPorts": { items: { type: "integer" } },
  "networkPolicy.egress.redisPorts": { items: { type: "integer" } },
  "networkPolicy.egress.extra": OBJECTS,
};
