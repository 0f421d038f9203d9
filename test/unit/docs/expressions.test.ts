/** Holds docs/expressions.md to what the language does: every example gives what it states, and no function is missing. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DEFAULT_BUDGET } from "../../../src/core/cel/budget.ts";
import { isEqual } from "../../../src/core/cel/compare.ts";
import { compileExpression } from "../../../src/core/cel/compile.ts";
import { ALL_FUNCTIONS } from "../../../src/core/cel/functions/registry.ts";
import { macroNames } from "../../../src/core/cel/closures/macros.ts";
import type { Scope } from "../../../src/core/cel/program.ts";
import { Fault, kindOf, type Value } from "../../../src/core/cel/value.ts";

const text = readFileSync(new URL("../../../docs/expressions.md", import.meta.url), "utf8");
const scope = JSON.parse(/```json\n([^`]+)```/.exec(text)?.[1] ?? "") as Scope;

interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const tables: readonly Table[] = [...text.matchAll(/(?:^\|.*\|\n)+/gm)].map(([block]) => {
  const [head = [], , ...rows] = block.trimEnd().split("\n").map(cellsOf);
  return { head, rows };
});

/** The cells of a row; `\|` is no border. */
function cellsOf(line: string): readonly string[] {
  const cells = line.split(/(?<!\\)\|/).slice(1, -1);
  return cells.map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/** What stands between backticks, when that is all there is. */
function code(cell: string | undefined): string | undefined {
  return /^`([^`]+)`$/.exec(cell ?? "")?.[1];
}

function evaluate(expression: string): Value {
  const compiled = compileExpression(expression, "docs");
  if (compiled.kind === "program") return compiled.program.evaluate(scope);
  const [fault] = compiled.faults;
  throw new Error(`${expression}: ${fault?.message ?? ""}`);
}

describe("every example of the document gives what it states", () => {
  const examples = tables.flatMap(({ head, rows }) => {
    const [example, gives] = [
      head.findIndex((each) => /^(?:example|expression|macro)$/.test(each)),
      head.indexOf("gives"),
    ];
    return example < 0 || gives < 0 ? [] : rows.map((row) => [code(row[example]) ?? "", row[gives] ?? ""] as const);
  });

  it("which are many", () => expect(examples.length).toBeGreaterThan(200));

  it.each(examples)("%s is %s", (expression, stated) => {
    const value = evaluate(expression);
    if (stated === "error") expect(value).toBeInstanceOf(Fault);
    else {
      const wanted = evaluate(code(stated) ?? stated);
      expect([kindOf(value), isEqual(value, wanted)]).toEqual([kindOf(wanted), true]);
    }
  });
});

describe("the document has", () => {
  const listed = tables
    .filter(({ head }) => head[0] === "function")
    .flatMap(({ rows }) => rows.map((row) => row[0] ?? ""));

  it.each([...Map.groupBy(ALL_FUNCTIONS, ({ name }) => name)].map(([name, each]) => [name, each.length] as const))(
    "%s, for each kind it is for",
    (name, count) => {
      expect(listed.filter((signature) => signature.startsWith(`\`${name}(`)).length).toBe(count);
    },
  );

  it("no function that is not there", () => {
    const names = new Set(ALL_FUNCTIONS.map(({ name }) => name));
    expect(listed.filter((signature) => !names.has(/^`([\w.]+)\(/.exec(signature)?.[1] ?? ""))).toEqual([]);
  });

  it.each(macroNames())("the macro %s", (name) => {
    expect(text).toMatch(new RegExp(`(?:\\.|\`)${name.replace(".", "\\.")}(?:\\(|\`)`));
  });

  it("the default budget", () => {
    const [budget] = tables.filter(({ head }) => head[0] === "part");
    const stated = Object.fromEntries(
      budget?.rows.map(([part = "", number = ""]) => [part, Number(number.replaceAll(",", ""))]) ?? [],
    );
    expect(stated).toEqual(DEFAULT_BUDGET);
  });
});
