/**
 * Types as values: each schema is JSON Schema 2020-12 for the OpenAPI document and for checks, and at the same time the
 * TypeScript type of what it describes. So code, checks and description always agree.
 */
import type { JsonObject, JsonValue } from "../../core/json.ts";

/** Named schemas that other schemas refer to. */
export type Components = ReadonlyMap<string, JsonObject>;

export interface Schema<T> {
  readonly json: JsonObject;
  readonly components: Components;
  /** Used only by the compiler; never set. */
  readonly type?: T;
}

/** A member that may be absent. */
export interface OptionalSchema<T> extends Schema<T> {
  readonly isOptional: true;
}

export type Members = Readonly<Record<string, Schema<unknown>>>;

/** The TypeScript type that a schema describes. */
export type TypeOf<S> = S extends Schema<infer T> ? T : never;

type Optional<M> = { [K in keyof M]: M[K] extends { readonly isOptional: true } ? K : never }[keyof M];

/** The type of an object with these members. */
export type RecordOf<M> = { readonly [K in Exclude<keyof M, Optional<M>>]: TypeOf<M[K]> } & {
  readonly [K in Optional<M>]?: TypeOf<M[K]>;
};

const NONE: Components = new Map();

function leaf<T>(json: JsonObject): Schema<T> {
  return { json, components: NONE };
}

/** @param rules - further keywords, such as `maxLength` */
export function text(description: string, rules: JsonObject = {}): Schema<string> {
  return leaf({ type: "string", description, ...rules });
}

/** RFC 3339, as Kubernetes writes it. */
export function time(description: string): Schema<string> {
  return leaf({ type: "string", format: "date-time", description });
}

/** A whole number, at least 0 unless the rules say otherwise. */
export function count(description: string, rules: JsonObject = {}): Schema<number> {
  return leaf({ type: "integer", description, minimum: 0, ...rules });
}

/** Any number, such as milliseconds with a fraction. */
export function quantity(description: string): Schema<number> {
  return leaf({ type: "number", description });
}

export function flag(description: string): Schema<boolean> {
  return leaf({ type: "boolean", description });
}

export function choice<const V extends string>(values: readonly V[], description: string): Schema<V> {
  return leaf({ type: "string", enum: values, description });
}

export function list<T>(items: Schema<T>, description: string): Schema<readonly T[]> {
  return { json: { type: "array", description, items: items.json }, components: items.components };
}

/** An object with arbitrary members. */
export function map<T>(values: Schema<T>, description: string): Schema<Readonly<Record<string, T>>> {
  return {
    json: { type: "object", description, additionalProperties: values.json },
    components: values.components,
  };
}

/** The value of an attribute. */
export function scalar(description: string): Schema<string | number | boolean> {
  return leaf({ type: ["string", "number", "boolean"], description });
}

export function optional<T>(schema: Schema<T>): OptionalSchema<T> {
  return { ...schema, isOptional: true };
}

export function record<M extends Members>(description: string, members: M): Schema<RecordOf<M>> {
  const entries = Object.entries(members);
  const required = entries.filter(([, schema]) => !isOptional(schema)).map(([name]) => name);
  const properties = Object.fromEntries(entries.map(([name, schema]) => [name, schema.json]));
  return {
    json: { type: "object", description, ...(required.length === 0 ? {} : { required }), properties },
    components: joined(entries.map(([, schema]) => schema.components)),
  };
}

/** One of several objects, distinguished by a member that each has as a `choice` of one. */
export function oneOf<T>(description: string, alternatives: readonly Schema<T>[]): Schema<T> {
  return {
    json: { description, oneOf: alternatives.map(({ json }) => json) },
    components: joined(alternatives.map(({ components }) => components)),
  };
}

/** Makes a schema a component of the document; other schemas refer to it by name. */
export function named<T>(name: string, schema: Schema<T>): Schema<T> {
  return { ...reference(name), components: new Map([...schema.components, [name, schema.json]]) };
}

/** A component by its name, for schemas that contain themselves. */
export function reference<T>(name: string): Schema<T> {
  return leaf({ $ref: `#/components/schemas/${name}` });
}

export function joined(all: readonly Components[]): Components {
  return new Map(all.flatMap((each) => [...each]));
}

export function isOptional(schema: Schema<unknown>): boolean {
  return "isOptional" in schema;
}

/** The value with the type that a check has established: used right after outside data was checked. */
export function checkedAs<M extends Members>(value: Readonly<Record<string, JsonValue>>): RecordOf<M> {
  return value as RecordOf<M>;
}
