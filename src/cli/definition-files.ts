/**
 * Definitions from files, compiled as a cluster would compile them; `test`, `check`, `eval` and `render` work on these.
 * Every definition remembers its document, so that findings can name file, line and column.
 */
import { isUtf8 } from "node:buffer";
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
/** Namespace of definitions that name none. */
export const DEFAULT_NAMESPACE = "default";

/** One definition and where it stands. */
export interface DefinitionFile {
  readonly file: string;
  readonly document: YamlDocument;
  readonly source: DefinitionSource;
}

/** A document of any kind. */
export interface FileDocument {
  readonly file: string;
  readonly document: YamlDocument;
}

/** A file, or a part of it, that is not YAML. */
export interface UnreadableFile extends YamlFault {
  readonly file: string;
}

export interface DefinitionFiles {
  readonly catalog: Catalog;
  /** By the text `definitionId` gives; when several share an identity, the last. */
  readonly byId: ReadonlyMap<string, DefinitionFile>;
  readonly all: readonly DefinitionFile[];
  /** CustomResourceDefinitions in the same files: they tell what is known of a kind. */
  readonly crds: readonly JsonObject[];
  /** Everything that could be read, definitions and others. */
  readonly documents: readonly FileDocument[];
  readonly unreadable: readonly UnreadableFile[];
  /** Every file that was read, with its text. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * @param targets - files and folders; a folder includes everything below it except hidden entries and node_modules
 * @throws CommandFailed when a target does not exist
 */
export function readDefinitions(targets: readonly string[], checks: SpecChecks): DefinitionFiles {
  const files = [...new Set(targets.flatMap(filesBelow))];
  return definitionsIn(new Map(files.map((file) => [file, readFileSync(file)])), checks);
}

/** @param files - contents by file name */
export function definitionsIn(files: ReadonlyMap<string, Uint8Array>, checks: SpecChecks): DefinitionFiles {
  const texts = new Map([...files].map(([file, bytes]) => [file, new TextDecoder().decode(bytes)]));
  const documents: FileDocument[] = [];
  const unreadable: UnreadableFile[] = [];
  for (const [file, text] of texts) {
    const read = readYaml(text);
    const encoding = encodingFault(files.get(file), text);
    unreadable.push(...[...encoding, ...read.faults].map((fault) => ({ ...fault, file })));
    documents.push(...read.documents.map((document) => ({ file, document })));
  }
  const all = documents.flatMap(({ file, document }): readonly DefinitionFile[] => {
    const source = definitionOf(document.value, DEFAULT_NAMESPACE);
    return source === undefined ? [] : [{ file, document, source }];
  });
  const namespaces = [...new Set(all.map(({ source }) => source.namespace))];
  const sources = all.map(({ source }) => source);
  const catalog = compileCatalog(sources, { namespaces, checks });
  const byId = new Map(all.map((each) => [definitionId(each.source), each]));
  const crds = documents.flatMap(({ document }) => crdOf(document.value));
  return { catalog, byId, all, crds, documents, unreadable, files: texts };
}

function crdOf(value: Value): readonly JsonObject[] {
  const json = textField(value, "kind") === "CustomResourceDefinition" ? toJson(value) : null;
  return !isFault(json) && isJsonObject(json) ? [json] : [];
}

/** Finds the first bytes that are not UTF-8: the decoder has read them as U+FFFD. */
function encodingFault(bytes: Uint8Array | undefined, text: string): readonly YamlFault[] {
  if (bytes === undefined || !text.includes("\ufffd") || isUtf8(bytes)) return [];
  const before = text.slice(0, text.indexOf("\ufffd")).split("\n");
  const place = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  return [{ ...place, rule: "yaml", message: "the file is not in UTF-8" }];
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
