/** Prints the value of an evaluation, or where and why there is none. */
import { stringify } from "yaml";
import { toJson } from "../core/cel/text.ts";
import { Fault, isFault, type Value } from "../core/cel/value.ts";
import { formatJson, type JsonValue } from "../core/json.ts";
import { CommandFailed } from "./failure.ts";

export type ValueFormat = "yaml" | "json";

/** @throws CommandFailed when the value cannot leave the engine, such as a type or a broken text */
export function printValue(value: Value, format: ValueFormat): void {
  const json = toJson(value);
  if (isFault(json)) throw faultFailure(json);
  console.log(format === "json" ? formatted(json) : stringify(json, { lineWidth: 0 }).trimEnd());
}

/** Turns a fault into the end of a command: what is wrong, and which part of the expression. */
export function faultFailure(fault: Fault): CommandFailed {
  const site = Fault.site(fault);
  if (site === undefined) return new CommandFailed(Fault.text(fault));
  return new CommandFailed(`${Fault.text(fault)}\n${underlined(site.source.text, site.start, site.end)}`);
}

/** The line of a text in which a range begins, with carets below it. */
export function underlined(text: string, start: number, end: number): string {
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const lineEnd = text.indexOf("\n", start) < 0 ? text.length : text.indexOf("\n", start);
  const line = text.slice(lineStart, lineEnd);
  const width = Math.max(1, Math.min(end, lineEnd) - start);
  return `  ${line}\n  ${" ".repeat(start - lineStart)}${"^".repeat(width)}`;
}

/** Indented, unless a number is too large for JavaScript's own formatter. */
function formatted(json: JsonValue): string {
  try {
    return JSON.stringify(json, null, 2);
  } catch {
    return formatJson(json);
  }
}
