/** Good objects of several kinds, built-in and custom, with schemas of every sort: what mutants of `check-server` start from. */
import type { JsonObject } from "../../../src/core/json.ts";

const pod = {
  metadata: { labels: { app: "a" } },
  spec: {
    containers: [
      {
        name: "main",
        image: "example.test/a:1",
        imagePullPolicy: "Always",
        ports: [{ containerPort: 80, protocol: "TCP" }],
        env: [{ name: "PORT", value: "eighty" }],
        resources: { limits: { cpu: "1", memory: "1Gi" } },
        readinessProbe: { httpGet: { path: "/", port: "http" }, periodSeconds: 5 },
        securityContext: { runAsNonRoot: true },
      },
    ],
    restartPolicy: "Always",
    volumes: [{ name: "cache", emptyDir: {} }],
  },
};

export const OBJECTS: readonly JsonObject[] = [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "a" },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "a" } },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } },
      template: pod,
    },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "a" },
    spec: { selector: { app: "a" }, ports: [{ name: "http", port: 80, targetPort: "http" }], type: "ClusterIP" },
  },
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { a: "b", c: "d" }, immutable: false },
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "a" }, automountServiceAccountToken: true },
  {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: "a" },
    spec: {
      rules: [
        {
          host: "a.example.test",
          http: {
            paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "a", port: { number: 80 } } } }],
          },
        },
      ],
    },
  },
  {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "a" },
    spec: { podSelector: {}, policyTypes: ["Ingress"], ingress: [{ ports: [{ port: 80, protocol: "TCP" }] }] },
  },
  {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "a" },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "a" },
      maxReplicas: 3,
      metrics: [
        { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } },
      ],
    },
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "a" },
    rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
  },
  {
    apiVersion: "koreo.dev/v1beta1",
    kind: "ValueFunction",
    metadata: { name: "a" },
    spec: { preconditions: [{ assert: "=true", skip: { message: "m" } }], return: { a: { b: 1 } } },
  },
  {
    apiVersion: "koreo.dev/v1beta1",
    kind: "ResourceTemplate",
    metadata: { name: "a" },
    spec: { template: { apiVersion: "v1", kind: "ConfigMap", data: { a: "b" } } },
  },
];
