/**
 * A definition as read, and readers for its spec. The spec has passed a schema check when the caller has the schemas,
 * but nothing here relies on it: a member of an unexpected type counts as absent.
 */
import { isInt } from "../cel/scalars.ts";
import { isList, isPlainMap, type Value, type ValueMap } from "../cel/value.ts";
import { DEFINITION_PLURALS, KOREO_GROUP } from "../names.ts";
import type { DefinitionKind } from "../plan/plan.ts";

/** One Workflow, function, template or test as the cluster or a file has it. */
export interface DefinitionSource {
  readonly kind: DefinitionKind;
  readonly namespace: string;
  readonly name: string;
  /** "" for a definition that was read from a file. */
  readonly uid: string;
  readonly generation: number;
  /** From a file, its doubles are boxed, so that `2.0` stays a double. */
  readonly spec: Value;
}

/** What is wrong with a definition, and its path, such as `spec.steps[2].inputs`. */
export interface DefinitionFault {
  readonly path: string;
  readonly message: string;
  /** What is broken; absent when it is a reference, an order, or the like. */
  readonly rule?: FaultRule;
}

/** `null`: the schema refuses a null that the API server drops. */
export type FaultRule = "schema" | "null" | "expression";

/** Whether a text names one of the kinds of definitions. */
export function isDefinitionKind(kind: string): kind is DefinitionKind {
  return Object.hasOwn(DEFINITION_PLURALS, kind);
}

/** The own member of a map, or undefined. */
export function field(value: Value | undefined, name: string): Value | undefined {
  return isPlainMap(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** The member as text, or "". */
export function textField(value: Value | undefined, name: string): string {
  const found = field(value, name);
  return typeof found === "string" ? found : "";
}

/** The member as a bool, or its default. */
export function boolField(value: Value | undefined, name: string, byDefault: boolean): boolean {
  const found = field(value, name);
  return typeof found === "boolean" ? found : byDefault;
}

/** The member as a whole number, or its default. */
export function intField(value: Value | undefined, name: string, byDefault: number): number {
  const found = field(value, name) ?? null;
  return isInt(found) ? Number(found) : byDefault;
}

/** The member as a list, or an empty one. */
export function listField(value: Value | undefined, name: string): readonly Value[] {
  const found = field(value, name);
  return isList(found) ? found : [];
}

/** The member as a map, or undefined. */
export function mapField(value: Value | undefined, name: string): ValueMap | undefined {
  const found = field(value, name);
  return isPlainMap(found) ? found : undefined;
}

/**
 * Makes a definition from a whole object of a file or the API server.
 *
 * @param defaultNamespace - for an object that names none
 * @returns undefined for an object of another kind or API, or without a name
 */
export function definitionOf(object: Value, defaultNamespace: string): DefinitionSource | undefined {
  const kind = textField(object, "kind");
  const metadata = field(object, "metadata");
  const name = textField(metadata, "name");
  const isOurs = textField(object, "apiVersion").startsWith(`${KOREO_GROUP}/`);
  if (!isOurs || !isDefinitionKind(kind) || name === "") return undefined;
  return {
    kind,
    namespace: textField(metadata, "namespace") || defaultNamespace,
    name,
    uid: textField(metadata, "uid"),
    generation: intField(metadata, "generation", 0),
    spec: field(object, "spec") ?? null,
  };
}
