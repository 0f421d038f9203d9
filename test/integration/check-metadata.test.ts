/** Metadata and headers of every shape, judged by `koreo check` and by a real API server. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Rule } from "../../src/core/check/finding.ts";
import { STRICTER } from "../../src/core/check/stricter.ts";
import { installCrds, minorOf, STRICT_SINCE_MINOR } from "./check-fuzz/install-crds.ts";
import { DryRuns, FILE, ourVerdict } from "./check-fuzz/verdicts.ts";
import { connectToTestServer, createNamespace } from "./kubernetes-fixture.ts";

let dryRuns: DryRuns;
let isCurrent: boolean;
beforeAll(async () => {
  const cluster = connectToTestServer();
  await installCrds(cluster);
  isCurrent = (await minorOf(cluster)) >= STRICT_SINCE_MINOR;
  dryRuns = new DryRuns(await createNamespace(cluster, "metadata"));
  await cluster.close();
});
afterAll(() => dryRuns.close());

const times = (text: string, count: number) => text.repeat(count);
const HEAD = "apiVersion: koreo.dev/v1beta1\nkind: ResourceTemplate\n";
const SPEC = "spec: { template: { apiVersion: v1, kind: Any } }\n";

const METADATA: readonly string[] = [
  ...["{ name: x }", "{}", "null", "abc", "[]", "5"],
  ...[
    "{ name: 5 }",
    "{ name: null }",
    "{ name: '' }",
    "{ name: Abc }",
    "{ name: a.b }",
    "{ name: a..b }",
    "{ name: a_b }",
    "{ name: a/b }",
  ],
  ...[`{ name: ${times("a", 253)} }`, `{ name: ${times("a", 254)} }`, `{ name: ${times("a", 100)}.b }`],
  ...["{ name: -a }", "{ name: a- }", "{ name: '123' }", "{ name: é }", "{ name: '=inputs.a' }", "{ Name: x }"],
  ...[
    "{ generateName: x- }",
    "{ name: x, generateName: y- }",
    "{ name: x, generateName: Y_ }",
    "{ name: x, generateName: 5 }",
    "{ name: x, generateName: - }",
  ],
  ...[
    "{ name: x, namespace: 5 }",
    "{ name: x, namespace: '' }",
    "{ name: x, namespace: null }",
    "{ name: x, namespace: A_ }",
  ],
  ...[
    "{ a: b }",
    "{ a: 1 }",
    "{ a: null }",
    "null",
    "[]",
    "{ 'a b': c }",
    "{ a.b/c: d }",
    "{ A_/c: d }",
    "{ a/b/c: d }",
    "{ /c: d }",
    "{ a/: d }",
    "{ a: 'b c' }",
    "{ a: '' }",
    "{ '': a }",
  ].map((labels) => `{ name: x, labels: ${labels} }`),
  ...[
    `{ a: ${times("b", 63)} }`,
    `{ a: ${times("b", 64)} }`,
    `{ ${times("b", 64)}: a }`,
    "{ __proto__: a }",
    "{ constructor: a }",
    "{ a: é }",
  ].map((labels) => `{ name: x, labels: ${labels} }`),
  ...[
    "{ a: any thing é }",
    "{ a: 1 }",
    "{ a: true }",
    "{ a: {} }",
    "{ a: null }",
    "{ A.B/c: d }",
    "{ 'a b': c }",
    "{ '': a }",
    `{ a: ${times("x", 262_143)} }`,
    `{ a: ${times("x", 262_144)} }`,
    `{ a: ${times("é", 131_072)} }`,
  ].map((annotations) => `{ name: x, annotations: ${annotations} }`),
  ...[
    "[a.b/c]",
    "[abc]",
    "[1]",
    "a",
    "null",
    "['']",
    "[null]",
    "[orphan]",
    "[orphan, foregroundDeletion]",
    "['a b']",
  ].map((finalizers) => `{ name: x, finalizers: ${finalizers} }`),
  ...["[]", "a", "[null]", "[{}]", "[5]"].map((owners) => `{ name: x, ownerReferences: ${owners} }`),
  ...[
    ", uid: u",
    "",
    ", uid: ''",
    ", uid: u, z: 1",
    ", uid: u, controller: x",
    ", uid: u, controller: true, blockOwnerDeletion: null",
    ", uid: 5",
  ].map((more) => `{ name: x, ownerReferences: [{ apiVersion: v1, kind: ConfigMap, name: a${more} }] }`),
  "{ name: x, ownerReferences: [{ apiVersion: a/b/c, kind: C, name: a, uid: u }] }",
  "{ name: x, ownerReferences: [{ apiVersion: v1, kind: Event, name: a, uid: u }] }",
  "{ name: x, ownerReferences: [{ apiVersion: v1, kind: C, name: a, uid: u, controller: true }, { apiVersion: v1, kind: C, name: b, uid: w, controller: true }] }",
  "{ name: x, ownerReferences: [{ apiVersion: v1, kind: C, name: a, uid: u }, { apiVersion: v1, kind: C, name: a, uid: u }] }",
  ...["[]", "[{}]", "a", "null"].map((fields) => `{ name: x, managedFields: ${fields} }`),
  ...["'5'", "abc", "5", "null"].map((version) => `{ name: x, resourceVersion: ${version} }`),
  ...["abc", "5", "null"].map((uid) => `{ name: x, uid: ${uid} }`),
  ...["5", "-1", "a", "1.5", "null", "99999999999999999999"].map(
    (generation) => `{ name: x, generation: ${generation} }`,
  ),
  ...[
    "null",
    "'2026-01-01T00:00:00Z'",
    "'2026-01-01T00:00:00.5+02:00'",
    "abc",
    "5",
    "''",
    "'2026-13-01T00:00:00Z'",
  ].map((time) => `{ name: x, creationTimestamp: ${time} }`),
  ...["'2026-01-01T00:00:00Z'", "a"].map((time) => `{ name: x, deletionTimestamp: ${time} }`),
  ...["5", "a"].map((seconds) => `{ name: x, deletionGracePeriodSeconds: ${seconds} }`),
  ...["a", "1"].map((link) => `{ name: x, selfLink: ${link} }`),
  ...[
    "{ name: x, clusterName: a }",
    "{ name: x, later: 1 }",
    "{ name: x, Labels: { a: b } }",
    "{ name: x, __proto__: { a: 1 } }",
  ],
];

const HEADERS: readonly string[] = [
  ...[
    "5",
    "koreo.dev/v1",
    "koreo.dev/v1beta1/x",
    "Koreo.dev/v1beta1",
    "null",
    "' koreo.dev/v1beta1'",
    "v1beta1",
    "v1",
    "''",
    "[koreo.dev/v1beta1]",
  ].map((version) => `apiVersion: ${version}\nkind: ResourceTemplate\n`),
  ...["resourcetemplate", "Workflow", "Nothing", "5", "null", "ResourceTemplateList", "''", "ResourceTemplates"].map(
    (kind) => `apiVersion: koreo.dev/v1beta1\nkind: ${kind}\n`,
  ),
];

const MORE: readonly string[] = [
  ...["later: 1", "Spec: {}", "__proto__: { a: 1 }", "constructor: 1"],
  ...[
    "status: { a: 1 }",
    "status: a",
    "status: null",
    "status: { conditions: 5 }",
    "status: { conditions: [{ type: a, status: b }, { type: a, status: b }] }",
  ],
];

const TEMPLATES: readonly string[] = [
  ...[
    "{}",
    "[]",
    "null",
    "{ apiVersion: v1 }",
    "{ kind: A }",
    "{ apiVersion: '', kind: A }",
    "{ apiVersion: v1, kind: '' }",
    "{ apiVersion: 5, kind: A }",
    "{ apiVersion: v1, kind: [A] }",
    "{ apiVersion: null, kind: A }",
  ],
  ...["a/b/c", "V_1", "A_/v1", "/", "/v1", "a/"].map((version) => `{ apiVersion: '${version}', kind: A }`),
  ...["lower", "a b", "A-b", "-A", "1A", times("A", 64), "=inputs.kind"].map(
    (kind) => `{ apiVersion: v1, kind: '${kind}' }`,
  ),
  ...[
    "{ name: A_ }",
    "{ name: =inputs.name }",
    "{ name: a/b }",
    "{ name: .. }",
    "{ name: 'a%b' }",
    "{ name: null }",
    "{ name: 5 }",
    "{ namespace: =inputs.name }",
    "{ namespace: a.b }",
    "{ labels: { a: =inputs.x } }",
    "{ labels: { a: 1 } }",
    "{ labels: { 'a b': c } }",
    "{ annotations: { a: null } }",
    "{ annotations: { a: =inputs.x } }",
  ].map((metadata) => `{ apiVersion: v1, kind: A, metadata: ${metadata} }`),
  ...[
    "{ later: 1 }",
    "{ x-koreo-compare-as-set: [a] }",
    "[]",
    "null",
    "a",
    "{ finalizers: [x] }",
    "{ creationTimestamp: abc }",
    "{ creationTimestamp: null }",
    "{ ownerReferences: [{ name: a }] }",
    "{ generateName: 5 }",
    "{ generateName: A_ }",
    "{ resourceVersion: abc }",
    "{ uid: 1 }",
    "{ uid: a }",
    "{ generation: -1 }",
    "{ deletionGracePeriodSeconds: -1 }",
    "{ managedFields: [{}] }",
    "{ managedFields: [] }",
  ].map((metadata) => `{ apiVersion: v1, kind: A, metadata: ${metadata} }`),
];

const TEXTS = [
  ...METADATA.map((metadata) => `${HEAD}metadata: ${metadata}\n${SPEC}`),
  `${HEAD}${SPEC}`,
  ...HEADERS.map((header) => `${header}metadata: { name: x }\n${SPEC}`),
  ...MORE.map((more) => `${HEAD}metadata: { name: x }\n${SPEC}${more}\n`),
  ...["", "spec:\n", "spec: []\n", "spec: a\n", "spec: {}\n"].map((spec) => `${HEAD}metadata: { name: x }\n${spec}`),
  ...TEMPLATES.map((template) => `${HEAD}metadata: { name: x }\nspec: { template: ${template} }\n`),
];

const ORIGINAL = { apiVersion: "koreo.dev/v1beta1", kind: "ResourceTemplate", metadata: { name: "x" } };

beforeEach(({ skip }) => {
  if (!isCurrent) skip("older servers check less");
});

describe("the same verdict, or a stricter one by a listed rule", () => {
  it.each(TEXTS.map((text) => ({ name: text.slice(0, HEAD.length + 120), text })))("$name", async ({ text }) => {
    const mutant = { what: "by hand", original: ORIGINAL, text, related: [] };
    const ours = ourVerdict(mutant);
    const read = ours.definitions.documents.find(({ file }) => file === FILE)?.document.asServerReads;
    const server = await dryRuns.verdict(mutant, read);
    const isListed = ours.errors.length > 0 && ours.errors.every(({ rule }) => STRICTER[rule as Rule] !== undefined);
    const said = ours.errors.map(({ rule, message }) => `[${rule}] ${message}`).join("; ");
    const isSame = ours.accepts === server.accepts || (server.accepts && isListed);
    expect(isSame, `server: ${server.accepts ? "accepts" : server.message}; check: ${said || "accepts"}`).toBe(true);
  });
});
