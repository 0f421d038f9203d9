/**
 * `spec.locals`: a map whose entries may use each other in any order: the API server sorts the members of a map, so
 * their order means nothing. One program evaluates the whole map, so code that runs a plan need not know; a map without
 * an entry that mentions `locals` is compiled directly.
 */
import { compileFragment } from "../cel/compile.ts";
import { put } from "../cel/maps.ts";
import type { CompiledFragment, CompileFault, Program, Reference } from "../cel/program.ts";
import { isFault, isPlainMap, type Value } from "../cel/value.ts";
import { memberPath } from "../cel/fragment.ts";

/** How many names the message about a circle shows. */
const MAX_NAMED = 10;

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
    // In a list of one; otherwise a false, null or empty entry would count as absent.
    const entry = compileFragment([value], memberPath(where, name));
    if (entry.kind === "fault") for (const fault of entry.faults) faults.push(fault);
    if (entry.kind === "program") entries.push({ name, program: entry.program });
  }
  if (faults.length > 0) return { kind: "fault", faults };
  const ordered = inOrderOfUse(entries);
  if (ordered.kind === "circle") {
    const { names } = ordered;
    const shown = names.length > MAX_NAMED ? [...names.slice(0, MAX_NAMED), "..."] : names;
    const message = `locals use each other in a circle: ${shown.join(" -> ")}`;
    const path = memberPath(where, names[0] ?? "");
    return { kind: "fault", faults: [{ code: "malformed", message, path, text: "", start: 0, end: 0 }] };
  }
  return { kind: "program", program: oneByOne(ordered.entries, whole.program.references) };
}

function oneByOne(entries: readonly Entry[], references: readonly Reference[]): Program {
  const steps = entries.map((entry) => ({ ...entry, used: usesAny(entry) ? undefined : namesUsed(entry) }));
  return {
    references,
    evaluate: (scope, budget) => {
      const locals: Record<string, Value> = {};
      for (const { name, program, used } of steps) {
        // Only what an entry uses, and as a copy: what the entry saw must not change later.
        const seen = used === undefined ? { ...locals } : picked(locals, used);
        const one = program.evaluate({ ...scope, locals: seen }, budget);
        if (isFault(one)) return one;
        put(locals, name, Array.isArray(one) ? ((one as readonly Value[])[0] ?? null) : null);
      }
      return locals;
    },
  };
}

function picked(map: Readonly<Record<string, Value>>, names: readonly string[]): Readonly<Record<string, Value>> {
  const some: Record<string, Value> = {};
  for (const name of names) {
    const value = Object.hasOwn(map, name) ? map[name] : undefined;
    if (value !== undefined) put(some, name, value);
  }
  return some;
}

type Order =
  | { readonly kind: "entries"; readonly entries: readonly Entry[] }
  | { readonly kind: "circle"; readonly names: readonly string[] };

/**
 * Each entry after those it uses. An entry that uses all of `locals`, or a computed name, comes after all entries that
 * do not. Not recursive, because an author's chain may be longer than the stack.
 */
function inOrderOfUse(entries: readonly Entry[]): Order {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const ordered = new Set<Entry>();
  const [some, all] = [entries.filter((entry) => !usesAny(entry)), entries.filter(usesAny).sort(byNames)];
  for (const first of [...some, ...all]) {
    /** The path from `first` to the present entry. */
    const way: Entry[] = [first];
    const onTheWay = new Set(way);
    for (let entry = way.at(-1); entry !== undefined; entry = way.at(-1)) {
      const next = ordered.has(entry) ? undefined : firstMissing(entry, byName, ordered);
      if (next === undefined) {
        ordered.add(entry);
        onTheWay.delete(entry);
        way.pop();
      } else if (onTheWay.has(next)) {
        return { kind: "circle", names: [...way.slice(way.indexOf(next)), next].map(({ name }) => name) };
      } else {
        onTheWay.add(next);
        way.push(next);
      }
    }
  }
  return { kind: "entries", entries: [...ordered] };
}

function firstMissing(
  entry: Entry,
  byName: ReadonlyMap<string, Entry>,
  ordered: ReadonlySet<Entry>,
): Entry | undefined {
  for (const name of namesUsed(entry)) {
    const used = byName.get(name);
    if (used !== undefined && !ordered.has(used)) return used;
  }
  return undefined;
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
