import { describe, expect, it } from "vitest";
import { doubleValue, fromYamlNumber } from "../../../../src/core/cel/scalars.ts";
import { toJson } from "../../../../src/core/cel/text.ts";
import { isTruthy } from "../../../../src/core/cel/truth.ts";
import {
  Bytes,
  Duration,
  Fault,
  isFault,
  kindOf,
  Timestamp,
  TypeName,
  Uint,
  type Kind,
  type Value,
} from "../../../../src/core/cel/value.ts";
import { program } from "./run.ts";

describe("fromYamlNumber", () => {
  it.each<[string, Kind, unknown]>([
    ["2", "int", 2],
    ["-7", "int", -7],
    ["+7", "int", 7],
    ["2.0", "double", 2],
    ["2.5", "double", 2.5],
    ["1e3", "double", 1000],
    ["9007199254740993", "int", 9007199254740993n],
    ["0x1F", "int", 31],
    ["0o17", "int", 15],
    ["-0", "int", 0],
    [".inf", "double", Infinity],
    ["-.INF", "double", -Infinity],
  ])("%s is %s", (written, kind, want) => {
    const value = fromYamlNumber(written);
    expect(kindOf(value)).toBe(kind);
    expect(toJson(value)).toBe(want);
  });
});

describe("toJson", () => {
  it.each<[string, Value, unknown]>([
    ["bytes", new Bytes(new Uint8Array([1, 2])), "AQI="],
    ["a duration", new Duration(86_400_000), "86400s"],
    ["a time", new Timestamp(0), "1970-01-01T00:00:00Z"],
    ["a time with an offset", new Timestamp(0, -90), "1969-12-31T22:30:00-01:30"],
    ["an unsigned int", new Uint(7n), 7],
    ["what stands deep", { a: [{ b: doubleValue(2) }], c: 1 }, { a: [{ b: 2 }], c: 1 }],
  ])("writes %s", (_name, value, want) => {
    expect(toJson(value)).toEqual(want);
  });

  it("writes names of keys", () => {
    expect(toJson(program("{1: 'a', true: 'b', 2.5: 'c', 3u: 'd'}").evaluate({}))).toEqual({
      1: "a",
      true: "b",
      2.5: "c",
      3: "d",
    });
  });

  it("shares what holds no box", () => {
    const plain = { a: [1, { b: "c" }] };
    expect(toJson(plain)).toBe(plain);
  });

  it("answers with the fault inside, and with one for what is no value", () => {
    const fault = new Fault("function", "x");
    expect(toJson([{ a: fault }])).toBe(fault);
    expect(isFault(toJson({ a: new TypeName("int") }))).toBe(true);
  });
});

describe("boxes", () => {
  it("show nothing of themselves", () => {
    const box = new Fault("function", "x");
    expect(Object.keys(box)).toEqual([]);
    expect(JSON.stringify(box)).toBe("{}");
  });
});

describe("isTruthy", () => {
  it.each<Value>([
    null,
    false,
    0,
    "",
    [],
    {},
    doubleValue(0),
    new Uint(0n),
    new Duration(0),
    new Bytes(new Uint8Array()),
  ])("%o is not", (value) => {
    expect(isTruthy(value)).toBe(false);
  });
  it.each<Value>([
    true,
    1,
    0.5,
    -1,
    "0",
    [0],
    { a: 0 },
    doubleValue(1),
    new Timestamp(0),
    new TypeName("int"),
    9007199254740993n,
  ])("%o is", (value) => {
    expect(isTruthy(value)).toBe(true);
  });
});
