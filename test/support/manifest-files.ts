/** The manifests of this repository as values, for tests that judge them: CRDs, examples, the benchmark's platform. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { toJson } from "../../src/core/cel/text.ts";
import { isFault } from "../../src/core/cel/value.ts";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { definitionOf, type DefinitionSource } from "../../src/core/manifest/definition.ts";
import { readYaml, type YamlDocument } from "../../src/core/manifest/read-yaml.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** Where the manifests are, from the repository's root. */
export const CRD_FILES = "charts/koreo/files/crds";
export const PLATFORM_FILES = "examples/platform";
export const GUIDE_FILES = "examples/guide";
export const BENCHMARK_FILES = "loadtest/manifests";

/** The objects in the YAML files at and below a place, files by name, as kubectl would apply them. */
export function objectsIn(place: string): readonly JsonObject[] {
  return documentsIn(place).map(({ value }) => {
    const object = toJson(value);
    if (isFault(object) || !isJsonObject(object)) throw new Error(`${place} holds something that is no object`);
    return object;
  });
}

/** The definitions in the YAML files at and below a place. */
export function definitionsIn(place: string, defaultNamespace: string): readonly DefinitionSource[] {
  return documentsIn(place).flatMap(({ value }) => definitionOf(value, defaultNamespace) ?? []);
}

function documentsIn(place: string): readonly YamlDocument[] {
  return yamlFiles(path.join(ROOT, place)).flatMap((file) => {
    const { documents, faults } = readYaml(readFileSync(file, "utf8"));
    if (faults.length > 0) throw new Error(`${file}: ${JSON.stringify(faults)}`);
    return documents;
  });
}

function yamlFiles(place: string): readonly string[] {
  if (statSync(place).isFile()) return place.endsWith(".yaml") ? [place] : [];
  return readdirSync(place)
    .sort()
    .flatMap((name) => yamlFiles(path.join(place, name)));
}
