/**
 * Opens connections to Redis with the one set of options everything of ours relies on: a command is never queued and
 * never sent twice behind our back, a silent server becomes a reconnect, and every fault of the connection reaches
 * callers as `StoreUnavailable`. Also checks that a server is set up so that it does not lose what we store.
 */
import { isIP } from "node:net";
import { Redis, type RedisOptions } from "ioredis";
import { StoreUnavailable } from "../../engine/ports/key-store.ts";
import { troubleText } from "./connection-trouble.ts";
import { accessOf, describeTarget, parsedUrl, type RedisTarget } from "./target.ts";

export interface ConnectionOptions {
  /** Hears every connection error, also those no command was waiting for. They repeat: rate-limit the log. */
  readonly onError: (error: Error) => void;
  /**
   * Milliseconds without any answer to a sent command after which the connection is cut and built anew; default 3000,
   * 0 for connections that block on purpose.
   */
  readonly silenceMs?: number;
  /** True: connects only when asked to, by `connect()`. */
  readonly lazy?: boolean;
}

const CONNECT_TIMEOUT_MS = 2000;
const SILENCE_MS = 3000;
const MAX_RECONNECT_DELAY_MS = 1000;

/**
 * Opens a connection that keeps reconnecting until `quit()` or `disconnect()`. It returns at once; commands reject
 * while there is no connection, so wait with `untilReady` first.
 *
 * @throws Error when the target is no Redis URL; the message does not contain it
 */
export function openRedis(target: RedisTarget, options: ConnectionOptions): Redis {
  const url = parsedUrl(target);
  const silenceMs = options.silenceMs ?? SILENCE_MS;
  const settings = {
    // Hidden queueing and resending would let a take run on a later connection than the one it was asked on.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 5), MAX_RECONNECT_DELAY_MS),
    lazyConnect: options.lazy ?? false,
    // A timeout of one command would leave a take that nobody holds; a cut connection makes its owner reclaim.
    ...(silenceMs > 0 ? { socketTimeout: silenceMs } : {}),
    // Client info would need one more right, only to tell the server the client library's name.
    disableClientInfo: true,
    ...credentials(target, url),
  };
  const redis = new Redis(url.href, settings); // the client knows `rediss:` only in lower case, as `href` has it
  redis.on("error", options.onError);
  return redis;
}

/** Options beside the URL. Takes user and password out of it where they are given apart: the client prefers the URL. */
function credentials(target: RedisTarget, url: URL): Pick<RedisOptions, "username" | "password" | "tls"> {
  const { username, password, tls } = accessOf(target);
  const named = username === undefined ? {} : { username };
  const known = password === undefined ? named : { username: decodeURIComponent(url.username), ...named, password };
  if (password !== undefined || username !== undefined) {
    if (password === undefined) Object.assign(known, { password: decodeURIComponent(url.password) });
    url.username = "";
    url.password = "";
  }
  if (url.protocol !== "rediss:") return known;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  // An address has no name to ask for: the certificate is then checked against the address itself.
  const servername = tls?.serverName ?? (isIP(host) === 0 ? host : undefined);
  const { ca, cert, key } = tls ?? {};
  return { ...known, tls: { ...defined({ ca, cert, key, servername }), minVersion: "TLSv1.2" } };
}

function defined<T extends object>(members: T): { [name in keyof T]?: Exclude<T[name], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}

/**
 * Waits until commands can be sent.
 *
 * @throws StoreUnavailable naming the target when that takes longer than `timeoutMs`
 */
export async function untilReady(redis: Redis, target: RedisTarget, timeoutMs: number): Promise<void> {
  if (redis.status === "ready") return;
  let lastError: Error | undefined;
  const remember = (error: Error) => void (lastError = error);
  redis.on("error", remember);
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        redis.off("ready", arrived);
        const why = lastError === undefined ? "no answer" : troubleText(lastError);
        reject(new StoreUnavailable(`Redis at ${describeTarget(target)} cannot be reached: ${why}`));
      }, timeoutMs);
      const arrived = () => {
        clearTimeout(timer);
        resolve();
      };
      redis.once("ready", arrived);
    });
  } finally {
    redis.off("error", remember);
  }
}

/** Ends a connection politely where it is up, at once where it is not. */
export async function closeRedis(redis: Redis): Promise<void> {
  if (redis.status === "ready") await redis.quit().catch(() => redis.disconnect());
  else redis.disconnect();
}

