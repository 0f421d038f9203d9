/** Manifest files: what is read, what is not, and where it says so. What the API server reads is asked in the integration suite. */
import { describe, expect, it } from "vitest";
import { toJson } from "../../../../src/core/cel/text.ts";
import { Double, type Value } from "../../../../src/core/cel/value.ts";
import { readYaml } from "../../../../src/core/manifest/read-yaml.ts";

const read = (text: string) => {
  const { documents, faults } = readYaml(text);
  expect(faults).toEqual([]);
  return documents[0];
};
const json = (text: string) => toJson(read(text)?.value ?? null);
const tens = (item: string) => Array.from({ length: 10 }, () => item).join(", ");

describe("values", () => {
  it.each<readonly [string, Value]>([
    ["yes", true],
    ["Off", false],
    ["y", "y"],
    ["~", null],
    ["0777", 511],
    ["0o17", 15],
    ["0b11", 3],
    ["-0x1F", -31],
    ["1_000", 1000],
    ["0888", 888],
    ["1e3", 1000],
    ["1e400", "1e400"],
    [".5", 0.5],
    ["9223372036854775807", 9223372036854775807n],
    ["1:30", "1:30"],
    ["2026-01-01", "2026-01-01"],
    ["'1'", "1"],
    ["! 1", "1"],
    ["!!str 1", "1"],
    ["!!int '1'", 1],
    ["!!bool 'on'", true],
    ["!ours 1", "1"],
  ])("%s", (text, want) => {
    expect(json(`a: ${text}`)).toEqual({ a: want });
  });

  it("keeps 2.0 apart from 2", () => {
    expect(read("a: 2.0")?.value).toEqual({ a: new Double(2) });
    expect(read("a: 2")?.value).toEqual({ a: 2 });
  });

  it.each([
    ["what a map merges, less what it has itself", "{ <<: { a: 1, b: 2 }, b: 3 }", { a: 1, b: 3 }],
    ["of several maps the first", "{ <<: [{ a: 1 }, { a: 2, b: 3 }] }", { a: 1, b: 3 }],
    ["a quoted << as a key", "{ '<<': { a: 1 } }", { "<<": { a: 1 } }],
    ["aliases, as keys too", "[&k key, { *k : 1 }]", ["key", { key: 1 }]],
    ["numbers as keys", "{ 0x10: a }", { "16": "a" }],
    [
      "keys of JavaScript",
      "{ __proto__: { a: 1 }, constructor: 2 }",
      JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}'),
    ],
  ])("%s", (_name, text, want) => {
    expect(json(text)).toEqual(want);
  });

  it("an alias shares the value of its anchor", () => {
    const { a, b } = read("a: &a { x: 1 }\nb: *a")?.value as Record<string, Value>;
    expect(b).toBe(a);
  });
});

