/** Which Redis, as which user, and how its TLS is checked. May hold secrets: print only its `describeTarget`. */

/** A URL, or a URL with what it cannot say itself. */
export type RedisTarget = string | RedisAccess;

export interface RedisAccess {
  /** `redis://[user:password@]host:port[/db]`, or `rediss://` for TLS. */
  readonly url: string;
  /** User and password, in place of those of the URL. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Only with `rediss://`. */
  readonly tls?: RedisTls | undefined;
}

/** Contents of PEM files. */
export interface RedisTls {
  /** The CAs that may have signed the server's certificate; Node's own list when left out. */
  readonly ca?: string | undefined;
  /** Our certificate and its key, for servers that ask for one. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** The name the server's certificate must have; the URL's host when left out. */
  readonly serverName?: string | undefined;
}

const FORM =
  "write redis://[user:password@]host:port[/db], or rediss:// for TLS, " +
  'and %2F for "/", %3F for "?", %23 for "#", %40 for "@" in a password';

/** What is wrong with a URL of Redis; undefined when nothing is. The text never contains any part of the URL. */
export function urlFault(text: string): string | undefined {
  if (!/^rediss?:\/\//i.test(text) || !URL.canParse(text)) return `is no Redis URL; ${FORM}`;
  const url = new URL(text);
  // Text behind an unescaped "/", "?" or "#" is more likely the rest of a password than anything else.
  const isCut = !/^\/?\d*$/.test(url.pathname) || url.hash !== "" || url.search.includes("@");
  if (url.hostname === "" || isCut) return `is no Redis URL; ${FORM}`;
  try {
    decodeURIComponent(`${url.username}${url.password}`);
    return undefined;
  } catch {
    return 'has a "%" in user or password that stands for no character; write %25 for it';
  }
}

/**
 * A target as logs may show it: scheme, host, port and database.
 *
 * @throws Error when it is no Redis URL
 */
export function describeTarget(target: RedisTarget): string {
  const { protocol, hostname, port, pathname } = parsedUrl(target);
  return `${protocol}//${hostname}:${port || "6379"}${pathname === "/" ? "" : pathname}`;
}

/** @throws Error when it is no Redis URL; the message does not contain it */
export function parsedUrl(target: RedisTarget): URL {
  const text = accessOf(target).url;
  const fault = urlFault(text);
  if (fault !== undefined) throw new Error(`the Redis target ${fault}`);
  return new URL(text);
}

export function accessOf(target: RedisTarget): RedisAccess {
  return typeof target === "string" ? { url: target } : target;
}
