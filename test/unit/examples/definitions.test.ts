/** The definitions that people start from compile without a finding, their tests pass, and their triggers fit the CRD. */
import { describe, expect, it } from "vitest";
import { runFunctionTest } from "../../../src/core/function-test/run.ts";
import { memberAt, textMember, type JsonObject } from "../../../src/core/json.ts";
import { specCheck, specChecksOf } from "../../../src/core/manifest/schema.ts";
import { compileCatalog, type Catalog } from "../../../src/core/plan/catalog.ts";
import { BENCHMARK_FILES, CRD_FILES, definitionsIn, objectsIn, PLATFORM_FILES } from "../../support/manifest-files.ts";

const checks = specChecksOf(objectsIn(CRD_FILES));
const places = [
  { place: PLATFORM_FILES, namespace: "platform", triggerKind: "WebApp", triggers: 4 },
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

  const tests = testsOf(catalog);
  it.runIf(tests.length > 0)("passes its own tests", () => {
    expect(tests.flatMap(({ failures }) => failures)).toEqual([]);
  });
});

function testsOf(catalog: Catalog): readonly { readonly failures: readonly string[] }[] {
  return catalog.entries.flatMap(({ compiled, source }) => {
    if (compiled.kind !== "FunctionTest" || compiled.prepared.kind !== "ready") return [];
    const result = runFunctionTest(compiled.prepared.plan, (name) => catalog.template(name, source.namespace), {});
    const failures = result.cases.filter((each) => !each.pass).map((each) => `${source.name}: ${JSON.stringify(each)}`);
    return [{ failures: result.functionOutcome === undefined ? failures : [`${source.name} cannot run`] }];
  });
}
