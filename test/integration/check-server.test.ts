/**
 * `koreo check --server` against a real API server: what it finds and where, no false alarm on good manifests, and, over
 * objects mutated by chance, agreement with what the server's own strict dry run says of fields and types.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ClusterAccess } from "../../src/adapters/kubernetes/connect.ts";
import { collectionPath } from "../../src/adapters/kubernetes/resource-path.ts";
import { readServedApis } from "../../src/cli/server-apis.ts";
import { checkAgainstServer } from "../../src/core/check/server/check-server.ts";
import { formatJson, isJsonObject, memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import { parseApiVersion } from "../../src/core/object-key.ts";
import { compileCatalog } from "../../src/core/plan/catalog.ts";
import type { DefinitionSource } from "../../src/core/manifest/definition.ts";
import type { ClusterResult, ResourceType } from "../../src/engine/ports/object-store.ts";
import { valueOf } from "../contract/object-store.ts";
import { objectsIn, PLATFORM_FILES } from "../support/manifest-files.ts";
import { chooseSeed, seededRandom } from "../support/seeded-random.ts";
import { koreo } from "../unit/cli/koreo.ts";
import { installCrd, installCrds, minorOf, STRICT_SINCE_MINOR } from "./check-fuzz/install-crds.ts";
import { mutateValue } from "./check-fuzz/mutate-value.ts";
import { OBJECTS } from "./check-fuzz/server-objects.ts";
import { connectToTestServer, createNamespace, eventually, kubeconfigPath } from "./kubernetes-fixture.ts";

const signal = new AbortController().signal;
let cluster: ClusterAccess;
let namespace: string;
let isCurrent: boolean;
beforeAll(async () => {
  cluster = connectToTestServer();
  await installCrds(cluster);
  for (const object of objectsIn(PLATFORM_FILES)) {
    if (object["kind"] === "CustomResourceDefinition") await installCrd(cluster, object);
  }
  isCurrent = (await minorOf(cluster)) >= STRICT_SINCE_MINOR;
  namespace = await createNamespace(cluster, "check-server");
  // OpenAPI follows a new CRD after a moment.
  if (isCurrent) await eventually(async () => (await koreo(onServer("examples/platform"))).code === 0);
});
afterAll(() => cluster.close());
beforeEach(({ skip }) => {
  if (!isCurrent) skip("older servers publish no OpenAPI v3");
});

const ROOT = new URL("../..", import.meta.url).pathname;
const onServer = (target: string, ...more: readonly string[]) => [
  ...["check", path.resolve(ROOT, target), "--server", "--kubeconfig", kubeconfigPath(), ...more],
];

const MANIFEST = `apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: shop }
spec:
  apiConfig:
    apiVersion: apps/v1
    kind: Deployment
    plural: deployment
    name: =inputs.name
    namespace: =inputs.namespace
  resource:
    spec:
      replica: =inputs.size
      template:
        spec:
          containers:
            - name: main
              env:
                - { name: PORT, value: "8080" }
---
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: shop }
spec:
  crdRef: { apiGroup: platform.example.com, version: v1, kind: WebAp }
  steps:
    - label: shop
      ref: { kind: ResourceFunction, name: shop }
      inputs: { name: a, namespace: b, size: 1 }
`;

describe("koreo check --server", () => {
  let file: string;
  beforeAll(async () => {
    file = path.join(await mkdtemp(path.join(tmpdir(), "koreo-server-")), "shop.yaml");
    await writeFile(file, MANIFEST);
  });
  afterAll(() => rm(path.dirname(file), { recursive: true }));

  it("shows line, caret and what was meant", async () => {
    const { code, stdout } = await koreo(onServer(file));
    expect(code).toBe(1);
    expect(stdout).toContain(
      `${file}:13:7: error: spec.resource.spec.replica: apps/v1 Deployment has no such field [unknown-field]`,
    );
    expect(stdout).toContain("  13 |       replica: =inputs.size\n             ^\n  fix: did you mean replicas?");
    expect(stdout).toContain("[wrong-plural]");
  });

  it("says the same as JSON and as SARIF", async () => {
    const { findings } = JSON.parse((await koreo(onServer(file, "-o", "json"))).stdout) as {
      readonly findings: readonly unknown[];
    };
    for (const want of [
      { rule: "wrong-plural", line: 8, column: 13, fix: "write deployments, or leave it out" },
      { rule: "unknown-field", line: 13, column: 7, path: "spec.resource.spec.replica" },
      { rule: "wrong-value", line: 19, column: 40, fix: 'write ="8080"' },
      { rule: "unserved-kind", line: 25, column: 64, fix: "did you mean WebApp?" },
    ]) {
      expect(findings).toContainEqual(expect.objectContaining({ severity: "error", file, ...want }));
    }
    const sarif = JSON.parse((await koreo(onServer(file, "-o", "sarif"))).stdout) as JsonObject;
    const [run] = sarif["runs"] as readonly JsonObject[];
    const rules = memberAt(run, ["tool", "driver", "rules"]) as readonly JsonObject[];
    expect(rules.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["unknown-field", "unserved-kind", "wrong-plural", "wrong-value"]),
    );
  });

  it("finds nothing of the kind in the examples", async () => {
    const { code, stdout } = await koreo(onServer("examples/platform", "-o", "json"));
    expect(JSON.parse(stdout)).toMatchObject({ errors: 0 });
    expect(code).toBe(0);
  });

  it("without a server says which, and fails", async () => {
    const nowhere = path.join(path.dirname(file), "nowhere.kubeconfig");
    const cluster = { name: "c", cluster: { server: "https://127.0.0.1:1" } };
    const context = { name: "x", context: { cluster: "c", user: "u" } };
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [cluster],
      contexts: [context],
      "current-context": "x",
      users: [{ name: "u", user: {} }],
    };
    await writeFile(nowhere, formatJson(config));
    const { code, stderr } = await koreo(["check", file, "--server", "--kubeconfig", nowhere]);
    expect(code).toBe(1);
    expect(stderr).toContain("asking the server for /apis");
  });
});

/** Fields that no schema knows, and types that do not fit: what a schema can tell. Names, references and ranges it cannot. */
const ABOUT_FIELDS =
  /unknown field|cannot unmarshal|strict decoding error|must be of type|expected (?:string|map|list|numeric)|unrecognized type/;
