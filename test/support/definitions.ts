/** Definitions from YAML text, compiled as a process has them. */
import { definitionOf } from "../../src/core/manifest/definition.ts";
import { readYaml } from "../../src/core/manifest/read-yaml.ts";
import { compileCatalog, type Catalog } from "../../src/core/plan/catalog.ts";

/** @param namespaces - in priority order; documents that name none belong to the first */
export function catalogOf(yaml: string, namespaces: readonly string[] = ["defs"]): Catalog {
  const sources = readYaml(yaml).documents.flatMap(({ value }) => definitionOf(value, namespaces[0] ?? "") ?? []);
  return compileCatalog(sources, { namespaces });
}
