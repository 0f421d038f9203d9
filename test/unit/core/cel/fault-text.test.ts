import { describe, expect, it } from "vitest";
import { compileExpression } from "../../../../src/core/cel/compile.ts";
import { evaluationMessage, faultLocation, parsingMessage } from "../../../../src/core/cel/fault-text.ts";
import { Fault } from "../../../../src/core/cel/value.ts";
import { program } from "./run.ts";

describe("messages", () => {
  it("of an evaluation name the sub-expression", () => {
    const fault = program("1 + inputs.nope.x").evaluate({ inputs: {} }) as Fault;
    expect(faultLocation(fault)).toBe("inputs.nope");
    expect(evaluationMessage("step:spec.return", fault)).toBe(
      "Error evaluating `step:spec.return` (at inputs.nope) (no such member in mapping: 'nope')",
    );
  });

  it.each([
    "inputs.s + 1",
    "inputs.s.nope",
    "nowhere",
    "inputs[inputs.s]",
    "int(inputs.s)",
    "{inputs.s: 1, inputs.s: 2}",
  ])("never hold the value of a variable: %s", (text) => {
    const fault = program(text).evaluate({ inputs: { s: "s3cret" } });
    expect(fault).toBeInstanceOf(Fault);
    expect(evaluationMessage("x", fault as Fault)).not.toContain("s3cret");
  });

  it("of a text that cannot be read name line and column", () => {
    const compiled = compileExpression("inputs.a +\n  ) 1", "spec.return.a");
    expect(compiled.kind === "fault" && compiled.faults.map(parsingMessage)).toEqual([
      "Parsing error at line 2, column 3. unexpected ')' in spec.return.a ('inputs.a +\n  ) 1')",
    ]);
  });
});
