/**
 * The settings of a process, read once from flags and environment: flags win, then our own `KOREO_*` variables, then
 * those of the original controller with their original meaning. Pure; an error names the setting and its fix.
 */
import { isIP } from "node:net";
import { urlFault } from "../../adapters/redis/target.ts";
import { ConfigError, flagText, SETTINGS, type ConfigFlag, type ConfigFlags, type Environment } from "./settings.ts";

/** Settings of any of the processes. Times are in milliseconds. */
export interface ClusterConfig {
  /** Absent: `$KUBECONFIG`, then `~/.kube/config`, then the pod's service account. */
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** Absent: queue and shared state are in this process (only `koreo dev`). */
  readonly redisUrl: string | undefined;
  readonly redisAccess: RedisAccessConfig;
  /** Distinguishes installations that share one Redis. */
  readonly name: string;
  readonly triggerNamespaces: readonly string[] | "all";
  /** In priority order; undefined: the namespace of the kubeconfig's context, or in a pod its own. */
  readonly definitionNamespaces: readonly string[] | undefined;
  /** How many keys a worker runs at once. */
  readonly concurrency: number;
  /** Where `/livez`, `/readyz` and `/metrics` are served; undefined: nowhere. */
  readonly health: HealthPlace | undefined;
  readonly logLevel: LogLevel;
  readonly resyncIntervalMs: number;
  /** Longest time for a step, and for a whole run; anything unfinished by then ends as a retry. */
  readonly stepDeadlineMs: number;
  readonly runDeadlineMs: number;
  /** How many triggers have their last runs recorded for `koreo trace`; 0: none. */
  readonly runRecords: number;
  /** How long a worker may finish its runs after SIGTERM before it hands their keys back. */
  readonly drainMs: number;
  readonly api: ApiConfig;
}

/** What the URL of Redis does not contain. Files are read when the connection is opened. */
export interface RedisAccessConfig {
  readonly user: string | undefined;
  /** From the environment, because everybody on the machine can read a command line. */
  readonly password: string | undefined;
  readonly passwordFile: string | undefined;
  /** PEM. */
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly serverName: string | undefined;
}

/** Where health and metrics are served. */
export interface HealthPlace {
  /** An address; undefined: all interfaces. */
  readonly bind: string | undefined;
  /** 0: any free port. */
  readonly port: number;
}

/** Where the HTTP API listens, and whom it answers. */
export interface ApiConfig {
  /** Address or host name. */
  readonly bind: string;
  /** 0: any free port. */
  readonly port: number;
  readonly auth: ApiAuth;
}

/** `none`: only on loopback. `token`: the file holds one token per line. `kubernetes`: users' own tokens and rights. */
export type ApiAuth =
  { readonly kind: "none" } | { readonly kind: "token"; readonly file: string } | { readonly kind: "kubernetes" };

export type LogLevel = "debug" | "info" | "warn" | "error";

/** @throws ConfigError naming the flag or variable */
export function parseConfig(flags: ConfigFlags, env: Environment): ClusterConfig {
  const read = (flag: ConfigFlag) => readSetting(flag, flags, env);
  const redis = read("redis");
  return {
    kubeconfig: flags.kubeconfig === "" ? undefined : flags.kubeconfig, // $KUBECONFIG may be a list: client-node reads it
    context: read("context")?.text,
    redisUrl: redis === undefined ? undefined : redisUrl(redis),
    redisAccess: redisAccess(redis, read, env),
    name: name(read("name")),
    triggerNamespaces: triggerNamespaces(read("namespaces")),
    definitionNamespaces: definitionNamespaces(read("definitionNamespaces"), env),
    concurrency: wholeNumber(read("concurrency"), 50, { from: 1, to: 1000 }),
    health: healthPlace(read("port"), read("healthBind")),
    logLevel: logLevel(read("logLevel")),
    resyncIntervalMs: duration(read("resyncInterval"), 1_200_000, 1000),
    stepDeadlineMs: duration(read("stepTimeout"), 30_000, 100),
    runDeadlineMs: duration(read("runTimeout"), 120_000, 100),
    runRecords: wholeNumber(read("runRecords"), 1000, { from: 0, to: 1_000_000 }),
    drainMs: duration(read("drainTimeout"), 20_000, 0),
    api: apiConfig(read),
  };
}

function healthPlace(port: Given | undefined, bind: Given | undefined): HealthPlace | undefined {
  if (bind !== undefined && isIP(bind.text) === 0 && bind.text !== "localhost") {
    const fix = "write an address such as 127.0.0.1 or ::; the port is --port";
    throw new ConfigError(`${bind.source} "${bind.text}": ${fix}`);
  }
  if (port !== undefined) return { bind: bind?.text, port: wholeNumber(port, 0, { from: 0, to: 65_535 }) };
  if (bind === undefined) return undefined;
  throw new ConfigError(`${bind.source}: nothing listens without a port; give --port`);
}

function apiConfig(read: (flag: ConfigFlag) => Given | undefined): ApiConfig {
  const bind = read("bind")?.text ?? "127.0.0.1";
  const auth = apiAuth(read("auth"), read("tokenFile"));
  if (auth.kind === "none" && !isLoopback(bind)) {
    const fix = "say whom to answer by --auth kubernetes or --token-file FILE, or bind to 127.0.0.1";
    throw new ConfigError(`${read("bind")?.source ?? ""} "${bind}" would let everybody who reaches it read: ${fix}`);
  }
  return { bind, port: wholeNumber(read("apiPort"), 8090, { from: 0, to: 65_535 }), auth };
}

