/** What every CRD of ours must have, and the rules of structural schemas as far as they can be told without a server. */
import { describe, expect, it } from "vitest";
import { isJsonObject, member, memberAt, textMember, type JsonObject, type JsonValue } from "../../../src/core/json.ts";
import { KOREO_GROUP, KOREO_VERSION } from "../../../src/core/names.ts";
import { CRD_FILES, objectsIn, PLATFORM_FILES } from "../../support/manifest-files.ts";

const crds = objectsIn(CRD_FILES);
const versionOf = (crd: JsonObject) => (memberAt(crd, ["spec", "versions"]) as readonly JsonObject[])[0];
const schemaOf = (crd: JsonObject) => memberAt(versionOf(crd), ["schema", "openAPIV3Schema"]);
const isCrd = (object: JsonObject) => object["kind"] === "CustomResourceDefinition";

/** Members whose values hold schemas by name, one schema, or a list of conditions on the same value. */
const LOGIC = ["oneOf", "anyOf", "allOf", "not"];

/** What breaks the rules, with its path. */
function violations(schema: JsonValue, path: string): readonly string[] {
  if (!isJsonObject(schema)) return [`${path} is no schema`];
  const found: string[] = [];
  if (textMember(schema, "type") === "") found.push(`${path} has no type`);
  if (schema["x-kubernetes-preserve-unknown-fields"] === true && schema["type"] !== "object")
    found.push(`${path} is free`);
  for (const name of LOGIC)
    if (/"(?:type|description|default)"/.test(text(schema[name]))) found.push(`${path}.${name}`);
  for (const rule of (schema["x-kubernetes-validations"] ?? []) as readonly JsonObject[]) {
    if (textMember(rule, "message") === "") found.push(`${path}: a rule without a message`);
  }
  const properties = Object.entries(isJsonObject(schema["properties"]) ? schema["properties"] : {});
  for (const [name, inner] of properties) found.push(...violations(inner, `${path}.${name}`));
  if (schema["items"] !== undefined) found.push(...violations(schema["items"], `${path}[]`));
  if (schema["additionalProperties"] !== undefined)
    found.push(...violations(schema["additionalProperties"], `${path}.*`));
  return found;
}

const text = (value: JsonValue | undefined) => JSON.stringify(value ?? null);

/** Below `spec`, the members that say nothing about themselves. */
function undescribed(schema: JsonValue | undefined, path: string): readonly string[] {
  const properties = member(schema, "properties") ?? member(member(schema, "items"), "properties");
  return Object.entries(isJsonObject(properties) ? properties : {}).flatMap(([name, inner]) => {
    const isPlain = ["kind", "name", "message", "delay"].includes(name);
    const own = isPlain || textMember(inner, "description") !== "" ? [] : [`${path}.${name}`];
    return [...own, ...undescribed(inner, `${path}.${name}`)];
  });
}

describe.each(crds.map((crd) => ({ name: textMember(crd["metadata"], "name"), crd })))("$name", ({ name, crd }) => {
  it("is named after its plural and group", () => {
    expect(name).toBe(`${textMember(memberAt(crd, ["spec", "names"]), "plural")}.${KOREO_GROUP}`);
    expect(textMember(versionOf(crd), "name")).toBe(KOREO_VERSION);
  });

  it("has a status of its own and shows whether it is ready", () => {
    expect(memberAt(versionOf(crd), ["subresources", "status"])).toEqual({});
    const columns = member(versionOf(crd), "additionalPrinterColumns") as readonly JsonObject[];
    expect(columns.map((column) => column["name"])).toEqual(expect.arrayContaining(["Ready", "Reason", "Age"]));
  });

  it("describes every field of its spec", () => {
    expect(undescribed(memberAt(schemaOf(crd), ["properties", "spec"]), "spec")).toEqual([]);
  });

  it("has the same status as the others, but for the words", () => {
    const [first] = crds;
    const withoutWords = (one: JsonObject) =>
      text(memberAt(schemaOf(one), ["properties", "status"])).replace(/"description":"[^"]*",?/g, "");
    expect(withoutWords(crd)).toBe(withoutWords(first as JsonObject));
  });
});

describe("structural schemas", () => {
  const all = [...crds, ...objectsIn(PLATFORM_FILES).filter(isCrd)];
  it.each(all.map((crd) => ({ name: textMember(crd["metadata"], "name"), crd })))("$name", ({ crd }) => {
    expect(violations(schemaOf(crd) ?? null, "")).toEqual([]);
  });
});
