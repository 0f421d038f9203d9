/**
 * values.schema.json: made of the defaults' types, the comments, and the rules that neither can tell. Unknown values are
 * refused, so that a misspelt one is not silently ignored.
 */
import type { JsonObject } from "../../../src/core/json.ts";
import { RULES } from "./rules.ts";
import type { ChartValue } from "./values.ts";

/** Roles whose sections take everything that `pods` has. */
const ROLES = ["watcher", "worker", "api"];
/** What a tenant may set for itself, beside its namespaces and its Redis. */
const OF_A_TENANT = ["rbac", "settings", "tracing", "pods", ...ROLES];
/** What belongs to the Redis that a tenant brings; it never gets the release's. */
const OF_A_TENANTS_REDIS = [
  "existingSecret",
  "existingSecretKey",
  "user",
  "passwordSecret",
  "passwordSecretKey",
  "tls",
];

export function schemaOf(values: readonly ChartValue[]): JsonObject {
  const podValues = values.find(({ name }) => name === "pods")?.members ?? [];
  const redisValues = values.find(({ name }) => name === "redis")?.members ?? [];
  const properties = Object.fromEntries(
    values.map((value) => [value.name, ROLES.includes(value.name) ? roleSchema(value, podValues) : schema(value)]),
  );
  const definitions = Object.fromEntries(OF_A_TENANT.map((name) => [name, properties[name] ?? {}]));
  const references = Object.fromEntries(OF_A_TENANT.map((name) => [name, { $ref: `#/definitions/${name}` }]));
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Values of the chart koreo; written by `npm run chart:docs`",
    ...object({
      ...properties,
      ...references,
      tenants: { ...properties["tenants"], additionalProperties: tenantSchema(properties, references, redisValues) },
      // Of a chart that has this one as a part.
      global: { type: "object" },
      // Of the original chart: let through here, refused by templates/checks.yaml in words that help.
      controller: {},
      ui: {},
    }),
    definitions,
  };
}

function roleSchema(value: ChartValue, podValues: readonly ChartValue[]): JsonObject {
  const own = value.members.map((member) => [member.name, schema(member)]);
  const shared = podValues.map(({ name }) => [name, { $ref: `#/definitions/pods/properties/${name}` }]);
  return described(value, object(Object.fromEntries([...own, ...shared]) as JsonObject));
}

function tenantSchema(
  properties: Readonly<Record<string, JsonObject>>,
  references: JsonObject,
  redisValues: readonly ChartValue[],
): JsonObject {
  const { definitionNamespaces = {}, triggerNamespaces = {} } = properties;
  const ofRedis = redisValues.filter(({ name }) => OF_A_TENANTS_REDIS.includes(name));
  const redis = object(Object.fromEntries(ofRedis.map((value) => [value.name, schema(value)])));
  return {
    ...object({
      definitionNamespaces: { ...definitionNamespaces, minItems: 1 },
      triggerNamespaces: { ...triggerNamespaces, minItems: 1 },
      redis,
      ...references,
    }),
    required: ["definitionNamespaces", "triggerNamespaces"],
  };
}

function schema(value: ChartValue): JsonObject {
  if (value.members.length === 0) return described(value, { ...typeOf(value), ...RULES[value.path] });
  const properties = Object.fromEntries(value.members.map((member) => [member.name, schema(member)]));
  return described(value, object(properties));
}

function typeOf({ value }: ChartValue): JsonObject {
  if (Array.isArray(value)) return { type: "array" };
  switch (typeof value) {
    case "string":
      return { type: "string" };
    case "boolean":
      return { type: "boolean" };
    case "number":
      return { type: "integer", minimum: 0 };
    default:
      return { type: ["object", "null"] };
  }
}

function object(properties: JsonObject): JsonObject {
  return { type: "object", properties, additionalProperties: false };
}

function described({ description }: ChartValue, rest: JsonObject): JsonObject {
  return { description, ...rest };
}
