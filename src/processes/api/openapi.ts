/** The OpenAPI 3.1 document, made from the routes themselves. */
import type { JsonObject } from "../../core/json.ts";
import { PROBLEM, PROBLEM_TYPE } from "./problem.ts";
import { API_ROOT } from "./router.ts";
import { pathParameters, type Route } from "./route.ts";
import { isOptional, joined } from "./schema.ts";

/** Statuses that any route may end with. */
const ALWAYS = [400, 405, 414, 500, 503] as const;
/** Statuses of any route that identifies its caller. */
const WITH_CALLER = [401, 403, 504] as const;

const PROBLEM_ANSWER: JsonObject = { content: { [PROBLEM_TYPE]: { schema: PROBLEM.json } } };

/** @param version - version of the program */
export function openApiDocument(routes: readonly Route[], version: string): JsonObject {
  const schemas = joined([PROBLEM.components, ...routes.map((route) => schemaOf(route).components)]);
  return {
    openapi: "3.1.0",
    info: {
      title: "Koreo Cluster",
      version,
      description:
        "What a Koreo cluster does, to look at: definitions, their triggers (instances), the queue and the watchers. It only reads, and answers no spec and no data of any object.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: API_ROOT }],
    security: [{ bearer: [] }, {}],
    paths: Object.fromEntries(routes.map((route) => [route.path, { get: operationOf(route) }])),
    components: {
      schemas: Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description:
            "A token of a user of the cluster, or of the token file; which, is the operator's choice. None on loopback.",
        },
      },
    },
  };
}

function schemaOf(route: Route) {
  return "answer" in route ? route.answer : route.events;
}

function operationOf(route: Route): JsonObject {
  const { operationId, summary, tag, isPublic = false } = route;
  const inPath = pathParameters(route.path);
  const statuses = [...ALWAYS, ...(isPublic ? [] : WITH_CALLER), ...(route.problems ?? [])].sort((a, b) => a - b);
  const parameters = Object.entries(route.parameters).map(([name, schema]) => {
    const { description = "", ...rest } = schema.json;
    const place = inPath.includes(name) ? "path" : "query";
    return { name, in: place, required: !isOptional(schema), description, schema: rest };
  });
  const content = "answer" in route ? "application/json" : "text/event-stream";
  return {
    operationId,
    summary,
    tags: [tag],
    ...(isPublic ? { security: [{}] } : {}),
    parameters,
    responses: {
      200: { description: summary, content: { [content]: { schema: schemaOf(route).json } } },
      ...Object.fromEntries(
        statuses.map((status) => [status, { description: MEANING[status] ?? "", ...PROBLEM_ANSWER }]),
      ),
    },
  };
}

const MEANING: Readonly<Record<number, string>> = {
  400: "A parameter is not as it has to be.",
  401: "There is no token, or nobody knows it.",
  403: "A right is missing, or the request comes in a wrong way.",
  404: "There is no such thing.",
  405: "Something other than GET was asked.",
  410: "The list has changed too much to go on with it.",
  414: "The address is too long.",
  500: "A bug in Koreo Cluster.",
  502: "The API's own account lacks a right, or the Kubernetes API server answers what it should not.",
  503: "Too much is asked at once, or the Kubernetes API server or Redis is away; see Retry-After.",
  504: "The Kubernetes API server or Redis gave no answer in time.",
};
