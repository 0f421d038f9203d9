/** Kubernetes' functions on URLs. */
import { spend } from "../budget.ts";
import { put } from "../maps.ts";
import type { Value } from "../value.ts";
import { functionFault, noSuchOverload, onText, type CelFunction } from "./function.ts";
import { hostAndPort, parseUrl, queryPairs, Url, type UrlParts } from "./url-value.ts";

export const urlFunctions: readonly CelFunction[] = [
  onText(
    "url",
    "url",
    `string(url("HTTPS://koreo.dev/a b")) == "https://koreo.dev/a%20b"`,
    (text, site) => parseUrl(text) ?? functionFault("url: no absolute URL or path", site),
  ),
  onText(
    "isURL",
    "bool",
    `isURL("https://koreo.dev:443/docs") && isURL("/docs") && !isURL("../docs") && !isURL("https://a:b:c/")`,
    (text) => parseUrl(text) !== undefined,
  ),
  onUrl("getScheme", "string", `url("https://koreo.dev/").getScheme() == "https"`, ({ scheme }) => scheme),
  onUrl("getHost", "string", `url("https://[::1]:80/").getHost() == "[::1]:80"`, ({ host }) => host),
  onUrl("getHostname", "string", `url("https://[::1]:80/").getHostname() == "::1"`, ({ host }) => hostAndPort(host)[0]),
  onUrl("getPort", "string", `url("https://koreo.dev:80/").getPort() == "80"`, ({ host }) => hostAndPort(host)[1]),
  onUrl("getEscapedPath", "string", `url("/with space").getEscapedPath() == "/with%20space"`, ({ path }) => path),
  onUrl("getQuery", "map", `url("/x?a=1&b=2&a=3+4").getQuery() == {"a": ["1", "3 4"], "b": ["2"]}`, ({ query }) => {
    const found: Record<string, Value> = {};
    for (const [name, each] of Map.groupBy(queryPairs(query), ([key]) => key)) {
      spend(1 + each.length);
      put(
        found,
        name,
        each.map(([, value]) => value),
      );
    }
    return found;
  }),
];

function onUrl(name: string, gives: string, example: string, apply: (parts: UrlParts) => Value): CelFunction {
  return {
    name,
    signature: `${name}(url) -> ${gives}`,
    example,
    arity: [1, 1],
    apply: (site, value) => (value instanceof Url ? apply(Url.parts(value)) : noSuchOverload(name, site, value)),
  };
}
