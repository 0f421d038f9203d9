/**
 * What the API server checks beyond the schema: the rules under `x-kubernetes-validations` of our CRDs, evaluated with our own
 * expressions. A definition that runs here may still be refused there.
 */
import { compileExpression } from "../cel/compile.ts";
import { isList, isPlainMap, type Value } from "../cel/value.ts";
import { isJsonObject, member, memberAt, textMember, type JsonObject, type JsonValue } from "../json.ts";
import type { DefinitionSource } from "../manifest/definition.ts";
import type { Finding } from "./finding.ts";

/** The schema of `spec` by kind. */
export type SpecSchemas = ReadonlyMap<string, JsonObject>;

/** @param crds - whole CustomResourceDefinitions */
export function specSchemasOf(crds: readonly JsonValue[]): SpecSchemas {
  const schemas = crds.flatMap((crd) => {
    const versions = memberAt(crd, ["spec", "versions"]);
    const [first] = Array.isArray(versions) ? (versions as readonly JsonValue[]) : [];
    const schema = memberAt(first, ["schema", "openAPIV3Schema", "properties", "spec"]);
    return isJsonObject(schema) ? [[textMember(memberAt(crd, ["spec", "names"]), "kind"), schema] as const] : [];
  });
  return new Map(schemas);
}

export function checkApiRules(source: DefinitionSource, schemas: SpecSchemas): readonly Finding[] {
  const schema = schemas.get(source.kind);
  if (schema === undefined) return [];
  return broken(schema, source.spec, "spec").map(({ path, message }) => ({
    severity: "error",
    rule: "api-server",
    definition: source,
    path,
    message: `${path} ${message}`,
  }));
}

interface Broken {
  readonly path: string;
  readonly message: string;
}

function broken(schema: JsonObject, value: Value, path: string): readonly Broken[] {
  return [...ownRules(schema, value, path), ...belowRules(schema, value, path)];
}

function ownRules(schema: JsonObject, value: Value, path: string): readonly Broken[] {
  const rules = member(schema, "x-kubernetes-validations");
  if (!Array.isArray(rules)) return [];
  return (rules as readonly JsonValue[]).flatMap((rule) => {
    const text = textMember(rule, "rule");
    const compiled = compileExpression(text, "rule");
    if (compiled.kind === "fault") return [];
    // A rule that fails for a value of another type is the schema's finding, not this one.
    return compiled.program.evaluate({ self: value }) === false
      ? [{ path, message: textMember(rule, "message") || `must satisfy ${text}` }]
      : [];
  });
}

function belowRules(schema: JsonObject, value: Value, path: string): readonly Broken[] {
  if (isList(value)) {
    const items = member(schema, "items");
    return isJsonObject(items) ? value.flatMap((item, index) => broken(items, item, `${path}[${index}]`)) : [];
  }
  if (!isPlainMap(value)) return [];
  const additional = member(schema, "additionalProperties");
  return Object.entries(value).flatMap(([name, inner]) => {
    const below = memberAt(schema, ["properties", name]) ?? additional;
    return isJsonObject(below) ? broken(below, inner, `${path}.${name}`) : [];
  });
}
