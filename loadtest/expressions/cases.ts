/** Nine expressions of the kinds that platform manifests are made of, and each once more as anyone would write it by hand. */

const inputs = {
  name: "orders-api",
  namespace: "team-blue",
  region: "eu-west-1",
  replicas: 3,
  tier: "gold",
  labels: { app: "orders", team: "blue", "cost-center": "4711" },
  zones: ["a", "b", "c"],
  ports: [
    { name: "http", port: 8080, public: true },
    { name: "metrics", port: 9090, public: false },
    { name: "grpc", port: 50051, public: true },
  ],
  config: {
    network: {
      cidr: "10.20.0.0/16",
      subnets: [
        { id: "s-1", zone: "a" },
        { id: "s-2", zone: "b" },
        { id: "s-3", zone: "c" },
      ],
    },
  },
};

const resource = {
  metadata: { name: "orders-api", generation: 4 },
  status: {
    observedGeneration: 4,
    readyReplicas: 3,
    conditions: [
      { type: "Progressing", status: "True" },
      { type: "Available", status: "True", reason: "MinimumReplicasAvailable" },
    ],
  },
};

/** What all of them read. */
export const BINDINGS = { inputs, resource };
type Bindings = typeof BINDINGS;

export interface ExpressionCase {
  readonly name: string;
  readonly source: string;
  readonly byHand: (bindings: Bindings) => unknown;
}

export const CASES: readonly ExpressionCase[] = [
  {
    name: "field path",
    source: "inputs.config.network.cidr",
    byHand: ({ inputs }) => inputs.config.network.cidr,
  },
  {
    name: "string concatenation",
    source: "inputs.name + '-' + inputs.region + '.' + inputs.namespace",
    byHand: ({ inputs }) => `${inputs.name}-${inputs.region}.${inputs.namespace}`,
  },
  {
    name: "guard",
    source: "has(inputs.config.network.subnets) && inputs.config.network.subnets.size() > 2",
    byHand: ({ inputs }) => "subnets" in inputs.config.network && inputs.config.network.subnets.length > 2,
  },
  {
    name: "ternary chain",
    source: "inputs.tier == 'gold' ? inputs.replicas * 2 : inputs.tier == 'silver' ? inputs.replicas : 1",
    byHand: ({ inputs }) =>
      inputs.tier === "gold" ? inputs.replicas * 2 : inputs.tier === "silver" ? inputs.replicas : 1,
  },
  {
    name: "condition lookup",
    source: "resource.status.conditions.exists(c, c.type == 'Available' && c.status == 'True')",
    byHand: ({ resource }) => resource.status.conditions.some((c) => c.type === "Available" && c.status === "True"),
  },
  {
    name: "filter and map",
    source: "inputs.ports.filter(p, p.public).map(p, p.name)",
    byHand: ({ inputs }) => inputs.ports.filter((p) => p.public).map((p) => p.name),
  },
  {
    name: "map literal",
    source: "{'app': inputs.name, 'team': inputs.labels.team, 'region': inputs.region, 'zones': inputs.zones.size()}",
    byHand: ({ inputs }) => ({
      app: inputs.name,
      team: inputs.labels.team,
      region: inputs.region,
      zones: inputs.zones.length,
    }),
  },
  {
    name: "readiness",
    source:
      "resource.status.observedGeneration >= resource.metadata.generation && resource.status.readyReplicas == inputs.replicas",
    byHand: ({ inputs, resource }) =>
      resource.status.observedGeneration >= resource.metadata.generation &&
      resource.status.readyReplicas === inputs.replicas,
  },
  {
    name: "nested list building",
    source:
      "inputs.config.network.subnets.map(s, {'subnet': s.id, 'host': inputs.name + '-' + s.zone, 'ports': inputs.ports.map(p, p.port)})",
    byHand: ({ inputs }) =>
      inputs.config.network.subnets.map((s) => ({
        subnet: s.id,
        host: `${inputs.name}-${s.zone}`,
        ports: inputs.ports.map((p) => p.port),
      })),
  },
];
