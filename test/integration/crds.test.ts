/** The CRDs on a real API server: they install, real manifests pass, and bad ones are refused in words that help. */
import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ClusterAccess } from "../../src/adapters/kubernetes/connect.ts";
import { objectPath } from "../../src/adapters/kubernetes/resource-path.ts";
import { member, textMember, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { KOREO_GROUP, KOREO_VERSION } from "../../src/core/names.ts";
import { parseApiVersion } from "../../src/core/object-key.ts";
import type { ClusterResult, ObjectRef } from "../../src/engine/ports/object-store.ts";
import { valueOf } from "../contract/object-store.ts";
import { BENCHMARK_FILES, CRD_FILES, objectsIn, PLATFORM_FILES } from "../support/manifest-files.ts";
import { installCrd, minorOf } from "./check-fuzz/install-crds.ts";
import { connectToTestServer, createNamespace } from "./kubernetes-fixture.ts";

const signal = new AbortController().signal;
const isCrd = (object: JsonObject) => object["kind"] === "CustomResourceDefinition";
const nameOf = (object: JsonObject) => textMember(member(object, "metadata"), "name");

let cluster: ClusterAccess;
let namespace: string;
let serverMinor: number;

beforeAll(async () => {
  cluster = connectToTestServer();
  namespace = await createNamespace(cluster, "crds");
  serverMinor = await minorOf(cluster);
  for (const crd of [...objectsIn(CRD_FILES), ...[PLATFORM_FILES, BENCHMARK_FILES].flatMap(objectsIn).filter(isCrd)]) {
    await installCrd(cluster, crd);
  }
});
afterAll(() => cluster.close());

/** Server-side apply that stores nothing; unlike a create it tells every field the schema does not know. */
function dryRun(ref: ObjectRef, body: JsonObject): Promise<ClusterResult<JsonValue>> {
  return cluster.client.request(
    {
      method: "PATCH",
      path: objectPath(ref),
      query: { fieldManager: "koreo-test", fieldValidation: "Strict", force: "true", dryRun: "All" },
      body,
      contentType: "application/apply-patch+yaml",
      verb: "apply",
      kind: ref.type.kind,
    },
    signal,
  );
}

/** What the server would make of an object in this test's namespace. */
async function tried(object: JsonObject): Promise<ClusterResult<JsonValue>> {
  const kind = { ...parseApiVersion(textMember(object, "apiVersion")), kind: textMember(object, "kind") };
  const type = valueOf(await cluster.store.resolve(kind, signal));
  const placed = { ...object, metadata: { ...(object["metadata"] as JsonObject), namespace } };
  return dryRun({ type, namespace, name: nameOf(object) }, placed);
}

const isNamespaced = (object: JsonObject) => !isCrd(object) && object["kind"] !== "Namespace";
const manifests = [PLATFORM_FILES, BENCHMARK_FILES].flatMap(objectsIn).filter(isNamespaced);

describe("manifests people start from", () => {
  it.each(manifests.map((object) => ({ name: `${textMember(object, "kind")} ${nameOf(object)}`, object })))(
    "$name",
    async ({ object }) => {
      const applied = valueOf(await tried(object)) as JsonObject;
      expect(applied["spec"]).toMatchObject(object["spec"] as object);
    },
  );
});

/** The definitions of the recorded workflows, which a real server took under Koreo's own CRDs. */
const CORPUS_FILES = "test/conformance/workflows";
const corpus = readdirSync(new URL(`../../${CORPUS_FILES}`, import.meta.url)).sort();

describe("the manifests of the workflow corpus", () => {
  it(`pass unchanged, all of ${corpus.length} cases`, async () => {
    const refused: string[] = [];
    for (const name of corpus) {
      for (const object of objectsIn(`${CORPUS_FILES}/${name}/definitions.yaml`)) {
        const answer = await tried(object);
        if (answer.kind === "fault") refused.push(`${name}: ${answer.fault.detail}`);
      }
    }
    expect(refused).toEqual([]);
  });
});

const of = (kind: string, spec: JsonValue): JsonObject => ({
  apiVersion: `${KOREO_GROUP}/${KOREO_VERSION}`,
  kind,
  metadata: { name: "one" },
  spec,
});
const api = { apiVersion: "v1", kind: "ConfigMap", name: "a", namespace: "b" };
const step = { label: "one", ref: { kind: "ValueFunction", name: "f" } };

describe("defaults", () => {
  it("are Koreo's", async () => {
    const applied = valueOf(await tried(of("ResourceFunction", { apiConfig: api, resource: {} })));
    expect(member(applied, "spec")).toEqual({
      apiConfig: { ...api, namespaced: true, owned: true, readonly: false, deleteIfExists: false },
      resource: {},
      create: { enabled: true, delay: 30 },
      update: { patch: { delay: 30 } },
    });
  });
});

describe("what Koreo leaves open stays open", () => {
  it.each([
    { name: "nulls where they are allowed", object: of("ResourceTemplate", { context: null, template: api }) },
    {
      name: "directives and free fields in a resource",
      object: of("ResourceFunction", {
        apiConfig: api,
        resource: {
          spec: { "x-koreo-compare-as-set": ["hosts"], hosts: ["=inputs.host"], any: { depth: [1, 2.5, null] } },
        },
      }),
    },
    { name: "a Workflow without steps", object: of("Workflow", { steps: [] }) },
    { name: "a step that names something missing", object: of("Workflow", { steps: [step] }) },
  ])("$name", async ({ object }) => {
    expect(await tried(object)).toMatchObject({ kind: "ok" });
  });
});

describe("what is refused", () => {
  const steps = (change: JsonObject) => of("Workflow", { steps: [{ ...step, ...change }] });
  it.each([
    {
      name: "a condition that is no expression",
      object: steps({ skipIf: "true" }),
      says: `spec.steps[0].skipIf: Invalid value: "true": must be an expression, beginning with '='`,
      sinceMinor: 25,
    },
    {
      name: "an assert that is no expression",
      object: of("ValueFunction", { preconditions: [{ assert: "true", skip: { message: "" } }] }),
      says: `spec.preconditions[0].assert: Invalid value: "true": must be an expression, beginning with '='`,
      sinceMinor: 25,
    },
    {
      name: "an expression as a case",
      object: of("Workflow", {
        steps: [
          { label: "one", refSwitch: { switchOn: "=1", cases: [{ case: "=a", kind: "ValueFunction", name: "f" }] } },
        ],
      }),
      says: "must be plain text, not an expression",
      sinceMinor: 25,
    },
    {
      name: "two verdicts",
      object: of("ValueFunction", { preconditions: [{ assert: "=true", ok: {}, skip: { message: "" } }] }),
      says: "oneOf",
    },
    { name: "a label with a dash", object: steps({ label: "a-b-c" }), says: "spec.steps[0].label" },
    {
      name: "a step of an unknown kind",
      object: steps({ ref: { kind: "Function", name: "f" } }),
      says: 'supported values: "ResourceFunction"',
    },
    {
      name: "no kind to manage",
      object: of("ResourceFunction", { apiConfig: { apiVersion: "v1", name: "a" }, resource: {} }),
      says: "spec.apiConfig.kind: Required value",
    },
    {
      name: "a template without a kind",
      object: of("ResourceTemplate", { template: { apiVersion: "v1" } }),
      says: "spec.template.kind: Required value",
    },
    { name: "a misspelt field", object: steps({ skipif: "=true" }), says: "skipif", sinceMinor: 27 },
    {
      name: "the same case twice",
      object: of("Workflow", {
        steps: [
          {
            label: "one",
            refSwitch: {
              switchOn: "=1",
              cases: [
                { case: "a", kind: "ValueFunction", name: "f" },
                { case: "a", kind: "ValueFunction", name: "g" },
              ],
            },
          },
        ],
      }),
      says: "duplicate",
    },
    {
      name: "a test of nothing",
      object: { ...of("FunctionTest", null), spec: undefined as never },
      says: "spec: Required value",
    },
  ])("$name", async ({ object, says, sinceMinor }) => {
    if (serverMinor < (sinceMinor ?? 0)) return; // an older server leaves this rule to the engine
    const answer = await tried(JSON.parse(JSON.stringify(object)) as JsonObject);
    expect(answer).toMatchObject({ kind: "fault" });
    expect(answer.kind === "fault" ? answer.fault.detail : "").toContain(says);
  });
});
