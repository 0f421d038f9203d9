/**
 * Who sends a request, and what they may see. There are three ways: everybody (only on loopback), anybody with a token
 * from a file, or the users of the cluster with their rights there. Tokens are never logged, and never stored in clear.
 */
import type { IncomingHttpHeaders } from "node:http";
import { Problem } from "./problem.ts";

/** A right in Kubernetes' words. */
export interface Right {
  readonly verb: "get" | "list";
  readonly group: string;
  /** Lower-case plural. */
  readonly resource: string;
  /** Absent: all namespaces. */
  readonly namespace?: string;
  /** Absent: any. */
  readonly name?: string;
}

/** Somebody who may send requests. Rights that were checked a moment ago are answered from memory. */
export interface Caller {
  /** Distinguishes users; absent when the caller is not identified. */
  readonly user?: string;
  /** @throws Problem 503 when nobody can tell now */
  may(right: Right): Promise<boolean>;
}

export interface Authenticator {
  /** @throws Problem 401; 403 for a request that arrives in a wrong way; 503 when nobody can tell now */
  identify(headers: IncomingHttpHeaders): Promise<Caller>;
}

/** A caller that may see everything. */
export const ANYBODY: Caller = { may: () => Promise.resolve(true) };

/** @throws Problem 403 naming the missing right */
export async function demand(caller: Caller, right: Right): Promise<void> {
  if (await caller.may(right)) return;
  const { verb, group, resource, namespace, name } = right;
  const what = `${verb} ${resource}${group === "" ? "" : `.${group}`}${name === undefined ? "" : ` "${name}"`}`;
  throw new Problem(
    403,
    `you may not ${what} in ${namespace === undefined ? "all namespaces" : `namespace "${namespace}"`}`,
  );
}

const LOOPBACK_HOST = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/i;

/**
 * Accepts everybody on this machine. The Host header must name this machine: otherwise a web page could make a browser
 * use the page's own name for this address, and read the answer.
 */
export const openAuthenticator: Authenticator = {
  identify: ({ host = "" }) =>
    LOOPBACK_HOST.test(host)
      ? Promise.resolve(ANYBODY)
      : Promise.reject(
          new Problem(403, "without authentication only localhost is answered: ask http://127.0.0.1:PORT"),
        ),
};

const BEARER = /^Bearer +([\x21-\x7e]{1,16384})$/i;

/** @throws Problem 401 when there is no bearer token */
export function bearerToken({ authorization = "" }: IncomingHttpHeaders): string {
  const [, token] = BEARER.exec(authorization) ?? [];
  if (token === undefined) throw unauthorized("give a bearer token in the header Authorization");
  return token;
}

export function unauthorized(detail: string): Problem {
  return new Problem(401, detail, { "www-authenticate": 'Bearer realm="koreo"' });
}
