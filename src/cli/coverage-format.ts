/** Test coverage as text: a line for each Workflow and function, and below it the points that no test exercised. */
import { coverageTotals, type DefinitionCoverage } from "../core/coverage/summary.ts";
import { formatTable } from "./table.ts";

export function formatCoverage(definitions: readonly DefinitionCoverage[]): string {
  const rows = definitions.map((definition) => {
    const { kind, namespace, name, points } = definition;
    const missed = points.filter(({ hits }) => hits === 0).map(({ path, what }) => `${path} never ${what}`);
    return [kind, `${namespace}/${name}`, share(coverageTotals([definition])), missed.join(", ")];
  });
  return [
    formatTable(["KIND", "NAME", "COVERED", "MISSED"], rows),
    `Coverage: ${share(coverageTotals(definitions))}`,
  ].join("\n");
}

function share({ covered, points }: { readonly covered: number; readonly points: number }): string {
  return points === 0 ? "nothing to cover" : `${covered}/${points} (${Math.floor((100 * covered) / points)} %)`;
}
