/** The good manifests that mutants are made of, each with those it refers to and those that refer to it. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { toJson } from "../../../src/core/cel/text.ts";
import { isFault } from "../../../src/core/cel/value.ts";
import { formatJson, isJsonObject, member, textMember, type JsonObject } from "../../../src/core/json.ts";
import { definitionOf } from "../../../src/core/manifest/definition.ts";
import { readYaml } from "../../../src/core/manifest/read-yaml.ts";

const ROOT = new URL("../../..", import.meta.url).pathname;
const PLACES = ["test/conformance/functions", "test/conformance/workflows", "examples", "loadtest/manifests"];

export interface Specimen {
  readonly manifest: JsonObject;
  readonly related: readonly JsonObject[];
}

/** All definitions below the places, without a namespace. */
export function specimens(): readonly Specimen[] {
  return PLACES.flatMap((place) => yamlFiles(path.join(ROOT, place))).flatMap((file) => {
    const all = definitionsIn(file);
    const texts = all.map((each) => formatJson(each));
    return all.map((manifest, index) => ({
      manifest,
      related: all.filter((each, other) => {
        const mentions = (text: string, of: JsonObject) => text.includes(formatJson(nameOf(of)));
        return other !== index && (mentions(texts[index] ?? "", each) || mentions(texts[other] ?? "", manifest));
      }),
    }));
  });
}

export function nameOf(manifest: JsonObject): string {
  return textMember(member(manifest, "metadata"), "name");
}

function definitionsIn(file: string): readonly JsonObject[] {
  return readYaml(readFileSync(file, "utf8")).documents.flatMap(({ value }) => {
    const object = toJson(value);
    if (definitionOf(value, "") === undefined || isFault(object) || !isJsonObject(object)) return [];
    const { apiVersion = null, kind = null, spec = null } = object;
    return [{ apiVersion, kind, metadata: { name: nameOf(object) }, spec }];
  });
}

function yamlFiles(place: string): readonly string[] {
  if (statSync(place).isFile()) return place.endsWith(".yaml") ? [place] : [];
  return readdirSync(place)
    .sort()
    .flatMap((name) => yamlFiles(path.join(place, name)));
}
