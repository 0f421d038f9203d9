/** From a request line to a route and its parameters, with a bound on everything: the pure half of the server. */
import { Problem } from "./problem.ts";
import { pathParameters, type Route } from "./route.ts";
import type { JsonObject } from "../../core/json.ts";

/** Every path begins with it. */
export const API_ROOT = "/api/v1";

/** Longest path with query, in characters. A page's `continue` may take most of it. */
export const MAX_URL = 4096;
const MAX_QUERY_PARAMETERS = 20;
const METHODS = ["GET", "HEAD"] as const;

export interface Routed {
  readonly route: Route;
  readonly parameters: JsonObject;
}

/**
 * @param url - as in the request line
 * @throws Problem 400, 404, 405 or 414
 */
export function routeRequest(routes: readonly Route[], method: string, url: string): Routed {
  if (url.length > MAX_URL) throw new Problem(414, `the address is longer than ${MAX_URL} characters`);
  const mark = url.indexOf("?");
  const [path, query] = mark < 0 ? [url, ""] : [url.slice(0, mark), url.slice(mark + 1)];
  const parts = decoded(path);
  const [route, inPath] = find(routes, parts) ?? [];
  if (route === undefined || inPath === undefined)
    throw new Problem(404, `nothing is here; ${API_ROOT}/openapi.json says what is where`);
  if (!METHODS.some((each) => each === method))
    throw new Problem(405, "this API only reads: use GET", { allow: METHODS.join(", ") });
  return { route, parameters: route.check({ ...inQuery(query, route), ...inPath }) };
}

/** Decoded parts of a path. @throws Problem 400 for one that is not UTF-8, or has a character that names cannot have */
function decoded(path: string): readonly string[] {
  try {
    const parts = path.split("/").map(decodeURIComponent);
    if (!parts.some((part) => /[\u0000-\u001f\u007f/]/.test(part))) return parts;
  } catch {
    throw new Problem(400, "the path is not encoded as an address has to be");
  }
  throw new Problem(400, "the path holds characters that no name has");
}

function find(
  routes: readonly Route[],
  parts: readonly string[],
): readonly [Route, Readonly<Record<string, string>>] | undefined {
  for (const route of routes) {
    const template = `${API_ROOT}${route.path}`.split("/");
    if (template.length !== parts.length) continue;
    const fits = template.every((part, index) => part.startsWith("{") || part === parts[index]);
    if (!fits) continue;
    const values = pathParameters(route.path).map((name) => [name, parts[template.indexOf(`{${name}}`)] ?? ""]);
    return [route, Object.fromEntries(values) as Readonly<Record<string, string>>];
  }
  return undefined;
}

function inQuery(query: string, route: Route): Readonly<Record<string, string>> {
  if (query === "") return {};
  const pairs = [...new URLSearchParams(query)];
  if (pairs.length > MAX_QUERY_PARAMETERS) throw new Problem(400, `more than ${MAX_QUERY_PARAMETERS} query parameters`);
  const given = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (given.has(name)) throw new Problem(400, `query parameter "${name.slice(0, 40)}" is given twice`);
    given.set(name, value);
  }
  const misplaced = pathParameters(route.path).find((name) => given.has(name));
  if (misplaced !== undefined) {
    // A name in both the path and the query would hide one of the two; no route has that.
    throw new Problem(400, `unknown query parameter "${misplaced}": it stands in the path`);
  }
  return Object.fromEntries(given);
}
