/**
 * URLs as values, as Kubernetes reads them: with a scheme, or a path from the root. Parsed by hand: the platform's
 * class rewrites the text (default ports, upper case), and accepts text that this refuses.
 */
import { Opaque } from "../value.ts";

export interface UrlParts {
  /** Lower case, "" for a path alone. */
  readonly scheme: string;
  /** Name or address with its port, without user. */
  readonly host: string;
  /** With escapes. */
  readonly path: string;
  /** The part after the first `?`, with escapes. */
  readonly query: string;
}

export class Url extends Opaque {
  readonly #parts: UrlParts;
  constructor(text: string, parts: UrlParts) {
    super("url", text);
    this.#parts = parts;
  }
  static parts(box: Url): UrlParts {
    return box.#parts;
  }
}

const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):/;
const CONTROL = /[\p{Cc}]/u;
const USER = /^[\w.~!$&'()*+,;=:%@-]*$/;
const BRACKETED = /^\[[0-9A-Fa-f:.]+(?:%25[\w.~-]+)?\](?::\d*)?$/;
/** Characters that have a meaning in URLs, or cannot be in names. */
const NO_NAME = /[\s#%/?@[\\\]^`{|}]/;
const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/;

/** @returns undefined when the text has neither of these two forms */
export function parseUrl(text: string): Url | undefined {
  if (text === "" || CONTROL.test(text)) return undefined;
  const scheme = SCHEME.exec(text)?.[1] ?? "";
  const rest = scheme === "" ? text : text.slice(scheme.length + 1);
  const [before, query] = cut(rest, "?");
  if (!before.startsWith("/")) return scheme === "" ? undefined : withoutHost(scheme, before, query);
  const hasAuthority = scheme !== "" && before.startsWith("//");
  const end = hasAuthority ? before.indexOf("/", 2) : 0;
  const authority = hasAuthority ? before.slice(2, end < 0 ? undefined : end) : "";
  const at = authority.lastIndexOf("@");
  const [user, host] = [authority.slice(0, Math.max(at, 0)), authority.slice(at + 1)];
  const path = end < 0 ? "" : before.slice(end);
  if (!USER.test(user) || !isHost(host) || BAD_ESCAPE.test(path)) return undefined;
  const parts = { scheme: scheme.toLowerCase(), host, path: escapedPath(path), query: query ?? "" };
  const start = scheme === "" ? "" : `${parts.scheme}:${hasAuthority ? `//${authority}` : ""}`;
  return new Url(`${start}${parts.path}${query === undefined ? "" : `?${query}`}`, parts);
}

/** `mailto:somebody` and the like: such a URL has only a scheme and a query. */
function withoutHost(scheme: string, opaque: string, query: string | undefined): Url {
  const parts = { scheme: scheme.toLowerCase(), host: "", path: "", query: query ?? "" };
  return new Url(`${parts.scheme}:${opaque}${query === undefined ? "" : `?${query}`}`, parts);
}

function isHost(host: string): boolean {
  if (host.startsWith("[")) return BRACKETED.test(host);
  return !NO_NAME.test(host) && /^\d*$/.test(host.slice(portStart(host) + 1));
}

/** The position of the colon before the port, or the end. */
function portStart(host: string): number {
  const at = host.lastIndexOf(":");
  return at > host.lastIndexOf("]") ? at : host.length;
}

/** Keeps a path that is escaped well; otherwise decodes it and escapes what is not allowed. */
function escapedPath(path: string): string {
  if (/^[\w.~!$&'()*+,;=:@/%[\]-]*$/.test(path)) return path;
  const read = decoded(path) ?? path;
  return read.replace(/[^\w.~$&+,/:;=@-]+/g, (part) =>
    encodeURIComponent(part.toWellFormed()).replace(/[!'()*]/g, hex),
  );
}

function hex(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** The host without port and brackets; and the port. */
export function hostAndPort(host: string): readonly [name: string, port: string] {
  const name = host.slice(0, portStart(host));
  return [name.startsWith("[") ? name.slice(1, -1) : name, host.slice(name.length + 1)];
}

/** The pairs of a query, in order, without those that are badly escaped. */
export function queryPairs(query: string): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (const part of query.split("&")) {
    if (part === "" || part.includes(";")) continue;
    const [name, value] = cut(part.replaceAll("+", " "), "=").map((each) => decoded(each ?? ""));
    if (name !== undefined && value !== undefined) pairs.push([name, value]);
  }
  return pairs;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // only a bad escape throws here
  }
}

function cut(text: string, by: string): readonly [string, string | undefined] {
  const at = text.indexOf(by);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + by.length)];
}
