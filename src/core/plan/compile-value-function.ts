/** A ValueFunction's spec to its plan. */
import { compileOverlay } from "../cel/compile.ts";
import { field, type DefinitionSource } from "../manifest/definition.ts";
import { FaultList, type CompiledDefinition } from "./fault-list.ts";
import { inputNamesOf } from "./input-names.ts";
import { compileLocals } from "./locals.ts";
import type { ValueFunctionPlan } from "./plan.ts";
import { compilePredicates } from "./predicates.ts";

/** @param contentHash - hash of `source.spec` */
export function compileValueFunction(
  { namespace, name, spec }: DefinitionSource,
  contentHash: string,
): CompiledDefinition<ValueFunctionPlan> {
  const faults = new FaultList();
  const at = (path: string) => `prepare:ValueFunction:${name}:${path}`;
  const compiled = compilePredicates(field(spec, "preconditions"), "spec.preconditions");
  const preconditions = faults.takePredicates(compiled, at("spec.preconditions"));
  const locals = faults.take(compileLocals(field(spec, "locals"), "spec.locals"), at("spec.locals"));
  const returns = faults.take(compileOverlay(field(spec, "return"), "spec.return"), at("spec.return"));
  const inputNames = inputNamesOf([locals, returns], preconditions);
  return faults.finish({ namespace, name, contentHash, preconditions, locals, returns, inputNames });
}
