/** The text of faults in outcomes: Koreo's words, with the place in the manifest and never the value of a variable. */
import type { CompileFault } from "./program.ts";
import { Fault } from "./value.ts";

/** The text of the sub-expression that failed, "" when it is unknown: the `location` of an outcome. */
export function faultLocation(fault: Fault): string {
  const site = Fault.site(fault);
  return site === undefined ? "" : site.source.text.slice(site.start, site.end);
}

/**
 * ``Error evaluating `{where}` (at {sub-expression}) ({what})``.
 *
 * @param where - the location Koreo names, such as `step:spec.return`
 */
export function evaluationMessage(where: string, fault: Fault): string {
  return `Error evaluating \`${where}\` (at ${faultLocation(fault)}) (${Fault.text(fault)})`;
}

/** `Parsing error at line {l}, column {c}. {what} in {path} ('{text}')`; numbers count from 1 in the expression. */
export function parsingMessage({ message, path, text, start }: CompileFault): string {
  const before = text.slice(0, start).split("\n");
  const column = (before.at(-1)?.length ?? 0) + 1;
  return `Parsing error at line ${before.length}, column ${column}. ${message} in ${path} ('${text}')`;
}
