/**
 * The OpenAPI v3 documents of an API server: finds the schema of a kind and follows references within its document.
 * What a schema leaves open (no type, no properties) stays open.
 */
import { isJsonObject, type JsonObject, type JsonValue, listOf, member, memberAt, textMember } from "../../json.ts";

/** A schema in its document, with references resolved. */
export class OpenApiSchema {
  readonly #document: JsonValue;
  readonly #schema: JsonObject;
  /** Whether the document defines it under its own name. */
  readonly #isNamed: boolean;

  private constructor(document: JsonValue, schema: JsonObject) {
    this.#document = document;
    this.#schema = resolved(document, schema);
    this.#isNamed = this.#schema !== schema;
  }

  /**
   * @param document - the document of one group version
   * @returns undefined when it does not describe the kind
   */
  static ofKind(document: JsonValue, group: string, version: string, kind: string): OpenApiSchema | undefined {
    const schemas = memberAt(document, ["components", "schemas"]);
    const found = Object.values(isJsonObject(schemas) ? schemas : {}).find((schema) =>
      listOf(member(schema, "x-kubernetes-group-version-kind")).some(
        (each) =>
          textMember(each, "group") === group &&
          textMember(each, "version") === version &&
          textMember(each, "kind") === kind,
      ),
    );
    return isJsonObject(found) ? new OpenApiSchema(document, found) : undefined;
  }

  /** The types a value may have; empty when the schema does not say. */
  get types(): readonly string[] {
    const { type } = this.#schema;
    if (typeof type === "string") return [type];
    if (this.#schema["x-kubernetes-int-or-string"] === true) return ["integer", "string"];
    const alternatives = [...listOf(this.#schema["oneOf"]), ...listOf(this.#schema["anyOf"])];
    const types = alternatives.map((each) => textMember(each, "type"));
    return types.includes("") ? [] : types;
  }

  /** Size of a whole number. */
  get bits(): number {
    return ["int32", "int-or-string"].includes(textMember(this.#schema, "format")) ? 32 : 64;
  }

  /** The values it may have; empty when any value is allowed. */
  get choices(): readonly JsonValue[] {
    return listOf(this.#schema["enum"]);
  }

  /** The names of its members; undefined when any name is allowed. */
  get members(): readonly string[] | undefined {
    const { properties, type } = this.#schema;
    if (this.#schema["x-kubernetes-preserve-unknown-fields"] === true || this.#additional !== undefined)
      return undefined;
    // A CRD's map without properties has no members: what is written there is dropped. Named schemas hold any JSON.
    if (!isJsonObject(properties)) return type === "object" && !this.#isNamed ? [] : undefined;
    const own = this.#schema["x-kubernetes-embedded-resource"] === true ? ["apiVersion", "kind", "metadata"] : [];
    return [...new Set([...own, ...Object.keys(properties)])];
  }

  /** The schema of a member; undefined when there is none. */
  member(name: string): OpenApiSchema | undefined {
    return this.#below(member(this.#schema["properties"], name) ?? this.#additional);
  }

  /** The schema of a list's items. */
  get items(): OpenApiSchema | undefined {
    return this.#below(this.#schema["items"]);
  }

  get #additional(): JsonValue | undefined {
    const additional = this.#schema["additionalProperties"];
    return isJsonObject(additional) || additional === true ? additional : undefined;
  }

  #below(schema: JsonValue | undefined): OpenApiSchema | undefined {
    return isJsonObject(schema) ? new OpenApiSchema(this.#document, schema) : undefined;
  }
}

const REFERENCE = "#/components/schemas/";
/** A reference leads to a schema in a few steps; a circle of references has no schema. */
const MAX_REFERENCES = 16;

/** Replaces a reference, or the only one of an `allOf`, by what it names; keeps the members beside it. */
function resolved(document: JsonValue, schema: JsonObject): JsonObject {
  let current = schema;
  for (let step = 0; step < MAX_REFERENCES; step += 1) {
    const { allOf, $ref, ...rest } = current;
    const [only] = listOf(allOf);
    const reference = typeof $ref === "string" ? $ref : textMember(only, "$ref");
    if (!reference.startsWith(REFERENCE)) return current;
    const named = memberAt(document, ["components", "schemas", reference.slice(REFERENCE.length)]);
    current = { ...(isJsonObject(named) ? named : {}), ...rest };
  }
  return {};
}
