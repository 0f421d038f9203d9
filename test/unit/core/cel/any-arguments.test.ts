/** Whatever a function is given, it answers with a value or a fault: nothing is thrown, and no argument is changed. */
import { describe, expect, it } from "vitest";
import { ALL_FUNCTIONS, findFunction } from "../../../../src/core/cel/functions/registry.ts";
import { toJson } from "../../../../src/core/cel/text.ts";
import type { Value } from "../../../../src/core/cel/value.ts";
import { program } from "./run.ts";

const SAMPLES: readonly Value[] = [
  ...[null, true, 0, -1, 3, 2.5, NaN, 9007199254740993n, "", "a.b", "10.0.0.0/8", "(", "%s%d", "2024-02-29T12:00:00Z"],
  ...[[], [1, "a", null], [[1], [2]], {}, { a: 1, b: { c: [2] } }],
  ...[
    ...["7u", "2.0", "b'ab'", "timestamp('2024-02-29T12:00:00Z')", "duration('90s')", "int", "{1: 'a', true: 2}"],
    ...["optional.of(1)", "optional.none()", "url('/a?b=c')", "ip('::1')", "cidr('10.0.0.0/8')", "quantity('1.5Gi')"],
    ...["format.uuid()", "[nowhere]", "'\\ud83d'"],
  ].map((text) => valueOf(text)),
];

function valueOf(text: string): Value {
  return program(text).evaluate({ nowhere: "x" });
}

/** Every choice of `count` samples; the third and later arguments are taken from a few. */
function* choices(count: number): Generator<readonly Value[]> {
  if (count === 0) yield [];
  else {
    const few = count > 2 ? SAMPLES.filter((_, index) => index % 8 === 0) : SAMPLES;
    for (const before of choices(count - 1)) for (const value of few) yield [...before, value];
  }
}

const NAMES = ["a", "b", "c", "d"];

describe("any arguments", () => {
  it.each([...new Set(ALL_FUNCTIONS.map(({ name }) => name))])("%s", (name) => {
    const [least, most] = findFunction(name)?.arity ?? [0, 0];
    const before = SAMPLES.map(shown);
    for (let count = least; count <= Math.min(most, 4); count += 1) {
      const { evaluate } = program(`${name}(${NAMES.slice(0, count).join(", ")})`);
      for (const values of choices(count)) {
        const scope = Object.fromEntries(values.map((value, index) => [NAMES[index] ?? "", value]));
        toJson(evaluate(scope)); // would throw
      }
    }
    expect(SAMPLES.map(shown)).toEqual(before);
  });
});

function shown(value: Value): string {
  return JSON.stringify(toJson(value), (_name, item: unknown) => (typeof item === "bigint" ? String(item) : item));
}
