/**
 * Definitions from files, compiled as a cluster would have them: what `test`, `check`, `eval` and `render` work on. Every
 * definition remembers the document it stands in, so that findings can name file, line and column.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { toJson } from "../core/cel/text.ts";
import { isFault, type Value } from "../core/cel/value.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { definitionOf, textField, type DefinitionSource } from "../core/manifest/definition.ts";
import { readYaml, type YamlDocument, type YamlFault } from "../core/manifest/read-yaml.ts";
import type { SpecChecks } from "../core/manifest/schema.ts";
import { compileCatalog, type Catalog } from "../core/plan/catalog.ts";
import { definitionId } from "../core/plan/definition-graph.ts";
import { CommandFailed } from "./failure.ts";

/** Endings of files that hold manifests; the last two are the original tool's. */
const EXTENSIONS = [".yaml", ".yml", ".koreo", ".k"];
/** For definitions that name none. */
export const DEFAULT_NAMESPACE = "default";

/** One definition and where it stands. */
export interface DefinitionFile {
  readonly file: string;
  readonly document: YamlDocument;
  readonly source: DefinitionSource;
}

/** A file, or a part of it, that is no YAML. */
export interface UnreadableFile extends YamlFault {
  readonly file: string;
}

export interface DefinitionFiles {
  readonly catalog: Catalog;
  /** By the text `definitionId` gives; of several with one identity the last. */
  readonly byId: ReadonlyMap<string, DefinitionFile>;
  readonly all: readonly DefinitionFile[];
  /** CustomResourceDefinitions beside them: they say what is known of a kind. */
  readonly crds: readonly JsonObject[];
  readonly unreadable: readonly UnreadableFile[];
  /** Every file that was read. */
  readonly files: readonly string[];
}

/**
 * @param targets - files and folders; folders with all that is below them, less hidden ones and node_modules
 * @throws CommandFailed when a target does not exist
 */
export function readDefinitions(targets: readonly string[], checks: SpecChecks): DefinitionFiles {
  const files = [...new Set(targets.flatMap(filesBelow))];
  const all: DefinitionFile[] = [];
  const crds: JsonObject[] = [];
  const unreadable: UnreadableFile[] = [];
  for (const file of files) {
    const { documents, faults } = readYaml(readFileSync(file, "utf8"));
    unreadable.push(...faults.map((fault) => ({ ...fault, file })));
    for (const document of documents) {
      const source = definitionOf(document.value, DEFAULT_NAMESPACE);
      if (source !== undefined) all.push({ file, document, source });
      else if (textField(document.value, "kind") === "CustomResourceDefinition") crds.push(jsonOf(document.value));
    }
  }
  const namespaces = [...new Set(all.map(({ source }) => source.namespace))];
  const catalog = compileCatalog(
    all.map(({ source }) => source),
    { namespaces, checks },
  );
  const byId = new Map(all.map((each) => [definitionId(each.source), each]));
  return { catalog, byId, all, crds, unreadable, files };
}

function jsonOf(value: Value): JsonObject {
  const json = toJson(value);
  return !isFault(json) && isJsonObject(json) ? json : {};
}

function filesBelow(target: string): readonly string[] {
  const found = statSync(target, { throwIfNoEntry: false });
  if (found === undefined) throw new CommandFailed(`${target}: no such file or folder`);
  if (!found.isDirectory()) return [target];
  return readdirSync(target, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith(".") && name !== "node_modules")
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = path.join(target, entry.name);
      if (entry.isDirectory()) return filesBelow(file);
      return EXTENSIONS.some((extension) => entry.name.endsWith(extension)) ? [file] : [];
    });
}
