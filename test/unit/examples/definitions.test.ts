/** The definitions that people start from compile without a finding, their tests pass, and their triggers fit the CRD. */
import { describe, expect, it } from "vitest";
import { runTests } from "../../../src/cli/test-results.ts";
import { CoverageRecorder } from "../../../src/core/coverage/recorder.ts";
import { coverageOf } from "../../../src/core/coverage/summary.ts";
import { memberAt, textMember, type JsonObject } from "../../../src/core/json.ts";
import { specCheck, specChecksOf } from "../../../src/core/manifest/schema.ts";
import { compileCatalog } from "../../../src/core/plan/catalog.ts";
import {
  BENCHMARK_FILES,
  CRD_FILES,
  definitionsIn,
  GUIDE_FILES,
  objectsIn,
  PLATFORM_FILES,
} from "../../support/manifest-files.ts";

const checks = specChecksOf(objectsIn(CRD_FILES));
const places = [
  { place: PLATFORM_FILES, namespace: "platform", triggerKind: "WebApp", triggers: 4 },
  { place: GUIDE_FILES, namespace: "guide", triggerKind: "Project", triggers: 1 },
  { place: BENCHMARK_FILES, namespace: "bench", triggerKind: "BenchApp", triggers: 1 },
];

describe.each(places)("$place", ({ place, namespace, triggerKind, triggers }) => {
  const catalog = compileCatalog(definitionsIn(place, namespace), { namespaces: [namespace], checks });
  const objects = objectsIn(place);

  it.each(catalog.entries.map((entry) => ({ id: `${entry.source.kind} ${entry.source.name}`, entry })))(
    "$id is ready",
    ({ entry }) => {
      expect(entry.faults).toEqual([]);
      expect(entry.readiness).toBeUndefined();
    },
  );

  it("runs for its triggers, which fit their schema", () => {
    const crd = objects.find((object) => object["kind"] === "CustomResourceDefinition");
    const [version] = memberAt(crd, ["spec", "versions"]) as readonly JsonObject[];
    const check = specCheck(memberAt(version, ["schema", "openAPIV3Schema", "properties", "spec"]) as JsonObject);
    const found = objects.filter((object) => object["kind"] === triggerKind);
    expect(found).toHaveLength(triggers);
    for (const trigger of found) expect(check(trigger["spec"] ?? null)).toEqual([]);
    expect(catalog.triggerKinds.map(({ kind }) => kind)).toEqual([triggerKind]);
    expect(textMember(found[0], "apiVersion")).toContain(catalog.triggerKinds[0]?.group);
  });

  it.runIf(catalog.entries.some(({ compiled }) => compiled.kind === "FunctionTest"))(
    "passes its own tests, which exercise all of it",
    async () => {
      const coverage = new CoverageRecorder();
      const crds = objects.filter((object) => object["kind"] === "CustomResourceDefinition");
      const reports = await runTests({ catalog, crds, byId: new Map() }, { coverage });
      expect(reports.filter(({ success }) => !success)).toEqual([]);
      expect(reports.map(({ about }) => about.split(" ")[0])).toContain("Workflow");
      const missed = coverageOf(catalog, coverage.hits).flatMap(({ kind, name, points }) =>
        points.filter(({ hits }) => hits === 0).map(({ path, what }) => `${kind} ${name}: ${path} never ${what}`),
      );
      expect(missed).toEqual([]);
    },
  );
});
