/**
 * `spec.locals`: a map whose entries may use entries above them. One program stands for the whole map, so that nobody who
 * runs a plan has to know; a map in which no entry mentions `locals` is compiled as it stands.
 */
import { compileFragment } from "../cel/compile.ts";
import { put } from "../cel/maps.ts";
import type { CompiledFragment, CompileFault, Program, Reference } from "../cel/program.ts";
import { isFault, isPlainMap, type Value } from "../cel/value.ts";
import { memberPath } from "../cel/fragment.ts";

/**
 * @param fragment - `spec.locals` as read
 * @param where - its path
 */
export function compileLocals(fragment: Value | undefined, where: string): CompiledFragment {
  const whole = compileFragment(fragment, where);
  if (whole.kind !== "program" || !isPlainMap(fragment) || !mentionsLocals(whole.program)) return whole;
  const entries: { readonly name: string; readonly program: Program | null }[] = [];
  const faults: CompileFault[] = [];
  for (const [name, value] of Object.entries(fragment)) {
    // As a list of one, or a false, null or empty entry would count as absent.
    const entry = compileFragment([value], memberPath(where, name));
    if (entry.kind === "fault") faults.push(...entry.faults);
    entries.push({ name, program: entry.kind === "program" ? entry.program : null });
  }
  if (faults.length > 0) return { kind: "fault", faults };
  return { kind: "program", program: inOrder(entries, whole.program.references) };
}

function inOrder(
  entries: readonly { readonly name: string; readonly program: Program | null }[],
  references: readonly Reference[],
): Program {
  return {
    references,
    evaluate: (scope, steps) => {
      const locals: Record<string, Value> = {};
      for (const { name, program } of entries) {
        // A copy: what an earlier entry saw must not change under it.
        const one = program?.evaluate({ ...scope, locals: { ...locals } }, steps) ?? null;
        if (isFault(one)) return one;
        put(locals, name, Array.isArray(one) ? ((one as readonly Value[])[0] ?? null) : null);
      }
      return locals;
    },
  };
}

function mentionsLocals({ references }: Program): boolean {
  return references.some(([first]) => first === "locals");
}
