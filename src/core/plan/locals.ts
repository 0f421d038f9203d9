/**
 * `spec.locals`: a map whose entries may use each other, in whatever order they stand: the API server sorts the members of
 * a map, so that order means nothing. One program stands for the whole map, so that nobody who runs a plan has to know; a
 * map in which no entry mentions `locals` is compiled as it stands.
 */
import { compileFragment } from "../cel/compile.ts";
import { put } from "../cel/maps.ts";
import type { CompiledFragment, CompileFault, Program, Reference } from "../cel/program.ts";
import { isFault, isPlainMap, type Value } from "../cel/value.ts";
import { memberPath } from "../cel/fragment.ts";

interface Entry {
  readonly name: string;
  readonly program: Program;
}

/**
 * @param fragment - `spec.locals` as read
 * @param where - its path
 */
export function compileLocals(fragment: Value | undefined, where: string): CompiledFragment {
  const whole = compileFragment(fragment, where);
  if (whole.kind !== "program" || !isPlainMap(fragment) || !mentionsLocals(whole.program)) return whole;
  const entries: Entry[] = [];
  const faults: CompileFault[] = [];
  for (const [name, value] of Object.entries(fragment)) {
    // As a list of one, or a false, null or empty entry would count as absent.
    const entry = compileFragment([value], memberPath(where, name));
    if (entry.kind === "fault") faults.push(...entry.faults);
    if (entry.kind === "program") entries.push({ name, program: entry.program });
  }
  if (faults.length > 0) return { kind: "fault", faults };
  const ordered = inOrderOfUse(entries);
  if (ordered.kind === "circle") {
    const message = `locals use each other in a circle: ${ordered.names.join(" -> ")}`;
    const path = memberPath(where, ordered.names[0] ?? "");
    return { kind: "fault", faults: [{ code: "malformed", message, path, text: "", start: 0, end: 0 }] };
  }
  return { kind: "program", program: oneByOne(ordered.entries, whole.program.references) };
}

function oneByOne(entries: readonly Entry[], references: readonly Reference[]): Program {
  return {
    references,
    evaluate: (scope, budget) => {
      const locals: Record<string, Value> = {};
      for (const { name, program } of entries) {
        // A copy: what an earlier entry saw must not change under it.
        const one = program.evaluate({ ...scope, locals: { ...locals } }, budget);
        if (isFault(one)) return one;
        put(locals, name, Array.isArray(one) ? ((one as readonly Value[])[0] ?? null) : null);
      }
      return locals;
    },
  };
}

type Order =
  | { readonly kind: "entries"; readonly entries: readonly Entry[] }
  | { readonly kind: "circle"; readonly names: readonly string[] };

/** Each entry after those it uses. One that uses `locals` as a whole, or by a computed name, comes after all that do not. */
function inOrderOfUse(entries: readonly Entry[]): Order {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const ordered = new Set<Entry>();
  const visit = (entry: Entry, path: readonly string[]): readonly string[] | undefined => {
    if (ordered.has(entry)) return undefined;
    if (path.includes(entry.name)) return [...path.slice(path.indexOf(entry.name)), entry.name];
    for (const name of namesUsed(entry)) {
      const used = byName.get(name);
      const circle = used === undefined ? undefined : visit(used, [...path, entry.name]);
      if (circle !== undefined) return circle;
    }
    ordered.add(entry);
    return undefined;
  };
  const [some, all] = [entries.filter((entry) => !usesAny(entry)), entries.filter(usesAny).sort(byNames)];
  for (const entry of [...some, ...all]) {
    const circle = visit(entry, []);
    if (circle !== undefined) return { kind: "circle", names: circle };
  }
  return { kind: "entries", entries: [...ordered] };
}

function byNames(a: Entry, b: Entry): number {
  return a.name < b.name ? -1 : 1;
}

function namesUsed({ program }: Entry): readonly string[] {
  return program.references.flatMap(([first, name]) => (first === "locals" && typeof name === "string" ? [name] : []));
}

function usesAny({ program }: Entry): boolean {
  return program.references.some(([first, name]) => first === "locals" && typeof name !== "string");
}

function mentionsLocals({ references }: Program): boolean {
  return references.some(([first]) => first === "locals");
}
