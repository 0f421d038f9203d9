/** Which inputs a function mentions: callers have to give them, and tools show them as its interface. */
import type { Reference } from "../cel/program.ts";
import type { Predicates } from "./predicates.ts";

interface Reading {
  readonly references: readonly Reference[];
}

/** The first path elements of every `inputs.x` in these programs and predicates, sorted, each once. */
export function inputNamesOf(
  programs: readonly (Reading | undefined)[],
  ...lists: readonly (Predicates | undefined)[]
): readonly string[] {
  const predicates = lists
    .flatMap((list) => list ?? [])
    .flatMap((each) => [each.assert, each.verdict, each.defaultReturn]);
  const names = [...programs, ...predicates].flatMap((program) =>
    (program?.references ?? []).flatMap(([variable, name]) =>
      variable === "inputs" && typeof name === "string" ? [name] : [],
    ),
  );
  return [...new Set(names)].sort();
}