/** Decoders of built-in types have a grammar of their own for these; and a null is passed over, in lists too. */
const OWN_GRAMMAR = /quantities must match|parsing time|unable to parse quantity|IntOrString|: "null"/;

/** A template is static: text means itself, so that a mutant is the same object to both. */
function templateOf(template: JsonObject, name = "one"): DefinitionSource {
  return { kind: "ResourceTemplate", namespace: "default", name, uid: "", generation: 0, spec: { template } };
}
const catalogOf = (...sources: readonly DefinitionSource[]) => compileCatalog(sources, { namespaces: ["default"] });

describe("over mutated objects", () => {
  const seed = chooseSeed();
  const COUNT = Number(process.env["KOREO_FUZZ_COUNT"] ?? 400);

  it(`agrees with strict dry runs on ${COUNT} of them (KOREO_TEST_SEED=${seed})`, async () => {
    const random = seededRandom(seed);
    const types = new Map<JsonObject, ResourceType>();
    for (const object of OBJECTS) {
      const kind = { ...parseApiVersion(textMember(object, "apiVersion")), kind: textMember(object, "kind") };
      types.set(object, valueOf(await cluster.store.resolve(kind, signal)));
      expect({ kind, answer: (await dryRun(object, types.get(object))).kind }).toEqual({ kind, answer: "ok" });
    }
    const connection = { ...cluster, namespace, signal };
    const all = catalogOf(...OBJECTS.map((each, index) => templateOf(each, `t${index}`)));
    const apis = await readServedApis(connection, all);
    expect(checkAgainstServer(all, apis)).toEqual([]);

    const wrong: string[] = [];
    const counts = { bothFind: 0, neither: 0 };
    for (let done = 0; done < COUNT; done += 1) {
      const original = random.pick(OBJECTS) ?? {};
      const { metadata, apiVersion, kind, ...rest } = original;
      const { what, value } = mutateValue(rest, OBJECTS, random);
      // Directives are ours, and taken out before anything is sent.
      if (!isJsonObject(value) || /__proto__|x-koreo-/.test(formatJson(value))) continue;
      const mutant = { ...value, metadata: metadata ?? {}, apiVersion: apiVersion ?? "", kind: kind ?? "" };
      const found = checkAgainstServer(catalogOf(templateOf(mutant)), apis).filter(
        ({ rule }) => rule === "unknown-field" || rule === "wrong-value",
      );
      const answer = await dryRun(mutant, types.get(original));
      const detail = answer.kind === "fault" ? answer.fault.detail : "";
      const isAboutFields = ABOUT_FIELDS.test(detail) && !OWN_GRAMMAR.test(detail);
      if (found.length > 0 && answer.kind === "fault") counts.bothFind += 1;
      if (found.length === 0 && answer.kind === "ok") counts.neither += 1;
      const said = `${textMember(original, "kind")}: ${what}\n  server: ${detail || "accepts"}\n  check: ${found.map(({ message }) => message).join("; ") || "nothing"}`;
      if (found.length > 0 && answer.kind === "ok") wrong.push(`false alarm: ${said}`);
      if (found.length === 0 && isAboutFields) wrong.push(`missed: ${said}`);
    }
    console.log(`KOREO_TEST_SEED=${seed}: both refuse ${counts.bothFind}, neither ${counts.neither}`);
    expect(wrong.slice(0, 20)).toEqual([]);
    expect(counts.bothFind).toBeGreaterThan(COUNT / 10);
  }, 300_000);

  function dryRun(object: JsonObject, type: ResourceType | undefined): Promise<ClusterResult<unknown>> {
    if (type === undefined) throw new Error("no such kind");
    const place = type.namespaced ? namespace : "";
    return cluster.client.request(
      {
        method: "POST",
        path: collectionPath(type, place),
        query: { fieldManager: "koreo-test", fieldValidation: "Strict", dryRun: "All" },
        body: object,
        verb: "create",
        kind: type.kind,
      },
      signal,
    );
  }
});
