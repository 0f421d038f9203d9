import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter } from "../../../../src/adapters/kubernetes/watch-lines.ts";

describe("LineSplitter", () => {
  it("finds the same lines however the bytes are cut, also within a character", () => {
    const line = fc
      .string({ unit: "grapheme", minLength: 1 })
      .filter((text) => text.trim() === text && !/[\n\r]/.test(text));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(200)), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((text) => `${text.toWellFormed()}\n`).join(""));
        const splitter = new LineSplitter();
        const edges = [0, ...cuts.filter((cut) => cut <= bytes.length).sort((a, b) => a - b), bytes.length];
        const found = edges.slice(1).flatMap((end, index) => splitter.push(bytes.subarray(edges[index], end)));
        expect(found).toEqual(lines.map((text) => text.toWellFormed()));
      }),
    );
  });

  it("keeps an unfinished line to itself", () => {
    const splitter = new LineSplitter();
    expect(splitter.push(Buffer.from('{"a":'))).toEqual([]);
    expect(splitter.push(Buffer.from("1}\n\r\n{"))).toEqual(['{"a":1}']);
  });

  it("refuses a line without end", () => {
    const splitter = new LineSplitter(10);
    splitter.push(Buffer.from("12345"));
    expect(() => splitter.push(Buffer.from("678901"))).toThrow(RangeError);
  });
});
