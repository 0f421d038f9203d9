/** What `koreo check` says: one thing that is wrong, or looks wrong, with a definition. */
import type { DefinitionName } from "../plan/plan.ts";

export const RULES = {
  "not-ready": "The definition cannot run.",
  duplicate: "Several definitions have the same kind, namespace and name; the last one read counts.",
  "unknown-variable": "An expression uses a variable that it does not see there.",
  "unknown-local": "An expression uses a local that spec.locals does not define.",
  "missing-input": "A step does not give an input that its function uses.",
  "unused-input": "A step gives an input that its function does not use.",
  "api-server": "The API server would refuse the definition.",
  unused: "Nothing refers to the definition.",
  untested: "No FunctionTest or WorkflowTest runs the function.",
} as const;

export type Rule = keyof typeof RULES;

export interface Finding {
  readonly severity: "error" | "warning";
  readonly rule: Rule;
  readonly definition: DefinitionName;
  /** Such as `spec.steps[2].inputs.zone`; "" for the whole definition. */
  readonly path: string;
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string;
}

/** `spec.steps[2].inputs.zone` as the members to walk: `["spec", "steps", 2, "inputs", "zone"]`. */
export function pathParts(path: string): readonly (string | number)[] {
  return [...path.matchAll(/\[(\d+)\]|\['([^']*)'\]|([^.[\]]+)/g)].map(([, index, quoted, name]) =>
    index === undefined ? (quoted ?? name ?? "") : Number(index),
  );
}
