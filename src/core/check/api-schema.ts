/**
 * What the API server checks of a spec beyond plain JSON Schema (see `manifest/schema.ts`): members the schema lacks,
 * rules under `x-kubernetes-validations`, keys of lists that are maps, and objects inside the definition.
 */
import { compileExpression } from "../cel/compile.ts";
import { memberPath } from "../cel/fragment.ts";
import { isList, isPlainMap, type Value, type ValueMap } from "../cel/value.ts";
import { canonicalText } from "../hash.ts";
import { isJsonObject, type JsonObject, type JsonValue, listOf, member, memberAt, textMember } from "../json.ts";
import { field } from "../manifest/definition.ts";
import { unknownMember, type ApiFault } from "./api-fault.ts";
import { checkMetadata } from "./api-metadata.ts";
import { apiVersionFault, kindFault } from "./api-names.ts";

export function checkAgainst(schema: JsonObject, value: Value, path: string): readonly ApiFault[] {
  const isEmbedded = schema["x-kubernetes-embedded-resource"] === true;
  return [
    ...ruleFaults(schema, value, path),
    ...(isEmbedded && isPlainMap(value) ? embeddedFaults(value, path) : []),
    ...(isList(value) ? listFaults(schema, value, path) : []),
    ...(isPlainMap(value) ? memberFaults(schema, value, path) : []),
  ];
}

function ruleFaults(schema: JsonObject, value: Value, path: string): readonly ApiFault[] {
  return listOf(member(schema, "x-kubernetes-validations")).flatMap((rule) => {
    const text = textMember(rule, "rule");
    const compiled = compileExpression(text, "rule");
    if (compiled.kind === "fault") return [];
    // A rule that fails for a value of another type is a finding of the schema, not of this check.
    if (compiled.program.evaluate({ self: value }) !== false) return [];
    return [faultAt(path, textMember(rule, "message") || `must satisfy ${text}`)];
  });
}

function listFaults(schema: JsonObject, list: readonly Value[], path: string): readonly ApiFault[] {
  const items = member(schema, "items");
  const below = isJsonObject(items)
    ? list.flatMap((item, index) => checkAgainst(items, item, `${path}[${index}]`))
    : [];
  if (schema["x-kubernetes-list-type"] !== "map") return below;
  const keys = listOf(member(schema, "x-kubernetes-list-map-keys")).map(String);
  const seen = new Set<string>();
  const twice = list.flatMap((item, index) => {
    const id = canonicalText(keys.map((key) => field(item, key) ?? null));
    const isKnown = seen.has(id);
    seen.add(id);
    return isKnown ? [faultAt(`${path}[${index}]`, `has the same ${keys.join(", ")} as an item before it`)] : [];
  });
  return [...below, ...twice];
}

/** Fields that the API server knows in every embedded object. */
const OBJECT_FIELDS = ["apiVersion", "kind", "metadata"];

function memberFaults(schema: JsonObject, map: ValueMap, path: string): readonly ApiFault[] {
  const additional = member(schema, "additionalProperties");
  const isFree = schema["x-kubernetes-preserve-unknown-fields"] === true;
  const properties = member(schema, "properties");
  const own = schema["x-kubernetes-embedded-resource"] === true ? OBJECT_FIELDS : [];
  return Object.entries(map).flatMap(([name, value]) => {
    const below = member(properties, name) ?? additional;
    if (isJsonObject(below)) return checkAgainst(below, value, memberPath(path, name));
    if (isFree || own.includes(name)) return [];
    return [unknownMember(path, name, Object.keys(isJsonObject(properties) ? properties : {}))];
  });
}

function embeddedFaults(object: ValueMap, path: string): readonly ApiFault[] {
  const header = (name: string, check: (text: string) => string | undefined) => {
    const value = field(object, name);
    const problem = typeof value === "string" ? check(value) : value === undefined ? "is required" : "must be text";
    return problem === undefined ? [] : [faultAt(`${path}.${name}`, problem)];
  };
  return [
    ...header("apiVersion", apiVersionFault),
    ...header("kind", kindFault),
    ...checkMetadata(field(object, "metadata"), `${path}.metadata`, "embedded"),
  ];
}

function faultAt(path: string, problem: string): ApiFault {
  return { rule: "api-server", path, message: `${path} ${problem}` };
}

/** The schema of `spec` by kind. */
export type SpecSchemas = ReadonlyMap<string, JsonObject>;

/** @param crds - whole CustomResourceDefinitions */
export function specSchemasOf(crds: readonly JsonValue[]): SpecSchemas {
  const schemas = crds.flatMap((crd) => {
    const [first] = listOf(memberAt(crd, ["spec", "versions"]));
    const schema = memberAt(first, ["schema", "openAPIV3Schema", "properties", "spec"]);
    return isJsonObject(schema) ? [[textMember(memberAt(crd, ["spec", "names"]), "kind"), schema] as const] : [];
  });
  return new Map(schemas);
}
