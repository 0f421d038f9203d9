import { describe, expect, it } from "vitest";
import { ALL_FUNCTIONS, findFunction } from "../../../../src/core/cel/functions/registry.ts";
import { run } from "./run.ts";

const NO_OVERLOAD = "fault: no_overload";
const FAILED = "fault: function";

const rows = (title: string, table: readonly (readonly [string, unknown])[]) => {
  describe(title, () => {
    it.each(table)("%s", (text, want) => {
      expect(run(text)).toEqual(want);
    });
  });
};

describe("every function", () => {
  it.each(ALL_FUNCTIONS.map(({ name, example }) => [name, example]))(
    "%s does what its example says",
    (_name, example) => {
      expect(run(example)).toBe(true);
    },
  );

  it("has a name of its own, or shares it with others and names the kinds it is for", () => {
    for (const [name, each] of Map.groupBy(ALL_FUNCTIONS, (one) => one.name)) {
      const kinds = each.flatMap<string>(({ on }) => on ?? ["any"]);
      expect({ name, kinds }).toEqual({ name, kinds: [...new Set(kinds)] });
    }
  });

  const counted = [...new Set(ALL_FUNCTIONS.map(({ name }) => name))].flatMap((name) => findFunction(name) ?? []);
  it.each(counted.filter(({ arity }) => arity[1] < Infinity).map(({ name, arity }) => [name, arity[1]] as const))(
    "%s refuses too many arguments",
    (name, most) => {
      expect(
        run(
          `${name}(${Array(most + 1)
            .fill("1")
            .join(", ")})`,
        ),
      ).toBe(NO_OVERLOAD);
    },
  );

  const handing = counted.filter(({ name, arity }) => name !== "type" && arity[0] > 0);
  it.each(handing.map(({ name, arity }) => [name, arity[0]] as const))("%s hands a fault on", (name, least) => {
    expect(run(`${name}(${Array(least).fill("nowhere").join(", ")})`)).toBe("fault: undeclared");
  });
});

rows("builtin", [
  ["size('😀a')", 2],
  ["size(5)", NO_OVERLOAD],
  ["'abc'.matches('b')", true],
  ["'abc'.matches('(')", FAILED],
  ["'abc'.matches('^(a+)+$')", false],
  ["1.5.startsWith('1')", NO_OVERLOAD],
  ["type(nowhere) == type(1)", false],
  ["type(1)", "fault: not_a_value"],
]);

rows("conversions", [
  ["int(' 12 ')", 12],
  ["int('1_000')", 1000],
  ["int('0b1')", "fault: conversion"],
  ["int('9223372036854775808')", "fault: overflow"],
  ["int(1.5)", 2],
  ["int(2.5)", 2],
  ["int(-2.5)", -2],
  ["int(null)", 0],
  ["int([])", NO_OVERLOAD],
  ["int(timestamp('1970-01-01T00:01:00Z'))", 60],
  ["uint(-1)", "fault: conversion"],
  ["double('1e3') == 1000.0", true],
  ["double('x')", "fault: conversion"],
  ["bool('yes')", "fault: conversion"],
  ["bool('0')", false],
  ["bool('false')", false],
  ["string(1e300)", "1e+300"],
  ["string(1e16)", "1e+16"],
  ["string(0.0001)", "0.0001"],
  ["string(0.00001)", "1e-05"],
  ["string(123456789012345.0)", "123456789012345.0"],
  ["string(null)", "None"],
  ["string([1, 'a', 2.5])", '[1,"a",2.5]'],
  ["string(b'abc')", "abc"],
  ["string(b'\\xff')", "fault: conversion"],
  ["string(duration('1h30m'))", "5400s"],
  ["string(timestamp('2024-01-01T00:00:00+02:00'))", "2024-01-01T00:00:00+02:00"],
  ["bytes('a') == b'a'", true],
  ["b'a' + b'b'", "YWI="],
  ["list('ab')", ["a", "b"]],
]);

