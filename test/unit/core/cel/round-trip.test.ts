/** A value written as YAML, read, compiled and evaluated is that value; so is one written as an expression. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { compileFragment } from "../../../../src/core/cel/compile.ts";
import { toJson } from "../../../../src/core/cel/text.ts";
import { isFault, isPlainMap } from "../../../../src/core/cel/value.ts";
import { formatJson, isJsonObject, jsonEqual, type JsonValue } from "../../../../src/core/json.ts";
import { readYaml } from "../../../../src/core/manifest/read-yaml.ts";
import { arbitraryKey, arbitraryTree } from "../../../support/arbitrary-json.ts";

const numbers: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.integer(),
  // One without a fraction is written like an integer, and is another one beyond 2^53.
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Number.isInteger(value)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
/** Of characters that may stand in YAML as they are. */
const anyText = fc
  .string({ unit: "grapheme", maxLength: 12 })
  .filter((text) => !/[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|\p{Cs}/u.test(text));
/** That means itself: no expression, nothing that looks like a number, no escapes. */
const plainText = anyText.filter((text) => !/^=|^\s*[+-]?[\p{Nd}.]|^\s*[+-]?(?:inf|nan)|\\/iu.test(text));
const others = fc.constantFrom<JsonValue>(null, true, false);

/** What `fragment` comes to when it stands in a manifest, written in one style of YAML or another. */
function throughYaml(fragment: JsonValue, style: "block" | "flow" | "json"): JsonValue {
  const manifest = { spec: { return: { it: fragment } } };
  const text =
    style === "json"
      ? formatJson(manifest)
      : stringify(manifest, { version: "1.1", collectionStyle: style === "flow" ? "flow" : "any", lineWidth: 0 });
  const { documents, faults } = readYaml(text);
  if (faults.length > 0) throw new Error(`${JSON.stringify(faults)} in ${text}`);
  const [document] = documents;
  const spec = isPlainMap(document?.value) ? document.value["spec"] : undefined;
  const compiled = compileFragment(isPlainMap(spec) ? spec["return"] : undefined, "spec.return");
  if (compiled.kind !== "program") throw new Error(JSON.stringify(compiled));
  const value = toJson(compiled.program.evaluate({}));
  if (isFault(value) || !isJsonObject(value)) throw new Error(`no value from ${text}`);
  return value["it"] ?? null;
}

/** As CEL writes it. */
function literal(value: JsonValue): string {
  if (Array.isArray(value)) return `[${(value as readonly JsonValue[]).map(literal).join(", ")}]`;
  if (isJsonObject(value))
    return `{${Object.entries(value)
      .map(([name, item]) => `${textLiteral(name)}: ${literal(item)}`)
      .join(", ")}}`;
  if (typeof value === "string") return textLiteral(value);
  if (typeof value === "number" && !Number.isInteger(value)) return value.toString().replace(/^(-?\d+)e/, "$1.0e");
  if (typeof value === "number" && !Number.isSafeInteger(value)) return value.toExponential();
  return formatJson(value);
}

/** With every character but the plainest as an escape. */
const textLiteral = (text: string) =>
  `"${text.replaceAll(/[^\w ]/gu, (character) => `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, "0")}`)}"`;

const style = fc.constantFrom("block" as const, "flow" as const, "json" as const);

describe("YAML to expression to value", () => {
  it("gives back what was written", () => {
    const values = arbitraryTree(fc.oneof(numbers, plainText, others), fc.oneof(arbitraryKey, plainText));
    fc.assert(
      fc.property(values, style, (value, how) => {
        expect(jsonEqual(throughYaml(value, how), value)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("gives back what an expression says, whatever its texts hold", () => {
    const values = arbitraryTree(fc.oneof(numbers, anyText, others), fc.oneof(arbitraryKey, anyText));
    fc.assert(
      fc.property(values, style, (value, how) => {
        expect(jsonEqual(throughYaml(`=${literal(value)}`, how), value)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("gives back what went through to_json and from_json, but for bools, which Koreo writes as numbers", () => {
    const values = arbitraryTree(fc.oneof(fc.integer(), anyText, fc.constant(null)), fc.oneof(arbitraryKey, anyText));
    fc.assert(
      fc.property(values, (value) => {
        expect(jsonEqual(throughYaml(`=from_json(to_json([${literal(value)}]))[0]`, "block"), value)).toBe(true);
      }),
    );
  });
});
