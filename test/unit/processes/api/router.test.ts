/** From request lines to routes: what is found, and every way to be refused. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Problem } from "../../../../src/processes/api/problem.ts";
import { jsonRoute } from "../../../../src/processes/api/route.ts";
import { MAX_URL, routeRequest } from "../../../../src/processes/api/router.ts";
import { choice, count, flag, optional, record, text } from "../../../../src/processes/api/schema.ts";
import { NAME_RULES } from "../../../../src/processes/api/views.ts";

const common = { summary: "", tag: "", answer: record("", {}), handle: () => Promise.resolve({}) };
const ROUTES = [
  jsonRoute({
    ...common,
    operationId: "list",
    path: "/things",
    parameters: {
      limit: optional(count("", { minimum: 1, maximum: 500, default: 100 })),
      sort: optional(choice(["up", "down"], "")),
      all: optional(flag("")),
    },
  }),
  jsonRoute({ ...common, operationId: "one", path: "/things/{name}", parameters: { name: text("", NAME_RULES) } }),
];
const ask = (url: string, method = "GET") => routeRequest(ROUTES, method, `/api/v1${url}`);
const refusal = (url: string, method = "GET"): Problem => {
  try {
    ask(url, method);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error(`${url} was not refused`);
};

describe("a request line", () => {
  it.each([
    { url: "/things", route: "list", parameters: { limit: 100 } },
    { url: "/things?limit=7&sort=down", route: "list", parameters: { limit: 7, sort: "down" } },
    { url: "/things/a%20b", route: "one", parameters: { name: "a b" } },
    { url: "/things/%C3%A4", route: "one", parameters: { name: "ä" } },
    { url: "/things/constructor", route: "one", parameters: { name: "constructor" } },
  ])("$url is $route", ({ url, route, parameters }) => {
    const found = ask(url);
    expect([found.route.operationId, found.parameters]).toEqual([route, parameters]);
  });

  it.each([
    { url: "/nothing", status: 404, says: "/api/v1/openapi.json" },
    { url: "/things/", status: 400, says: 'parameter "name"' },
    { url: "/things/a/b", status: 404, says: "openapi" },
    { url: "/Things", status: 404, says: "openapi" },
    { url: "//things", status: 404, says: "openapi" },
    { url: "/things/..", status: 400, says: 'parameter "name"' },
    { url: "/things/%2e%2e", status: 400, says: 'parameter "name"' },
    { url: "/things/a%2fb", status: 400, says: "characters" },
    { url: "/things/a%00", status: 400, says: "characters" },
    { url: "/things/%FF", status: 400, says: "encoded" },
    { url: `/things/${"a".repeat(254)}`, status: 400, says: "253" },
    { url: `/things/${"a".repeat(MAX_URL)}`, status: 414, says: "longer" },
    { url: "/things?limit=0", status: 400, says: 'parameter "limit": must be >= 1' },
    { url: "/things?limit=501", status: 400, says: "500" },
    { url: "/things?limit=1.5", status: 400, says: "integer" },
    { url: "/things?limit=", status: 400, says: "integer" },
    { url: "/things?sort=sideways", status: 400, says: 'parameter "sort"' },
    { url: "/things?limits=1", status: 400, says: 'unknown query parameter "limits": known are limit, sort, all' },
    { url: "/things?limit=1&limit=1", status: 400, says: "twice" },
    { url: "/things/a?name=b", status: 400, says: "stands in the path" },
    { url: `/things?${"a=1&".repeat(21)}`, status: 400, says: "20 query parameters" },
  ])("$url is refused with $status", ({ url, status, says }) => {
    const problem = refusal(url);
    expect([problem.status, problem.message]).toEqual([status, expect.stringContaining(says)]);
  });

  it("of another method is told which there are; where nothing is, that comes first", () => {
    expect(refusal("/things", "DELETE")).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    expect(refusal("/nothing", "DELETE").status).toBe(404);
  });

  it("of any kind is routed or refused, and never breaks", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (url) => {
        try {
          routeRequest(ROUTES, "GET", url.length % 2 === 0 ? url : `/api/v1/things${url}`);
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