/**
 * Replies about the server's state, not the request: sending the same again later may work. A changed password or
 * permission is among them: operators change it back, or ours, while we go on asking.
 */
const TRANSIENT_REPLIES: ReadonlySet<string> = new Set([
  "BUSY",
  "CLUSTERDOWN",
  "DENIED",
  "LOADING",
  "MASTERDOWN",
  "MISCONF",
  "NOAUTH",
  "NOPERM",
  "NOREPLICAS",
  "OOM",
  "READONLY",
  "TRYAGAIN",
  "WRONGPASS",
]);

/** How Redis before 7.0 wraps the refusal of a command in a script. */
const REFUSED_IN_SCRIPT = /^ERR Error running script .*?: -([A-Z]+) /;

/** First word of a reply, or of the refusal inside it. */
function replyCode(message: string): string {
  return REFUSED_IN_SCRIPT.exec(message)?.[1] ?? message.split(" ", 1)[0] ?? "";
}

/**
 * Waits for a reply of Redis and gives every fault of the connection, or of the server's state, one name.
 *
 * @throws StoreUnavailable when the same request may work later; any other error (a bug of ours) as it is
 */
export async function orUnavailable<T>(reply: Promise<T>): Promise<T> {
  try {
    return await reply;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isReply = error.name === "ReplyError";
    if (isReply && !TRANSIENT_REPLIES.has(replyCode(error.message))) throw error;
    throw new StoreUnavailable(error.message, { cause: error });
  }
}

/** Something about a server's set-up that the operator should know, with the way to change it. */
export interface RedisFinding {
  /** `error`: do not start. `warning`: say it once. */
  readonly severity: "error" | "warning";
  readonly message: string;
}

const OLDEST_VERSION = [6, 2] as const;

/**
 * Checks that the server keeps what we store: its version, that it never evicts keys, that it has a log on disk. Only
 * `INFO` is asked, because hosted servers forbid `CONFIG`.
 *
 * @returns what is wrong; empty when all is well
 * @throws StoreUnavailable when there is no connection
 */
export async function checkRedisSettings(redis: { info(): Promise<string> }): Promise<readonly RedisFinding[]> {
  const info = parseInfo(await orUnavailable(redis.info()));
  const findings = [checkVersion(info), checkEviction(info), checkPersistence(info)];
  return findings.filter((finding) => finding !== undefined);
}

type Info = ReadonlyMap<string, string>;

function parseInfo(text: string): Info {
  const pairs = text.split(/\r?\n/).map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1)];
  });
  return new Map(pairs);
}

function checkVersion(info: Info): RedisFinding | undefined {
  const version = info.get("redis_version");
  if (version === undefined) return unchecked("its version", "redis_version");
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > OLDEST_VERSION[0] || (major === OLDEST_VERSION[0] && minor >= OLDEST_VERSION[1])) return undefined;
  const message = `Redis is ${version}, and ${OLDEST_VERSION.join(".")} or newer is needed; upgrade Redis, or use Valkey`;
  return { severity: "error", message };
}

function checkEviction(info: Info): RedisFinding | undefined {
  const policy = info.get("maxmemory_policy");
  if (policy === undefined) return unchecked("maxmemory-policy", "maxmemory_policy");
  if (policy === "noeviction") return undefined;
  const message =
    `Redis has maxmemory-policy ${policy}: it would drop queued keys when memory is short; ` +
    "set it with: CONFIG SET maxmemory-policy noeviction (and in redis.conf)";
  return { severity: "error", message };
}

function checkPersistence(info: Info): RedisFinding | undefined {
  const enabled = info.get("aof_enabled");
  if (enabled === undefined) return unchecked("appendonly", "aof_enabled");
  if (enabled === "1") return undefined;
  const message =
    "Redis keeps no append-only file: after a crash of Redis the last minutes may be lost (without snapshots everything), " +
    "and the watchers notice the restart and list everything anew. To keep all but the last second, set it with: " +
    "CONFIG SET appendonly yes (and in redis.conf: appendonly yes, appendfsync everysec)";
  return { severity: "warning", message };
}

function unchecked(what: string, field: string): RedisFinding {
  return { severity: "warning", message: `could not check ${what}: this Redis does not tell ${field} in INFO` };
}
