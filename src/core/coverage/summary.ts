/** Which points of each definition the tests exercise. */
import type { Catalog } from "../plan/catalog.ts";
import { definitionId } from "../plan/definition-graph.ts";
import type { DefinitionName } from "../plan/plan.ts";
import { pointsOf, type Point } from "./points.ts";
import { pointText, type Hits } from "./recorder.ts";

/** One point and how often it was exercised. */
export interface PointCoverage extends Point {
  readonly hits: number;
}

/** One Workflow or function. */
export interface DefinitionCoverage extends DefinitionName {
  readonly points: readonly PointCoverage[];
}

/** @returns every Workflow and function that has points, by kind, namespace and name */
export function coverageOf(catalog: Catalog, hits: Hits): readonly DefinitionCoverage[] {
  return catalog.entries
    .map((entry) => {
      const { kind, namespace, name } = entry.source;
      const counted = hits.get(definitionId(entry.source));
      const points = pointsOf(entry).map((point) => ({ ...point, hits: counted?.get(pointText(point)) ?? 0 }));
      return { kind, namespace, name, points };
    })
    .filter(({ points }) => points.length > 0)
    .sort((a, b) => (definitionId(a) < definitionId(b) ? -1 : 1));
}

export interface CoverageTotals {
  readonly covered: number;
  readonly points: number;
}

export function coverageTotals(definitions: readonly DefinitionCoverage[]): CoverageTotals {
  const points = definitions.flatMap((each) => each.points);
  return { covered: points.filter(({ hits }) => hits > 0).length, points: points.length };
}
