/**
 * Compiles manifest text and structure to programs, in three ways: one expression, a fragment that becomes one value, a
 * fragment that is laid over a base. Callers: the plans of `core/plan` and the commands that check manifests.
 */
import { spend } from "./budget.ts";
import { compileNodes } from "./closures/compile-node.ts";
import { keep } from "./closures/context.ts";
import { runProgram } from "./evaluation.ts";
import { expressionNode, fragmentNode, isAbsent, notAMap } from "./fragment.ts";
import type { Node } from "./node.ts";
import { layOver, overlayMembers } from "./overlay.ts";
import type { Compiled, CompiledFragment, CompileFault, OverlayProgram, Program } from "./program.ts";
import { referencesOf } from "./references.ts";
import { Fault, isPlainMap, type Value } from "./value.ts";

/**
 * Compiles one expression, without the leading `=` of manifests.
 *
 * @param text - CEL, such as `inputs.name + "-db"`
 * @param where - path of the field, for faults
 */
export function compileExpression(text: string, where: string): Compiled {
  return compiling(where, (faults) => {
    const node = expressionNode(text, where, faults);
    return faults.length > 0 ? undefined : programOf(node);
  });
}

/**
 * Compiles a scalar, list or map of a manifest into one program that builds its value. Text with a leading `=` is an
 * expression, so is text that looks like a number; other text stays text.
 *
 * @param fragment - as read from YAML, doubles boxed (`fromYamlNumber`)
 * @param where - path of the fragment; faults carry the path of the leaf
 */
export function compileFragment(fragment: Value | undefined, where: string): CompiledFragment {
  if (fragment === undefined || isAbsent(fragment)) return { kind: "absent" };
  return compiling(where, (faults) => {
    const node = fragmentNode(fragment, where, faults);
    return faults.length > 0 ? undefined : programOf(node);
  });
}

/**
 * Compiles a map that is laid over a base: non-empty maps merge, anything else replaces.
 *
 * @param fragment - as read from YAML, doubles boxed (`fromYamlNumber`)
 * @param where - path of the fragment; faults carry the path of the leaf
 */
export function compileOverlay(fragment: Value | undefined, where: string): CompiledFragment<OverlayProgram> {
  if (fragment === undefined || isAbsent(fragment)) return { kind: "absent" };
  if (!isPlainMap(fragment)) return { kind: "fault", faults: [notAMap(fragment, where)] };
  return compiling(where, (faults) => {
    const leaves: Node[] = [];
    const members = overlayMembers(fragment, where, leaves, faults);
    if (faults.length > 0) return undefined;
    const { closures, slotCount } = compileNodes(leaves);
    return {
      references: referencesOf(leaves),
      apply: (base, scope, budget) =>
        runProgram(scope, slotCount, budget, (frame) => {
          const values = closures.map((closure) => keep(frame, closure(frame)));
          spend(values.length);
          return values.find((value) => value instanceof Fault) ?? layOver(base, members, values);
        }),
    };
  });
}

function programOf(node: Node): Program {
  const { closures, slotCount } = compileNodes([node]);
  const [closure = () => null] = closures;
  return {
    references: referencesOf([node]),
    evaluate: (scope, budget) => runProgram(scope, slotCount, budget, closure),
  };
}

/** Runs a compilation that fills `faults` or gives a program; text nested deeper than the stack is a fault too. */
function compiling<P>(where: string, compile: (faults: CompileFault[]) => P | undefined): Compiled<P> {
  const faults: CompileFault[] = [];
  try {
    const program = compile(faults);
    if (program !== undefined) return { kind: "program", program };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    faults.push({ code: "budget", message: "nested too deeply", path: where, text: "", start: 0, end: 0 });
  }
  return { kind: "fault", faults };
}
