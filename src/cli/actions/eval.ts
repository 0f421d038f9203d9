/** `koreo eval`: one expression on values from files. */
import { readFileSync } from "node:fs";
import { compileExpression } from "../../core/cel/compile.ts";
import { isFault, type ValueMap } from "../../core/cel/value.ts";
import { CommandFailed } from "../failure.ts";
import { faultFailure, printValue, underlined, type ValueFormat } from "../print-value.ts";
import { readMap, readValue } from "../value-files.ts";

export interface EvalOptions {
  readonly inputs?: string;
  readonly scope?: string;
  readonly output: ValueFormat;
}

/** @throws CommandFailed when the text is no expression, or evaluates to a fault */
export function evaluate(expression: string, { inputs, scope, output }: EvalOptions): void {
  const written = expression === "-" ? readFileSync(0, "utf8").trim() : expression.trim();
  const text = written.startsWith("=") ? written.slice(1) : written; // as it is written in a manifest
  const compiled = compileExpression(text, "expression");
  if (compiled.kind === "fault") {
    const said = compiled.faults.map(({ message, start, end }) => `${message}\n${underlined(text, start, end)}`);
    throw new CommandFailed(said.join("\n"));
  }
  const variables: ValueMap = {
    ...(scope === undefined ? {} : readMap(scope)),
    ...(inputs === undefined ? {} : { inputs: readValue(inputs) }),
  };
  const value = compiled.program.evaluate(variables);
  if (isFault(value)) throw faultFailure(value);
  printValue(value, output);
}
