/** The whole API of one cluster, from its ports to an open port: the API process runs it, and tests start it. */
import { openApiDocument } from "./openapi.ts";
import { definitionRoutes } from "./definition-routes.ts";
import { eventRoutes } from "./event-routes.ts";
import { instanceRoutes } from "./instance-routes.ts";
import type { ApiPorts, ApiScope } from "./ports.ts";
import { queueRoutes } from "./queue-routes.ts";
import { jsonRoute, type Route } from "./route.ts";
import type { Schema } from "./schema.ts";

/** @param version - version of the program */
export function apiRoutes(ports: ApiPorts, scope: ApiScope, version: string): readonly Route[] {
  const own: Route = jsonRoute({
    operationId: "getOpenApi",
    path: "/openapi.json",
    summary: "This description.",
    tag: "description",
    parameters: {},
    isPublic: true,
    answer: ANY_DOCUMENT,
    handle: () => Promise.resolve(document),
  });
  const routes = [
    own,
    ...definitionRoutes(ports, scope),
    ...instanceRoutes(ports, scope),
    ...queueRoutes(ports, scope),
    ...eventRoutes(ports),
  ];
  const document = openApiDocument(routes, version);
  return routes;
}

const ANY_DOCUMENT: Schema<unknown> = {
  json: { type: "object", description: "An OpenAPI document." },
  components: new Map(),
};