rows("times", [
  ["timestamp('2024-02-30T00:00:00Z')", "fault: conversion"],
  ["timestamp('yesterday')", "fault: conversion"],
  ["timestamp('2024-01-01T23:30:00Z').getDate('Europe/Berlin')", 2],
  ["timestamp('2024-07-01T12:00:00Z').getHours('America/New_York')", 8],
  ["timestamp('2024-01-01T23:30:00Z').getHours('-01:30')", 22],
  ["timestamp('2024-01-01T00:00:00Z').getHours('Nowhere/Land')", FAILED],
  ["timestamp('2024-12-31T00:00:00Z').getDayOfYear()", 365],
  ["duration('5400')", "fault: conversion"],
  ["duration('1h30m').getMinutes()", 90],
  ["duration('-1.5s').getMilliseconds()", -1500],
  ["duration('1h').getFullYear()", NO_OVERLOAD],
  ["duration('99999999h')", "fault: overflow"],
]);

rows("references", [
  ["to_ref({'external': 'x', 'name': 'n', 'kind': 'K'})", { kind: "K", external: "x" }],
  ["to_ref({'external': ''})", FAILED],
  ["to_ref({'kind': 'K'})", FAILED],
  ["to_ref({'name': ''})", FAILED],
  ["to_ref([])", FAILED],
  ["to_ref('x')", NO_OVERLOAD],
  ["group_ref({'apiVersion': 'v1', 'kind': 'K', 'name': 'n'})", { apiGroup: "v1", kind: "K", name: "n" }],
  ["group_ref({'apiGroup': 'g', 'apiVersion': 'v1', 'name': 'n'})", { apiGroup: "g", name: "n" }],
  ["kindless_ref({'name': 'n', 'namespace': 'ns', 'x': 1})", { name: "n", namespace: "ns" }],
  ["self_ref({'apiVersion': 'v1', 'kind': 'K', 'metadata': {'name': 'n'}})", FAILED],
  ["self_ref({'apiVersion': 'v1'})", FAILED],
]);

rows("readiness", [
  ["config_connect_ready({})", false],
  ["config_connect_ready({'status': null})", NO_OVERLOAD],
  ["config_connect_ready({'status': {'conditions': [null]}})", NO_OVERLOAD],
  ["config_connect_ready('x')", false],
  ["config_connect_ready({'status': {'conditions': [{'type': 'Ready'}, {'type': 'Ready'}]}})", false],
]);

rows("structure", [
  ["{'a': {'b': 1}}.overlay({'a': {}})", { a: { b: 1 } }],
  ["{'a': 1}.overlay({'a': {}})", { a: {} }],
  ["{'a': [1]}.overlay({'a': null, 'b.c': 1})", { a: null, "b.c": 1 }],
  ["overlay(null, {'a': 1})", NO_OVERLOAD],
  ["overlay('x', {})", "x"],
  ["flatten(null)", []],
  ["flatten(['ab', {'k': 1}])", ["a", "b", "k"]],
  ["flatten([1])", "fault: not_iterable"],
  ["keys([])", NO_OVERLOAD],
  ["values({1: 'a'})", ["a"]],
]);

rows("json", [
  ["to_json({'b': null, 'a': [true, 'é', 1.0]})", '{"a": [1, "\\u00e9", 1.0], "b": null}'],
  ["to_json({1: 2})", '{"1": 2}'],
  ["to_json(duration('1s'))", FAILED],
  ["to_json(9007199254740993)", "9007199254740993"],
  ["from_json('9007199254740993')", 9007199254740993n],
  ["type(from_json('[2.0]')[0]) == double", true],
  ["type(from_json('[1e2]')[0]) == double", true],
  ['from_json(\'{"a": 1, "a": 2}\')', { a: 2 }],
  ["from_json('{')", FAILED],
  ["from_json(1)", FAILED],
]);

rows("strings", [
  ["'a'.strip('')", "a"],
  ["'aaa'.strip('a')", ""],
  ["strip('a')", NO_OVERLOAD],
  ["split('', ',')", [""]],
  ["split('a', '')", FAILED],
  ["split_first('', 'x')", ""],
  ["split_index('a.b', '.', 5)", FAILED],
  ["split_index('', '.', 5)", ""],
  ["split_index('', '', 5)", FAILED],
  ["replace('a$b', '$', '$&')", "a$&b"],
  ["replace('a', 1, 'b')", FAILED],
  ["lower(1)", NO_OVERLOAD],
]);

rows("base64", [
  ["b64encode('é')", "w6k="],
  ["b64encode(1)", FAILED],
  ["b64decode('w6k=')", "é"],
  ["b64decode('w6 k=\\n')", "é"],
  ["b64decode('w6k')", FAILED],
  ["b64decode('/w==')", FAILED],
]);
