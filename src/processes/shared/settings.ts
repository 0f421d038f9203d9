/** Every setting of the processes: its flag, variables and default, for parsing, help and completion. */

/** Flags from the command line; absent when not given. */
export type ConfigFlags = Readonly<Partial<Record<ConfigFlag, string>>>;

export type Environment = Readonly<Record<string, string | undefined>>;

interface Setting {
  /** As shown in help: `--<flag> <value>`. */
  readonly value: string;
  readonly description: string;
  /** Environment variables; the first one that is set counts. */
  readonly env: readonly string[];
  readonly byDefault?: string;
}

export const SETTINGS = {
  kubeconfig: {
    value: "file",
    description: "kubeconfig file",
    env: ["KUBECONFIG"],
    byDefault: "~/.kube/config, in a pod its service account",
  },
  context: {
    value: "name",
    description: "context of the kubeconfig",
    env: ["KOREO_CONTEXT"],
    byDefault: "the current one",
  },
  redis: {
    value: "url",
    description: "Redis for queue and shared state: redis://[user:password@]host:port[/db], rediss:// for TLS",
    env: ["KOREO_REDIS_URL"],
  },
  redisUser: {
    value: "name",
    description: "user of Redis' ACL, in place of the URL's",
    env: ["KOREO_REDIS_USER"],
    byDefault: "the URL's, else Redis' default user",
  },
  redisPasswordFile: {
    value: "file",
    description: "file with the password for Redis, which may stand in $KOREO_REDIS_PASSWORD as well",
    env: ["KOREO_REDIS_PASSWORD_FILE"],
    byDefault: "the URL's",
  },
  redisCa: {
    value: "file",
    description: "certificates (PEM) of who signs that of Redis, for rediss://",
    env: ["KOREO_REDIS_CA"],
    byDefault: "Node's own",
  },
  redisCert: {
    value: "file",
    description: "certificate (PEM) to show to a Redis that asks for one",
    env: ["KOREO_REDIS_CERT"],
  },
  redisKey: {
    value: "file",
    description: "key (PEM) of that certificate",
    env: ["KOREO_REDIS_KEY"],
  },
  redisServerName: {
    value: "name",
    description: "name that Redis' certificate must have",
    env: ["KOREO_REDIS_SERVER_NAME"],
    byDefault: "the URL's host",
  },
  name: {
    value: "name",
    description: "installation, where several share one Redis",
    env: ["KOREO_NAME"],
    byDefault: "koreo",
  },
  namespaces: {
    value: "list",
    description: 'namespaces whose triggers are reconciled, separated by commas, or "all"',
    env: ["KOREO_NAMESPACES", "RESOURCE_NAMESPACE"],
    byDefault: "all",
  },
  definitionNamespaces: {
    value: "list",
    description: "namespaces of Workflows, functions and templates, in priority order",
    env: ["KOREO_DEFINITION_NAMESPACES"],
    byDefault: "KOREO_NAMESPACE and TEMPLATE_NAMESPACE, else the context's namespace",
  },
  concurrency: {
    value: "keys",
    description: "triggers a worker runs at once",
    env: ["KOREO_CONCURRENCY"],
    byDefault: "50",
  },
  port: {
    value: "port",
    description: "port of /livez and /readyz; 0 takes any free one",
    env: ["KOREO_PORT"],
    byDefault: "none",
  },
  healthBind: {
    value: "address",
    description: "address --port listens on, such as 127.0.0.1",
    env: ["KOREO_HEALTH_BIND"],
    byDefault: "all interfaces, for probes come from outside the pod",
  },
  logLevel: {
    value: "level",
    description: "least severe log level: debug, info, warn, error",
    env: ["KOREO_LOG_LEVEL", "LOG_LEVEL"],
    byDefault: "info",
  },
  resyncInterval: {
    value: "time",
    description: "how often a healthy trigger is looked at again, such as 90s, 20m, 1h",
    env: ["KOREO_RESYNC_INTERVAL"],
    byDefault: "20m",
  },
  stepTimeout: {
    value: "time",
    description: "longest time for one step of a Workflow",
    env: ["KOREO_STEP_TIMEOUT"],
    byDefault: "30s",
  },
  runTimeout: {
    value: "time",
    description: "longest time for one run of a Workflow",
    env: ["KOREO_RUN_TIMEOUT"],
    byDefault: "2m",
  },
  runRecords: {
    value: "triggers",
    description: "of how many triggers the last runs are remembered, for koreo trace; 0 for none",
    env: ["KOREO_RUN_RECORDS"],
    byDefault: "1000",
  },
  drainTimeout: {
    value: "time",
    description: "how long a stopping worker finishes its runs before it hands them back",
    env: ["KOREO_DRAIN_TIMEOUT"],
    byDefault: "20s",
  },
  bind: {
    value: "address",
    description: "address the API listens on; other than loopback needs --auth or --token-file",
    env: ["KOREO_BIND"],
    byDefault: "127.0.0.1",
  },
  apiPort: {
    value: "port",
    description: "port of the API; 0 takes any free one",
    env: ["KOREO_API_PORT"],
    byDefault: "8090",
  },
  auth: {
    value: "how",
    description:
      "whom the API answers: kubernetes (bearer tokens of the cluster's users, with their rights), token (those in --token-file), none",
    env: ["KOREO_AUTH"],
    byDefault: "token where there is a token file, else none",
  },
  tokenFile: {
    value: "file",
    description: "file with the bearer tokens that may read everything, one a line; read again when it changes",
    env: ["KOREO_TOKEN_FILE"],
  },
} as const satisfies Record<string, Setting>;

export type ConfigFlag = keyof typeof SETTINGS;

/** A setting that cannot be understood. The message names it and says what would be valid. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** The flag as people type it. */
export function flagText(flag: ConfigFlag): string {
  return `--${flag.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
