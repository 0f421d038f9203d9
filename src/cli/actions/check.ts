/** `koreo check`: everything that can be said about definitions in files without a cluster. */
import { readFileSync } from "node:fs";
import { specSchemasOf } from "../../core/check/api-rules.ts";
import { checkCatalog } from "../../core/check/check.ts";
import { pathParts, type Finding } from "../../core/check/finding.ts";
import { definitionId } from "../../core/plan/definition-graph.ts";
import { readCrds, readSpecChecks } from "../../processes/shared/crds.ts";
import { countsOf, formatFindings, type CheckFormat, type PlacedFinding } from "../check-formats.ts";
import { readDefinitions, type DefinitionFile, type DefinitionFiles } from "../definition-files.ts";
import { CommandFailed } from "../failure.ts";

export interface CheckOptions {
  readonly output: CheckFormat;
  readonly strict?: true;
}

/** @throws CommandFailed when there are errors (with `strict`: warnings), or there is nothing to check */
export function check(targets: readonly string[], { output, strict }: CheckOptions): void {
  const definitions = readDefinitions(targets.length === 0 ? ["."] : targets, readSpecChecks());
  const schemas = specSchemasOf(readCrds().map(({ object }) => object));
  const findings = [...duplicates(definitions), ...checkCatalog(definitions.catalog, schemas)];
  const lines = new FileLines();
  const placed = [
    ...definitions.unreadable.map((fault): PlacedFinding => ({
      ...{ severity: "error", rule: "yaml", definition: "", path: "", fix: "", ...fault },
      text: lines.of(fault.file, fault.line),
    })),
    ...findings.map((finding) => placedFinding(finding, definitions, lines)),
  ].sort((a, b) => byText(a.file, b.file) || a.line - b.line || a.column - b.column);
  console.log(formatFindings(output, placed, definitions.all.length));

  const { errors, warnings } = countsOf(placed);
  if (definitions.all.length === 0 && errors === 0)
    throw new CommandFailed(`no definition found in ${definitions.files.length} manifest files`);
  if (errors > 0 || (strict === true && warnings > 0)) throw new CommandFailed("the definitions have findings");
}

/** One that is written twice: which of them counts would depend on the order of files. */
function duplicates({ all, byId }: DefinitionFiles): readonly (Finding & { readonly place: DefinitionFile })[] {
  return all
    .filter((each) => byId.get(definitionId(each.source)) !== each)
    .map((place) => {
      const { kind, namespace, name } = place.source;
      const counts = byId.get(definitionId(place.source));
      const message = `${kind} ${namespace}/${name} is written again in ${counts?.file ?? ""}, and that one counts`;
      const base = { severity: "error", rule: "duplicate", definition: place.source, path: "metadata.name" } as const;
      return { ...base, message, fix: "take one of them out, or give it another name", place };
    });
}

function placedFinding(
  finding: Finding & { readonly place?: DefinitionFile },
  { byId }: DefinitionFiles,
  lines: FileLines,
): PlacedFinding {
  const { severity, rule, definition, path, message, fix = "" } = finding;
  const { kind, namespace, name } = definition;
  const place = finding.place ?? byId.get(definitionId(definition));
  const at = place?.document.locate(pathParts(path)) ?? { line: 1, column: 1 };
  const file = place?.file ?? "";
  return {
    ...{ severity, rule, file, ...at, definition: `${kind} ${namespace}/${name}` },
    ...{ path, message: message.split("\n")[0] ?? message, fix, text: lines.of(file, at.line) },
  };
}

/** The lines of files, each file read once. */
class FileLines {
  readonly #files = new Map<string, readonly string[]>();

  of(file: string, line: number): string {
    const known = this.#files.get(file) ?? readFileSync(file, "utf8").split(/\r?\n/);
    this.#files.set(file, known);
    return known[line - 1] ?? "";
  }
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
