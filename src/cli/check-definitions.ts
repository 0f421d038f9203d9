/** Everything `koreo check` finds in files without a cluster, each finding with its place. */
import { checkObject, isMeantForUs } from "../core/check/api-object.ts";
import type { SpecSchemas } from "../core/check/api-schema.ts";
import { checkCatalog } from "../core/check/check.ts";
import { pathParts, type Finding } from "../core/check/finding.ts";
import type { Value } from "../core/cel/value.ts";
import { field, isDefinitionKind, textField } from "../core/manifest/definition.ts";
import type { SpecChecks } from "../core/manifest/schema.ts";
import { definitionId } from "../core/plan/definition-graph.ts";
import type { PlacedFinding } from "./check-formats.ts";
import { DEFAULT_NAMESPACE, type DefinitionFile, type DefinitionFiles, type FileDocument } from "./definition-files.ts";

export interface CheckSchemas {
  /** The checks of the engine. */
  readonly checks: SpecChecks;
  /** The schemas of the API server. */
  readonly schemas: SpecSchemas;
}

/**
 * @param more - what others found in the catalog, such as a live API server
 * @returns errors and warnings by file and place
 */
export function checkDefinitions(
  definitions: DefinitionFiles,
  schemas: CheckSchemas,
  more: readonly Finding[] = [],
): readonly PlacedFinding[] {
  const { files, documents } = definitions;
  return [
    ...definitions.unreadable.map((fault) => placed({ ...fault, severity: "error" }, files)),
    ...documents.flatMap((each) => documentFindings(each, schemas, files)),
    ...duplicates(definitions),
    ...[...checkCatalog(definitions.catalog), ...more].map((finding) => placedFinding(finding, definitions)),
  ].sort((a, b) => byText(a.file, b.file) || a.line - b.line || a.column - b.column);
}

/** A finding of the catalog with its place in the files. */
export function placedFinding(
  { definition, path, isAboutName, ...said }: Finding,
  { byId, files }: DefinitionFiles,
  place: DefinitionFile | undefined = byId.get(definitionId(definition)),
): PlacedFinding {
  const { kind, namespace, name } = definition;
  const what = isAboutName === true ? "name" : "value";
  const at = place?.document.locate(pathParts(path), what) ?? { line: 1, column: 1 };
  return placed({ ...said, ...at, path, file: place?.file ?? "", definition: `${kind} ${namespace}/${name}` }, files);
}

type Said = Pick<PlacedFinding, "severity" | "rule" | "file" | "line" | "column" | "message"> &
  Partial<Pick<PlacedFinding, "definition" | "path" | "fix">>;

function placed(
  { severity, rule, file, line, column, definition = "", path = "", message, fix = "" }: Said,
  files: DefinitionFiles["files"],
): PlacedFinding {
  const text = files.get(file)?.split(/\r?\n/, line)[line - 1] ?? "";
  return { severity, rule, file, line, column, definition, path, message: message.split("\n")[0] ?? "", fix, text };
}

/** Judges a document by itself: whether the API server accepts it, and whether the server reads the same as we do. */
function documentFindings(
  { file, document }: FileDocument,
  { checks, schemas }: CheckSchemas,
  files: DefinitionFiles["files"],
): readonly PlacedFinding[] {
  const { value, asServerReads = value, differences } = document;
  const kind = textField(value, "kind");
  const faults = [
    ...checkObject(asServerReads, schemas),
    // The catalog checks what we read ourselves.
    ...(asServerReads === value || !isDefinitionKind(kind)
      ? []
      : (checks.get(kind)?.(field(asServerReads, "spec") ?? null) ?? [])),
  ];
  const isRefused = document.asServerReads === undefined;
  const definition = labelOf(value);
  if (definition === "") return [];
  return [
    ...differences.map((each) =>
      placed({ ...each, file, definition, severity: isRefused ? "error" : "warning" }, files),
    ),
    ...faults.map((fault) => {
      const isAboutName = "isAboutName" in fault && fault.isAboutName;
      const at = document.locate(pathParts(fault.path), isAboutName ? "name" : "value");
      return placed({ severity: "error", rule: "schema", ...fault, ...at, file, definition }, files);
    }),
  ];
}

/** `Kind namespace/name` as far as known; "" for a document that is no definition. */
function labelOf(value: Value): string {
  if (!isMeantForUs(value)) return "";
  const metadata = field(value, "metadata");
  const name = [textField(metadata, "namespace") || DEFAULT_NAMESPACE, textField(metadata, "name") || "?"].join("/");
  return `${textField(value, "kind") || "?"} ${name}`;
}

/** Definitions that are written twice: which of them counts would depend on the order of files. */
function duplicates(definitions: DefinitionFiles): readonly PlacedFinding[] {
  const { all, byId } = definitions;
  return all
    .filter((each) => byId.get(definitionId(each.source)) !== each)
    .map((place) => {
      const { kind, namespace, name } = place.source;
      const counts = byId.get(definitionId(place.source));
      const message = `${kind} ${namespace}/${name} is written again in ${counts?.file ?? ""}, and that one counts`;
      const base = { severity: "error", rule: "duplicate", definition: place.source, path: "metadata.name" } as const;
      const fix = "take one of them out, or give it another name";
      return placedFinding({ ...base, message, fix }, definitions, place);
    });
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
