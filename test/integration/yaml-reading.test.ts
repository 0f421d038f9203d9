/**
 * YAML as a real API server reads it, against how we say it does: piece by piece, in a place where anything may stand. What we
 * refuse and it reads is marked; what it refuses, we refuse.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadKubeConfig } from "../../src/adapters/kubernetes/kube-config.ts";
import { Transport } from "../../src/adapters/kubernetes/transport.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { checkObject } from "../../src/core/check/api-object.ts";
import { specSchemasOf } from "../../src/core/check/api-schema.ts";
import { toJson } from "../../src/core/cel/text.ts";
import { formatJson, memberAt, parseJson, type JsonValue } from "../../src/core/json.ts";
import { readYaml } from "../../src/core/manifest/read-yaml.ts";
import { CRD_FILES, objectsIn } from "../support/manifest-files.ts";
import { installCrds, minorOf, STRICT_SINCE_MINOR } from "./check-fuzz/install-crds.ts";
import { connectToTestServer, kubeconfigPath } from "./kubernetes-fixture.ts";

const schemas = specSchemasOf(objectsIn(CRD_FILES));
const transport = new Transport(loadKubeConfig({ kubeconfig: kubeconfigPath() }), systemClock, 8);
const signal = new AbortController().signal;
const PATH = "/apis/koreo.dev/v1beta1/namespaces/default/resourcetemplates?dryRun=All&fieldValidation=Strict";

let isCurrent: boolean;
beforeAll(async () => {
  const cluster = connectToTestServer();
  await installCrds(cluster);
  isCurrent = (await minorOf(cluster)) >= STRICT_SINCE_MINOR;
  await cluster.close();
});
afterAll(() => transport.close());

beforeEach(({ skip }) => {
  if (!isCurrent) skip("older servers read less strictly");
});

const around = (piece: string) =>
  `apiVersion: koreo.dev/v1beta1\nkind: ResourceTemplate\nmetadata: { name: one }\nspec:\n  template:\n    apiVersion: v1\n    kind: Any\n    any: ${piece}\n`;
const REFUSED = "refused";

async function asServerReads(text: string): Promise<JsonValue> {
  const headers = { "content-type": "application/yaml", accept: "application/json" };
  const reply = await transport.send({ method: "POST", path: PATH, headers, body: text }, "calls", signal);
  const answer = parseJson(await reply.body.text());
  return reply.statusCode < 300 ? (memberAt(answer, ["spec", "template"]) ?? null) : REFUSED;
}

function asWeRead(text: string): JsonValue {
  const { documents, faults } = readYaml(text);
  const value = documents[0]?.asServerReads;
  if (faults.length > 0 || value === undefined || checkObject(value, schemas).length > 0) return REFUSED;
  return parseJson(formatJson(memberAt(toJson(value) as JsonValue, ["spec", "template"]) ?? null));
}

const tens = (item: string) => Array.from({ length: 10 }, () => item).join(", ");

describe("read alike, or refused by both", () => {
  it.each([
    ...[
      "yes",
      "No",
      "on",
      "OFF",
      "y",
      "N",
      "true",
      "tRUE",
      "null",
      "~",
      "Null",
      "",
      "''",
      "a #b",
      "-x",
      "?x",
      "x%",
      "<<",
      "=",
    ],
    ...[
      "0777",
      "0o777",
      "0x1F",
      "-0x10",
      "0b11",
      "1_000",
      "1__0",
      "_1",
      "0.1_1",
      "08",
      "0888",
      "+1",
      "-0",
      "-0.0",
      ".5",
      "1.",
      "1e3",
      "1.5E+3",
      "1e400",
      "12e03",
    ],
    ...[
      "9007199254740993",
      "1:30",
      "190:20:30",
      "2026-01-01",
      "2026-01-01T00:00:00Z",
      "1,000",
      "0b",
      "0x",
      "1e",
      ".inf",
      "-.Inf",
      ".nan",
      "+.inf",
    ],
    ...[
      "!!str 5",
      "!!str",
      "!!int '5'",
      "!!int x",
      "!!int 1.5",
      "!!float 5",
      "!!float x",
      "!!bool yes",
      "!!bool x",
      "!!null x",
      "!!null ''",
      "!ours x",
      "! 1",
      "!e!x 1",
      "!!set { a, b }",
      "!!str [1]",
      "!!timestamp x",
    ],
    ...[
      '"\\x41\\u00e9\\U0001F600"',
      '"\\ud800"',
      '"\\ud83d\\ude00"',
      '"\\U00110000"',
      '"\\U0000D800"',
      '"\\q"',
      '"\\/"',
      '"\\0"',
      '"\\_\\N\\L"',
      "'a\\u0041'",
    ],
    ...["\x00", "\x07", "\x7f", "a\x80", "a\ufffe", "a\ufeffb", "😀", "\u202ea", "# \x07"],
    ...[
      "[a,]",
      "[,]",
      "{ a }",
      "{ a: }",
      "{ a:1 }",
      '{ "a":1 }',
      "[1,,2]",
      "[1",
      "'a",
      "'a' b",
      "@a",
      "`a",
      "%a",
      "a: b",
      "- 1",
      "? a",
      "*",
      "&",
      "|x",
      "[\t1]",
      "|\n      x\n       y",
      ">-\n      x\n      y",
    ],
    ...[
      "{ a: 1, a: 2 }",
      "{ a: 1, 'a': 2 }",
      "{ yes: 1, on: 2 }",
      "{ 1: a, 0x1: b }",
      "{ __proto__: 1, constructor: { prototype: 2 } }",
      "{ __proto__: 1, __proto__: 2 }",
    ],
    ...[
      "{ true: a }",
      "{ y: a, n: b }",
      "{ null: a }",
      "{ ~: a }",
      "{ 16: a }",
      "{ 0x10: a }",
      "{ ? [a] : b }",
      "{ ? { a: 1 } : b }",
      "{ 2026-01-01: a }",
      "{ '': a }",
    ],
    ...[
      "[&a 1, *a]",
      "*nothing",
      "[*later, &later 1]",
      "&a [*a]",
      "&a { b: *a }",
      "{ a: &a { <<: *a } }",
      "[&k key, { *k : 1 }]",
      "[&m { a: 1 }, { *m : 1 }]",
      "[&a 1, &a 2, *a]",
    ],
    ...[
      "{ <<: { a: 1 }, b: 2 }",
      "{ b: 2, <<: { a: 1 } }",
      "{ <<: [{ a: 1 }, { b: 2 }] }",
      "{ <<: 1 }",
      "{ <<: }",
      "{ <<: [1] }",
      "{ '<<': { a: 1 } }",
      "{ <<: { __proto__: 1 } }",
    ],
    `{ a: &a [${tens("x")}], b: &b [${tens("*a")}], c: &c [${tens("*b")}], d: [${tens("*c")}] }`,
    `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
    "k".repeat(70_000),
    `{ ${"k".repeat(1025)}: 1 }`,
    "{ 'a\n      b': 1 }",
  ])("%j", async (piece) => {
    const text = around(piece);
    expect(asWeRead(text)).toEqual(await asServerReads(text));
  });

  it.each([
    ["comments and blank lines", (text: string) => `# a\n\n${text}`],
    ["the start of a document", (text: string) => `---\n${text}...\n`],
    ["a byte order mark", (text: string) => `\ufeff${text}`],
    ["line ends of Windows", (text: string) => text.replaceAll("\n", "\r\n")],
    ["YAML 1.1 by name", (text: string) => `%YAML 1.1\n---\n${text}`],
    ["YAML 1.2 by name", (text: string) => `%YAML 1.2\n---\n${text}`],
    ["an unknown directive", (text: string) => `%FOO\n---\n${text}`],
    ["a tab before a comment", (text: string) => `\t# a\n${text}`],
    ["tabs for indentation", (text: string) => text.replaceAll("    ", "\t")],
    ["a line too far out", (text: string) => `${text}   b: 1\n`],
    ["a line too far in", (text: string) => `${text}      b: 1\n`],
  ])("%s", async (_name, change) => {
    const text = change(around("1"));
    expect(asWeRead(text)).toEqual(await asServerReads(text));
  });
});

describe("refused by us alone", () => {
  it.each([
    ...["{ 1: a, '1': b }", "!!binary aGVsbG8=", "!!timestamp 2026-01-01", "{ <<: { a: 1 }, <<: { b: 1 } }"],
    ...[
      "'x\n  y'",
      "[1,\n2]",
      "'x'#c",
      `${"[".repeat(500)}${"]".repeat(500)}`,
      `[&t ${"x".repeat(300_000)}, ${tens("*t")}]`,
    ],
  ])("%j", async (piece) => {
    const text = around(piece);
    expect(asWeRead(text)).toBe(REFUSED);
    expect(await asServerReads(text)).not.toBe(REFUSED);
  });
});

describe("kept by us, as kubectl keeps it", () => {
  it("a key that is merged and written: the API server reads a file strictly, and kubectl does not send files", async () => {
    const text = around("{ <<: { a: 1 }, a: 2 }");
    expect(await asServerReads(text)).toBe(REFUSED);
    expect(asWeRead(text)).toMatchObject({ any: { a: 2 } });
  });
});