function apiAuth(given: Given | undefined, tokenFile: Given | undefined): ApiAuth {
  const how = given?.text ?? (tokenFile === undefined ? "none" : "token");
  if (how === "token") {
    if (tokenFile !== undefined) return { kind: "token", file: tokenFile.text };
    throw new ConfigError(`${given?.source ?? ""} "token": name the file with the tokens by --token-file`);
  }
  if (how !== "kubernetes" && how !== "none")
    throw new ConfigError(`${given?.source ?? ""} "${how}": write kubernetes, token or none`);
  if (tokenFile === undefined) return { kind: how };
  throw new ConfigError(`${tokenFile.source}: tokens of a file are not asked for with ${given?.source ?? ""} "${how}"`);
}

/** Whether only this machine can reach the address. */
export function isLoopback(address: string): boolean {
  return address === "localhost" || address === "::1" || /^127\.\d+\.\d+\.\d+$/.test(address);
}

interface Given {
  readonly text: string;
  /** The origin of the value, for errors. */
  readonly source: string;
}

function readSetting(flag: ConfigFlag, flags: ConfigFlags, env: Environment): Given | undefined {
  const given = flags[flag];
  if (given !== undefined && given !== "") return { text: given, source: flagText(flag) };
  const variable = SETTINGS[flag].env.find((each) => (env[each] ?? "") !== "");
  return variable === undefined ? undefined : { text: env[variable] ?? "", source: `$${variable}` };
}

/** The URL holds a secret, so errors never show it. */
function redisUrl({ text, source }: Given): string {
  const fault = urlFault(text);
  if (fault === undefined) return text;
  throw new ConfigError(`${source} ${fault}`);
}

const TLS_FLAGS = ["redisCa", "redisCert", "redisKey", "redisServerName"] as const;

function redisAccess(
  redis: Given | undefined,
  read: (flag: ConfigFlag) => Given | undefined,
  env: Environment,
): RedisAccessConfig {
  const password = env["KOREO_REDIS_PASSWORD"] || undefined;
  const passwordFile = read("redisPasswordFile");
  if (password !== undefined && passwordFile !== undefined)
    throw new ConfigError(`${passwordFile.source} and $KOREO_REDIS_PASSWORD both give a password; keep one of them`);
  const [user, ca, cert, key, serverName] = (["redisUser", ...TLS_FLAGS] as const).map(read);
  if ((cert === undefined) !== (key === undefined))
    throw new ConfigError(`${(cert ?? key)?.source ?? ""}: a certificate and its key go together, give both`);
  const ofTls = [ca, cert, key, serverName].find((given) => given !== undefined);
  if (ofTls !== undefined && redis !== undefined && !/^rediss:/i.test(redis.text))
    throw new ConfigError(`${ofTls.source} is about TLS, and ${redis.source} is redis://; write rediss://`);
  return {
    user: user?.text,
    password,
    passwordFile: passwordFile?.text,
    caFile: ca?.text,
    certFile: cert?.text,
    keyFile: key?.text,
    serverName: serverName?.text,
  };
}

function name(given: Given | undefined): string {
  if (given === undefined) return "koreo";
  if (/^[a-z0-9][a-z0-9.-]{0,62}$/.test(given.text)) return given.text;
  throw new ConfigError(
    `${given.source} "${given.text}": use lower-case letters, digits, "." and "-" only, at most 63`,
  );
}

function triggerNamespaces(given: Given | undefined): readonly string[] | "all" {
  return given === undefined || given.text === "all" || given.text === "*" ? "all" : namespaceList(given);
}

function definitionNamespaces(given: Given | undefined, env: Environment): readonly string[] | undefined {
  if (given !== undefined) return namespaceList(given);
  const koreo = ["KOREO_NAMESPACE", "TEMPLATE_NAMESPACE"].flatMap((variable) => {
    const text = env[variable] ?? "";
    return text === "" ? [] : namespaceList({ text, source: `$${variable}` });
  });
  return koreo.length === 0 ? undefined : [...new Set(koreo)];
}

function namespaceList({ text, source }: Given): readonly string[] {
  const names = text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  const wrong = names.find((each) => !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(each));
  if (wrong !== undefined)
    throw new ConfigError(`${source}: "${wrong}" is no namespace name; separate names by commas`);
  if (names.length === 0) throw new ConfigError(`${source} names no namespace`);
  return [...new Set(names)];
}

function wholeNumber(
  given: Given | undefined,
  byDefault: number,
  range: { readonly from: number; readonly to: number },
): number {
  if (given === undefined) return byDefault;
  const value = /^\d+$/.test(given.text) ? Number(given.text) : Number.NaN;
  if (value >= range.from && value <= range.to) return value;
  throw new ConfigError(`${given.source} "${given.text}": write a whole number from ${range.from} to ${range.to}`);
}

function logLevel(given: Given | undefined): LogLevel {
  if (given === undefined) return "info";
  const level = given.text.toLowerCase();
  const known = level === "warning" ? "warn" : level; // Python's name for it
  if (known === "debug" || known === "info" || known === "warn" || known === "error") return known;
  throw new ConfigError(`${given.source} "${given.text}": write debug, info, warn or error`);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `90s`, `20m`, `1h30m`, as Go and kubectl write durations. */
function duration(given: Given | undefined, byDefault: number, minMs: number): number {
  if (given === undefined) return byDefault;
  const parts = [...given.text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const isWhole = parts.map(([part]) => part).join("") === given.text && parts.length > 0;
  const ms = parts.reduce((sum, [, count = "", unit = ""]) => sum + Number(count) * (UNITS[unit] ?? 0), 0);
  if (isWhole && ms >= minMs) return Math.round(ms);
  throw new ConfigError(
    `${given.source} "${given.text}": write a time such as 90s, 20m or 1h30m, at least ${minMs} ms`,
  );
}
