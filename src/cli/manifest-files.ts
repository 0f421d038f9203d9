/** Reads manifests from files, folders and standard input; each object keeps its source, for errors. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { toJson } from "../core/cel/text.ts";
import { isFault } from "../core/cel/value.ts";
import { isJsonObject, member, textMember, type JsonObject } from "../core/json.ts";
import { readYaml } from "../core/manifest/read-yaml.ts";
import { CommandFailed } from "./failure.ts";

export interface ManifestObject {
  /** `file:line`, for messages. */
  readonly source: string;
  readonly object: JsonObject;
}

export interface ManifestFault {
  readonly source: string;
  readonly message: string;
}

export interface ManifestsRead {
  readonly objects: readonly ManifestObject[];
  readonly faults: readonly ManifestFault[];
  /** Folders within the folder that were not read. */
  readonly leftOut: readonly string[];
}

const EXTENSIONS: ReadonlySet<string> = new Set([".yaml", ".yml", ".json"]);

/**
 * @param target - a file, a folder, or `-` for standard input
 * @param isRecursive - whether folders within the folder count
 * @throws CommandFailed when there is nothing to read
 */
export function readManifests(target: string, isRecursive: boolean): ManifestsRead {
  const { texts, leftOut } =
    target === "-"
      ? { texts: [{ file: "standard input", text: readFileSync(0, "utf8") }], leftOut: [] }
      : filesOf(target, isRecursive);
  if (texts.length === 0) {
    const hint = leftOut.length > 0 ? "; folders within it are read with -R" : "";
    throw new CommandFailed(`${target} holds no .yaml, .yml or .json file${hint}`);
  }
  const objects: ManifestObject[] = [];
  const faults: ManifestFault[] = [];
  for (const { file, text } of texts) {
    const read = readYaml(text);
    for (const { line, column, message } of read.faults) faults.push({ source: `${file}:${line}:${column}`, message });
    for (const { value, start } of read.documents) {
      const source = `${file}:${start.line}`;
      const json = toJson(value);
      const found = isFault(json) ? undefined : objectsOf(json);
      if (found === undefined)
        faults.push({ source, message: "no Kubernetes object: apiVersion, kind and metadata.name are needed" });
      else objects.push(...found.map((object) => ({ source, object })));
    }
  }
  return { objects, faults, leftOut };
}

interface FilesFound {
  readonly texts: readonly { readonly file: string; readonly text: string }[];
  readonly leftOut: readonly string[];
}

function filesOf(target: string, isRecursive: boolean): FilesFound {
  const found = statSync(target, { throwIfNoEntry: false });
  if (found === undefined) throw new CommandFailed(`${target}: no such file or folder`);
  if (!found.isDirectory()) return { texts: [{ file: target, text: readFileSync(target, "utf8") }], leftOut: [] };
  const entries = readdirSync(target, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  const each = entries.map((entry): FilesFound => {
    const file = path.join(target, entry.name);
    if (entry.isDirectory()) return isRecursive ? filesOf(file, true) : { texts: [], leftOut: [file] };
    const isManifest = EXTENSIONS.has(path.extname(entry.name));
    return { texts: isManifest ? [{ file, text: readFileSync(file, "utf8") }] : [], leftOut: [] };
  });
  return { texts: each.flatMap(({ texts }) => texts), leftOut: each.flatMap(({ leftOut }) => leftOut) };
}

/** The object, or the items of a List; undefined when it is neither. */
function objectsOf(value: unknown): readonly JsonObject[] | undefined {
  if (!isJsonObject(value)) return undefined;
  const items = member(value, "items");
  if (textMember(value, "kind").endsWith("List") && Array.isArray(items))
    return items.flatMap((item) => objectsOf(item) ?? []);
  const isObject =
    textMember(value, "apiVersion") !== "" &&
    textMember(value, "kind") !== "" &&
    textMember(member(value, "metadata"), "name") !== "";
  return isObject ? [value] : undefined;
}
