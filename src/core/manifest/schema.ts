/**
 * The engine's check of a definition's spec: the CRD's own openAPIV3Schema as plain JSON Schema. As in Koreo it ignores
 * `nullable`, unknown members and every `x-kubernetes-*` keyword; the compiler of the spec fills in defaults. Patterns
 * run on a linear-time engine, which also knows the POSIX classes that CRDs use.
 */
import { Ajv, type ErrorObject } from "ajv";
import { RE2JS } from "re2js";
import { toJson } from "../cel/text.ts";
import { isFault, type Value } from "../cel/value.ts";
import { isJsonObject, type JsonObject, type JsonValue, listOf, member, memberAt, textMember } from "../json.ts";
import type { DefinitionKind } from "../plan/plan.ts";
import { isDefinitionKind, type DefinitionFault } from "./definition.ts";

/** Gives everything that is wrong with a spec; an empty list when nothing is. */
export type SpecCheck = (spec: Value) => readonly DefinitionFault[];

/** The checks by kind; a kind without an entry is not checked. */
export type SpecChecks = ReadonlyMap<DefinitionKind, SpecCheck>;

/**
 * The checks from CustomResourceDefinitions.
 *
 * @param crds - whole objects, as in the chart or from the API server; skips those of other kinds
 */
export function specChecksOf(crds: readonly JsonValue[]): SpecChecks {
  const checks = new Map<DefinitionKind, SpecCheck>();
  for (const crd of crds) {
    const kind = textMember(memberAt(crd, ["spec", "names"]), "kind");
    const schema = specSchemaOf(crd);
    if (isDefinitionKind(kind) && schema !== undefined) checks.set(kind, specCheck(schema));
  }
  return checks;
}

function specSchemaOf(crd: JsonValue): JsonObject | undefined {
  const versions = memberAt(crd, ["spec", "versions"]);
  const [first] = listOf(versions);
  const schema = memberAt(first, ["schema", "openAPIV3Schema", "properties", "spec"]);
  return isJsonObject(schema) ? schema : undefined;
}

/** Makes a check from the schema of `spec`. */
export function specCheck(schema: JsonObject): SpecCheck {
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    strict: false,
    logger: false,
    validateFormats: false,
    code: { regExp },
  });
  const validate = ajv.compile(plainSchema(schema) as JsonObject);
  return (spec) => {
    const json = toJson(spec);
    if (isFault(json)) return [{ path: "spec", message: "spec holds something that is no JSON", rule: "schema" }];
    return validate(withDoubles(json)) ? [] : readable(validate.errors ?? []);
  };
}

const regExp = Object.assign((pattern: string) => RE2JS.compile(pattern), { code: "RE2JS.compile" }) as never;

/** To the API server an integer has 64 bits; a larger number is no integer. */
const INTEGER_END = 2 ** 63;
const INTEGER_BOUNDS = { minimum: -INTEGER_END, exclusiveMaximum: INTEGER_END };
const MAX_INTEGER_AS_DOUBLE = INTEGER_END - 1024;

/**
 * The schema without Kubernetes' own keywords, which mean something else, or nothing, in JSON Schema, and with bounds
 * for integers that name none.
 */
function plainSchema(schema: JsonValue): JsonValue {
  if (Array.isArray(schema)) return (schema as readonly JsonValue[]).map(plainSchema);
  if (!isJsonObject(schema)) return schema;
  const kept = Object.entries(schema).filter(([name]) => name !== "nullable" && !name.startsWith("x-kubernetes-"));
  const bounds = schema["type"] === "integer" ? INTEGER_BOUNDS : {};
  return { ...bounds, ...Object.fromEntries(kept.map(([name, value]) => [name, plainSchema(value)])) };
}

/** ajv does not know `bigint`; it treats a double beyond 2^53 as an integer. */
function withDoubles(value: JsonValue): JsonValue {
  if (typeof value === "bigint") return doubleOf(value);
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(withDoubles);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withDoubles(item)]));
}

/** A double on the same side of the bounds as the integer, however that would round. */
function doubleOf(value: bigint): number {
  return BigInt.asIntN(64, value) === value ? Math.min(Number(value), MAX_INTEGER_AS_DOUBLE) : Number(value) * 2;
}

/** Keywords that only report the failure of another one. */
const SUMMARIES: ReadonlySet<string> = new Set(["if"]);

/** A list of a hundred thousand wrong items has as many faults: nobody reads them all. */
const MAX_FAULTS = 100;

function readable(errors: readonly ErrorObject[]): readonly DefinitionFault[] {
  return errors
    .filter(({ keyword, schemaPath }) => !SUMMARIES.has(keyword) && !isAlternative(keyword, schemaPath))
    .slice(0, MAX_FAULTS)
    .map(faultOf);
}

/** `required` below a oneOf or anyOf: the alternative itself gives the better message. */
function isAlternative(keyword: string, schemaPath: string): boolean {
  return keyword === "required" && /\/(?:oneOf|anyOf)\/\d+\/required$/.test(schemaPath);
}

function faultOf(error: ErrorObject): DefinitionFault {
  const path = `spec${error.instancePath.split("/").slice(1).map(pathPart).join("")}`;
  return { path, message: `${path} ${wording(error)}`, rule: isAboutNull(error) ? "null" : "schema" };
}

/** Whether the data is null, or a map with a null among its members. */
function isAboutNull({ data }: ErrorObject): boolean {
  return data === null || (isJsonObject(data) && Object.values(data).includes(null));
}

function pathPart(written: string): string {
  const name = written.replaceAll("~1", "/").replaceAll("~0", "~");
  return /^\d+$/.test(name) ? `[${name}]` : `.${name}`;
}

function wording({ keyword, params, message = "is not valid", parentSchema, schema }: ErrorObject): string {
  const alternatives = namesOf(member(parentSchema, keyword) ?? (schema as JsonValue | undefined));
  switch (keyword) {
    case "oneOf":
      return `must have exactly one of ${alternatives}`;
    case "anyOf":
      return `must have at least one of ${alternatives}`;
    case "enum":
      return `must be one of ${JSON.stringify(params["allowedValues"])}`;
    case "additionalProperties":
      return `must not have the member "${String(params["additionalProperty"])}"`;
    case "minimum":
    case "exclusiveMaximum":
      return Math.abs(schema as number) === INTEGER_END ? "must be integer of 64 bits" : message;
    default:
      return message;
  }
}

function namesOf(alternatives: JsonValue | undefined): string {
  const each = listOf(alternatives);
  const names = each.flatMap((one) => (member(one, "required") as readonly string[] | undefined) ?? []);
  return names.length === 0 ? "the alternatives" : names.map((name) => `"${name}"`).join(", ");
}
