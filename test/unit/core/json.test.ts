import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatJson,
  jsonEqual,
  member,
  memberAt,
  parseJson,
  textMember,
  type JsonValue,
} from "../../../src/core/json.ts";

describe("parseJson", () => {
  it.each<[string, JsonValue]>([
    ['{"a": [1, 2.5, "9007199254740993"]}', { a: [1, 2.5, "9007199254740993"] }],
    ["9007199254740993", 9007199254740993n],
    ['{"a":-9007199254740993}', { a: -9007199254740993n }],
    ["[1.0, 1e3]", [1, 1000]],
    ['"x: 9007199254740993"', "x: 9007199254740993"],
  ])("%s", (text, want) => {
    expect(parseJson(text)).toEqual(want);
  });

  it("takes back what formatJson wrote", () => {
    const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    const exact = integer.map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));
    const { tree } = fc.letrec<{ tree: JsonValue }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        exact,
        fc.string(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("tree")),
        fc.dictionary(fc.string(), tie("tree")),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(jsonEqual(parseJson(formatJson(value)), value)).toBe(true);
      }),
    );
  });

  it("throws SyntaxError on what is no JSON", () => {
    expect(() => parseJson("{")).toThrow(SyntaxError);
  });
});

describe("members", () => {
  const object = parseJson('{"a": {"b": "c"}, "__proto__": {"d": 1}}');
  it("are own members only", () => {
    expect(member(object, "constructor")).toBeUndefined();
    expect(memberAt(object, ["__proto__", "d"])).toBe(1);
    expect(memberAt(object, ["a", "b", "toString"])).toBeUndefined();
    expect(textMember(member(object, "a"), "b")).toBe("c");
    expect(textMember(object, "a")).toBe("");
  });
});

describe("jsonEqual", () => {
  it.each<[JsonValue, JsonValue, boolean]>([
    [1, 1n, true],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [[1, 2], [2, 1], false],
    [[], {}, false],
    [null, {}, false],
    [1.5, 1.5, true],
    [1, true, false],
    ["1", 1, false],
  ])("%o and %o", (left, right, want) => {
    expect(jsonEqual(left, right)).toBe(want);
    expect(jsonEqual(right, left)).toBe(want);
  });
});