describe("what is refused", () => {
  it.each([
    ["a key twice", "a: 1\na: 2", "yaml", 2, 1],
    ["a number and its text as keys", "1: a\n'1': b", "yaml-portable", 2, 1],
    ["an alias of nothing", "a: *b", "yaml", 1, 4],
    ["an alias before its anchor", "a: *b\nb: &b 1", "yaml", 1, 4],
    ["a list that contains itself", "a: &a\n  - *a", "yaml", 2, 5],
    ["a map that merges itself", "a: &a\n  <<: *a", "yaml", 2, 7],
    ["a merge of a number", "a:\n  <<: 1", "yaml", 2, 3],
    ["two merges", "<<: { a: 1 }\n<<: { b: 1 }", "yaml-portable", 2, 1],
    ["a list as a key", "? [a]\n: 1", "yaml", 1, 3],
    ["a binary", "a: !!binary aGk=", "yaml-portable", 1, 13],
    ["a tag that lies", "a: !!int x", "yaml-portable", 1, 10],
    ["a tag nobody defined", "a: !e!x 1", "yaml", 1, 4],
    ["a control character", "a: 1\nb: \x07", "yaml", 2, 4],
    ["a carriage return alone", "a: 1\rb: 2", "yaml-portable", 1, 5],
    ["a tab before a comment", "a: 1\n\t# b", "yaml-portable", 2, 1],
    ["a tab after a dash", "a:\n  -\t b\n  - c", "yaml-portable", 2, 4],
    ["a tab after the second dash of a line", "- - \tb", "yaml-portable", 1, 5],
    ["an escape for half a character", 'a: "\\ud83d\\ude00"', "yaml", 1, 4],
    ["YAML 1.2 by name", "%YAML 1.2\n---\na: 1", "yaml", 2, 1],
    ["an unknown directive", "%FOO\n---\na: 1", "yaml", 1, 1],
    ["a list in 201 lists", `a: ${"[".repeat(201)}${"]".repeat(201)}`, "yaml-limit", 1, 203],
    ["a list in 20,000 lists", `a: ${"[".repeat(20_000)}${"]".repeat(20_000)}`, "yaml-limit", 1, undefined],
    [
      "a bomb of aliases",
      `a: &a [${tens("x")}]\nb: &b [${tens("*a")}]\nc: &c [${tens("*b")}]\nd: [${tens("*c")}]`,
      "yaml-limit",
      3,
      undefined,
    ],
    ["a long text many times", `a: &a ${"x".repeat(300_000)}\nb: [${tens("*a")}]`, "yaml-limit", 2, undefined],
  ])("%s", (_name, text, rule, line, column) => {
    const { documents, faults } = readYaml(text);
    expect(documents).toEqual([]);
    expect(faults[0]).toMatchObject({ rule, line, ...(column === undefined ? {} : { column }) });
  });

  it("one document, and not its neighbours", () => {
    const { documents, faults } = readYaml("a: 1\n---\na: *b\n---\na: 3\n");
    expect(documents.map(({ value }) => value)).toEqual([{ a: 1 }, { a: 3 }]);
    expect(faults).toMatchObject([{ line: 3, column: 4 }]);
  });

  it("is little of what looks alike", () => {
    expect(json(`a: ${"[".repeat(190)}${"]".repeat(190)}`)).toBeDefined();
    expect(json("a: |-\n  x\n  \ty\n")).toEqual({ a: "x\n\ty" });
    expect(json("a: |-\n  x\n  -\ty\n")).toEqual({ a: "x\n-\ty" });
    expect(json("a:\tb\nc: d\te\n")).toEqual({ a: "b", c: "d\te" });
    expect(json('{"a": "\\ud83d\\ude00 \\/"}')).toEqual({ a: "😀 /" });
    expect(json("%YAML 1.1\n---\na: 1")).toEqual({ a: 1 });
  });
});

describe("where readers differ", () => {
  it.each([
    ["a lone y", "a: y", { a: "y" }, { a: true }],
    ["a lone n as a key", "n: 1", { n: 1 }, { false: 1 }],
    ["a bool as a key", "on: 1", { True: 1 }, { true: 1 }],
    ["a merge behind what it hides", "a: 1\n<<: { a: 2 }", { a: 1 }, { a: 2 }],
    ["a merge in the middle", "a: 1\n<<: { a: 2, b: 2 }\nb: 3", { a: 1, b: 3 }, { a: 2, b: 3 }],
    ["a null as a key", "~: 1", { None: 1 }, undefined],
  ])("%s", (_name, text, koreo, server) => {
    const document = read(text);
    expect(document?.value).toEqual(koreo);
    expect(document?.asServerReads).toEqual(server);
    expect(document?.differences).toHaveLength(1);
  });

  it("is nowhere else", () => {
    const document = read("a: yes\nb: &b { c: 1 }\nd: { <<: *b, c: 2 }\n");
    expect(document?.differences).toEqual([]);
    expect(document?.asServerReads).toBe(document?.value);
  });
});

describe("places", () => {
  const text = "a:\n  - b: 1\n    'c-d': &x { e: 2 }\nf: *x\n1: g\n";
  it.each([
    [["a", 0, "b"], 2, 8],
    [["a", 0, "c-d", "e"], 3, 20],
    [["f", "e"], 3, 20],
    [["a", 7], 2, 3],
    [["nope"], 1, 1],
    [["1"], 5, 4],
  ])("%s", (path, line, column) => {
    expect(read(text)?.locate(path)).toEqual({ line, column });
  });
});
