/**
 * Who asks, and what they may see. Three ways: everybody (loopback only), whoever has a token of a file, or the users of
 * the cluster, with the rights they have there. Tokens are never logged, and never kept in clear.
 */
import type { IncomingHttpHeaders } from "node:http";
import { Problem } from "./problem.ts";

/** What is asked for, in Kubernetes' words. */
export interface Right {
  readonly verb: "get" | "list";
  readonly group: string;
  /** Lower-case plural. */
  readonly resource: string;
  /** Absent: in all namespaces. */
  readonly namespace?: string;
  /** Absent: any. */
  readonly name?: string;
}

/** Somebody who may ask. Asked for a right again and again, it answers from what it heard a moment ago. */
export interface Caller {
  /** Tells users apart; absent where nobody asks who they are. */
  readonly user?: string;
  /** @throws Problem 503 when nobody can tell now */
  may(right: Right): Promise<boolean>;
}

export interface Authenticator {
  /** @throws Problem 401, or 403 for a request that comes in a wrong way; 503 when nobody can tell now */
  identify(headers: IncomingHttpHeaders): Promise<Caller>;
}

/** May see everything. */
export const ANYBODY: Caller = { may: () => Promise.resolve(true) };

/** @throws Problem 403 naming the right that is missing */
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
 * Everybody on this machine. The name they call us by must be this machine's: a web page can make a browser ask a name of
 * its own that leads here, and would then read the answer.
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
