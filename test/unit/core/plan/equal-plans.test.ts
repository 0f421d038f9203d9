/**
 * Invariant 5: equal manifests give equal plans, whatever they look like: block, flow or JSON, in any order of documents and
 * keys, compiled afresh or over an earlier catalog.
 */
import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMap, parseAllDocuments, visit, type Document } from "yaml";
import type { Value } from "../../../../src/core/cel/value.ts";
import { definitionOf, type DefinitionSource } from "../../../../src/core/manifest/definition.ts";
import { readYaml } from "../../../../src/core/manifest/read-yaml.ts";
import { specChecksOf } from "../../../../src/core/manifest/schema.ts";
import { compileCatalog, type Catalog } from "../../../../src/core/plan/catalog.ts";
import { definitionId } from "../../../../src/core/plan/definition-graph.ts";
import { CRD_FILES, objectsIn } from "../../../support/manifest-files.ts";

const ROOT = new URL("../../../..", import.meta.url).pathname;
const checks = specChecksOf(objectsIn(CRD_FILES));
const filesIn = (place: string, isMeant: (file: string) => boolean) =>
  readdirSync(`${ROOT}${place}`, { recursive: true, encoding: "utf8" })
    .filter(isMeant)
    .sort()
    .map((file) => `${place}/${file}`);
const FILES = [
  ...filesIn("examples/platform/definitions", (file) => file.endsWith(".yaml")),
  ...filesIn("test/conformance/workflows", (file) => file.endsWith("definitions.yaml")),
  ...filesIn("test/conformance/functions", (file) => file.endsWith(".yaml")),
];

const textOf = (file: string) => readFileSync(`${ROOT}${file}`, "utf8");
const documentsOf = (text: string) => parseAllDocuments(text, { intAsBigInt: true }) as readonly Document.Parsed[];
const written = (documents: readonly Document.Parsed[], style: "block" | "flow") =>
  documents
    .map((each) => each.toString({ directives: false, indent: 4, lineWidth: 0, collectionStyle: style }))
    .join("---\n");

function sourcesOf(text: string): readonly DefinitionSource[] {
  const { documents, faults } = readYaml(text);
  expect(faults).toEqual([]);
  return documents.flatMap(({ value }) => definitionOf(value, "default") ?? []);
}

const compiled = (text: string, previous?: Catalog) =>
  compileCatalog(sourcesOf(text), { namespaces: ["default"], checks }, previous);

/** Everything in an entry that is data; what is a closure is told apart by the hash of the text it was compiled from. */
function plansOf(catalog: Catalog): Readonly<Record<string, unknown>> {
  const plain = (_name: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);
  return Object.fromEntries(
    catalog.entries.map(({ source, uses, ...entry }) => [
      definitionId(source),
      JSON.parse(JSON.stringify({ ...entry, uses: uses.map(definitionId).sort() }, plain)) as unknown,
    ]),
  );
}

/** Without the plans themselves, which list what they read in the order it is written. */
function hashesOf(catalog: Catalog): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    catalog.entries.map(({ source, contentHash, planHash, readiness }) => [
      definitionId(source),
      { contentHash, planHash, kind: readiness?.kind },
    ]),
  );
}

/** With the keys of every map in another order. */
function reordered(text: string, orders: readonly number[]): string {
  const documents = documentsOf(text);
  for (const document of documents) {
    visit(document, {
      Map: (_key, map) => {
        if (map.items.some(({ value }) => isMap(value) && value.anchor !== undefined)) return; // an anchor comes first
        const order = (index: number) => orders[index % orders.length] ?? 0;
        map.items = map.items
          .map((item, index) => ({ item, at: order(index) }))
          .sort((a, b) => a.at - b.at)
          .map(({ item }) => item);
      },
    });
  }
  return written(documents, "block");
}

const file = fc.constantFrom(...FILES);

describe("equal manifests give equal plans (invariant 5)", () => {
  it.each([
    { style: "block", half: 0 },
    { style: "flow", half: 1 },
  ] as const)(
    "in $style style, from half the files of the corpora",
    ({ style, half }) => {
      for (const each of FILES.filter((_file, index) => index % 2 === half)) {
        const text = textOf(each);
        const plans = plansOf(compiled(written(documentsOf(text), style)));
        expect({ each, plans }).toEqual({ each, plans: plansOf(compiled(text)) });
      }
    },
    60_000,
  );

  it("in any order of documents", () => {
    const shuffled = file.chain((each) => {
      const documents = documentsOf(textOf(each));
      return fc.tuple(fc.constant(each), fc.shuffledSubarray([...documents], { minLength: documents.length }));
    });
    fc.assert(
      fc.property(shuffled, ([each, documents]) => {
        expect(plansOf(compiled(written(documents, "block")))).toEqual(plansOf(compiled(textOf(each))));
      }),
      { numRuns: 60 },
    );
  });

  it("in any order of keys, by their hashes and verdicts", () => {
    fc.assert(
      fc.property(file, fc.array(fc.nat(9), { minLength: 3, maxLength: 7 }), (each, orders) => {
        const text = textOf(each);
        if (/[&*]\w/.test(text.replaceAll(/=.*$/gm, ""))) return; // an alias must come behind its anchor
        expect(hashesOf(compiled(reordered(text, orders)))).toEqual(hashesOf(compiled(text)));
      }),
      { numRuns: 60 },
    );
  });

  it("and keep the very plan that an earlier catalog made", () => {
    for (const each of FILES.slice(0, 30)) {
      const before = compiled(textOf(each));
      const after = compiled(written(documentsOf(textOf(each)), "flow"), before);
      for (const { source, compiled: plan } of after.entries) {
        expect(plan).toBe(before.byId(definitionId(source))?.compiled);
      }
    }
  });

  it("and others, for others: no two definitions of the corpora share a hash unless their specs are equal", () => {
    const specs = new Map<string, Value>();
    for (const each of FILES.slice(0, 60)) {
      for (const { contentHash, source } of compiled(textOf(each)).entries) {
        const known = specs.get(contentHash) ?? source.spec;
        specs.set(contentHash, known);
        expect(source.spec).toEqual(known);
      }
    }
  });
});
