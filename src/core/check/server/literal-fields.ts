/**
 * Compares the literal part of an object with the server's schema of its kind: finds fields that do not exist and
 * values of another type. Skips values that expressions give.
 */
import { compileFragment } from "../../cel/compile.ts";
import { memberPath } from "../../cel/fragment.ts";
import { Double, isFault, isList, isPlainMap, type Value } from "../../cel/value.ts";
import { jsonEqual } from "../../json.ts";
import { isDirective } from "../../resource/directives.ts";
import { nearest } from "../nearest.ts";
import type { OpenApiSchema } from "./open-api.ts";

export interface FieldFault {
  readonly rule: "unknown-field" | "wrong-value";
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

/**
 * How text is read: as in a fragment, where `=` begins an expression and text that looks like a number is one, or
 * literally, as in a template.
 */
export type Reading = "fragment" | "static";

/** Where the fields are written. */
export interface FieldsPlace {
  readonly path: string;
  /** For messages, such as `apps/v1 Deployment`. */
  readonly kind: string;
  readonly reading: Reading;
}

export function checkFields(
  value: Value,
  schema: OpenApiSchema,
  { path, kind, reading }: FieldsPlace,
): readonly FieldFault[] {
  const walk = (inner: Value, below: OpenApiSchema, at: string): readonly FieldFault[] => {
    const literal = reading === "fragment" ? literalOf(inner) : inner;
    // A null removes the field, whatever its type.
    if (literal === undefined || literal === null) return [];
    const wrong = valueFault(literal, below, at, kind, reading);
    if (wrong !== undefined) return [wrong];
    if (isList(literal)) {
      const { items } = below;
      return items === undefined ? [] : literal.flatMap((item, index) => walk(item, items, `${at}[${index}]`));
    }
    if (!isPlainMap(literal)) return [];
    return Object.entries(literal).flatMap(([name, item]) => {
      if (isDirective(name)) return [];
      const { members } = below;
      const here = memberPath(at, name);
      if (members !== undefined && !members.includes(name)) return [unknownField(here, name, members, kind)];
      const schemaOfItem = below.member(name);
      return schemaOfItem === undefined ? [] : walk(item, schemaOfItem, here);
    });
  };
  return walk(value, schema, path);
}

/** A value that depends on nothing; undefined for an expression. Maps and lists are returned as they are. */
function literalOf(value: Value): Value | undefined {
  if (typeof value !== "string" || value === "") return value;
  if (value.startsWith("=")) return undefined;
  const compiled = compileFragment(value, "");
  const evaluated = compiled.kind === "program" ? compiled.program.evaluate({}) : undefined;
  return evaluated === undefined || isFault(evaluated) ? undefined : evaluated;
}

function unknownField(path: string, name: string, members: readonly string[], kind: string): FieldFault {
  const meant = nearest(name, members);
  const known = members.length > 12 ? `${members.slice(0, 12).join(", ")}, ...` : members.join(", ");
  const there = members.length === 0 ? "nothing may stand here" : `known here are ${known}`;
  const fix = meant === undefined ? `take it out; ${there}` : `did you mean ${meant}?`;
  return { rule: "unknown-field", path, message: `${path}: ${kind} has no such field`, fix };
}

function valueFault(
  literal: Value,
  { types, choices, bits }: OpenApiSchema,
  path: string,
  kind: string,
  reading: Reading,
): FieldFault | undefined {
  const type = typeOf(literal);
  if (types.length > 0 && !types.some((each) => each === type || (each === "number" && type === "integer"))) {
    const message = `${path}: ${kind} wants ${wordsFor(types)}, not ${wordsFor([type])}`;
    return { rule: "wrong-value", path, message, fix: fixOf(literal, types, reading) };
  }
  if (type === "integer" && bits < 64 && !fits(literal, bits)) {
    const message = `${path}: ${kind} takes whole numbers of ${bits} bits`;
    return { rule: "wrong-value", path, message, fix: "write a smaller number" };
  }
  // An empty text counts as absent.
  if (
    choices.length === 0 ||
    literal === "" ||
    typeof literal !== "string" ||
    choices.some((each) => jsonEqual(each, literal))
  )
    return;
  const texts = choices.filter((each) => typeof each === "string");
  const meant = nearest(literal, texts);
  const fix = meant === undefined ? `use one of ${texts.join(", ")}` : `did you mean ${meant}?`;
  return { rule: "wrong-value", path, message: `${path}: ${kind} does not take ${JSON.stringify(literal)}`, fix };
}

function fits(value: Value, bits: number): boolean {
  const whole = value instanceof Double ? Double.of(value) : Number(value);
  return whole >= -(2 ** (bits - 1)) && whole < 2 ** (bits - 1);
}

function fixOf(literal: Value, types: readonly string[], reading: Reading): string {
  if (!types.includes("string") || isList(literal) || isPlainMap(literal)) return `give it ${wordsFor(types)}`;
  const text = scalarText(literal);
  // Koreo reads quoted digits as a number too: only an expression makes them text.
  return reading === "fragment" && typeof literal !== "boolean" ? `write ="${text}"` : "put it in quotes";
}

function scalarText(literal: Value): string {
  if (literal instanceof Double) return String(Double.of(literal));
  return typeof literal === "object" ? "" : String(literal);
}

function wordsFor(types: readonly string[]): string {
  return types.map((each) => NAMES[each] ?? each).join(" or ");
}

const NAMES: Readonly<Record<string, string>> = {
  string: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
};

function typeOf(value: Value): string {
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "bigint" || value instanceof Double) return "integer";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return isList(value) ? "array" : "object";
}
