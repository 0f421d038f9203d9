/** A finding of `koreo check`: something that is wrong, or looks wrong, with a definition. */
import type { DefinitionName } from "../plan/plan.ts";

export const RULES = {
  yaml: "The file is no YAML.",
  "yaml-limit": "The file is nested too deeply, or its aliases make it too big.",
  "yaml-portable": "Readers of YAML disagree on what is written.",
  "api-server": "The API server would refuse the object.",
  "server-field": "The API server sets the field; manifests must not.",
  size: "The object is too big to be stored.",
  schema: "The spec is not as the schema of its kind wants it.",
  null: "The schema takes no null there.",
  expression: "An expression cannot be read.",
  "not-ready": "The definition cannot run.",
  duplicate: "Several definitions have the same kind, namespace and name; the last one read counts.",
  "unknown-variable": "An expression uses a variable that it does not see there.",
  "unknown-local": "An expression uses a local that spec.locals does not define.",
  "missing-input": "A step does not give an input that its function uses.",
  "unused-input": "A step gives an input that its function does not use.",
  unused: "Nothing refers to the definition.",
  untested: "No FunctionTest or WorkflowTest runs the function.",
  "unserved-kind": "The API server does not serve the kind.",
  "wrong-plural": "The API server has another plural for the kind.",
  "wrong-scope": "The kind is in a namespace and the function says otherwise, or the other way round.",
  "unknown-field": "The API server's schema of the kind has no such field.",
  "wrong-value": "The API server's schema of the kind wants another value.",
  "status-dropped": "The schema of a trigger's kind has no room for the status, which the API server drops then.",
} as const;

export type Rule = keyof typeof RULES;

export interface Finding {
  readonly severity: "error" | "warning";
  readonly rule: Rule;
  readonly definition: DefinitionName;
  /** A path such as `spec.steps[2].inputs.zone`; "" for the whole definition. */
  readonly path: string;
  readonly message: string;
  /** How to fix it. */
  readonly fix?: string;
  /** Whether the name of the path's last member is wrong, rather than its value. */
  readonly isAboutName?: boolean;
}

/** `[2]`, `[2: "label"]`, `['name']`, `["name"]` with the escapes of JSON, or a plain name. */
const PART = /\[(\d+)(?::[^\]]*)?\]|\['([^']*)'\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g;

/** Splits `spec.steps[2].inputs.zone` into the members to walk: `["spec", "steps", 2, "inputs", "zone"]`. */
export function pathParts(path: string): readonly (string | number)[] {
  return [...path.matchAll(PART)].map(([, index, quoted, json, name]) => {
    if (index !== undefined) return Number(index);
    return json === undefined ? (quoted ?? name ?? "") : (JSON.parse(json) as string);
  });
}
