/** What an expression comes to, in a form that tables can hold. */
import { compileExpression } from "../../../../src/core/cel/compile.ts";
import type { Budget } from "../../../../src/core/cel/budget.ts";
import type { Program, Scope } from "../../../../src/core/cel/program.ts";
import { toJson } from "../../../../src/core/cel/text.ts";
import { Fault, type Value } from "../../../../src/core/cel/value.ts";
import type { JsonValue } from "../../../../src/core/json.ts";

export function program(text: string): Program {
  const compiled = compileExpression(text, "spec.test");
  if (compiled.kind === "fault") throw new Error(compiled.faults[0]?.message);
  return compiled.program;
}

/** A value as JSON, a fault as `fault: <code>`. */
export function shown(value: Value): JsonValue {
  const json = toJson(value);
  return json instanceof Fault ? `fault: ${Fault.code(json)}` : json;
}

export function run(text: string, scope: Scope = {}, budget?: Partial<Budget>): JsonValue {
  const compiled = compileExpression(text, "spec.test");
  if (compiled.kind === "fault") return `fault: ${compiled.faults[0]?.code ?? ""}`;
  return shown(compiled.program.evaluate(scope, budget));
}
