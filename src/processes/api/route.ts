/**
 * One route: its path, its parameters, its answer and its handler. The same value is used for matching, for checks and
 * for the OpenAPI document, so these three agree by construction.
 */
import { Ajv2020 } from "ajv/dist/2020.js";
import type { JsonObject } from "../../core/json.ts";
import type { Caller } from "./auth.ts";
import { Problem } from "./problem.ts";
import { checkedAs, isOptional, record, type Members, type RecordOf, type Schema } from "./schema.ts";
import type { EventFilter } from "./stream.ts";

/** What a handler gets in addition to the parameters. */
export interface Call {
  readonly caller: Caller;
  /** Whether the caller is still accepted. @throws Problem when nobody can tell */
  readonly renew: () => Promise<boolean>;
  /** Aborted when the caller has gone, or time is up. */
  readonly signal: AbortSignal;
}

interface Described<P extends Members> {
  /** Unique; generated clients use it as a name. */
  readonly operationId: string;
  /** Below `/api/v1`; `{name}` is one part, and there is a parameter with that name. */
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  readonly parameters: P;
  /** Statuses of problems it may end with, in addition to those that every route has. */
  readonly problems?: readonly number[];
  /** Whether everybody gets an answer. */
  readonly isPublic?: boolean;
}

export interface JsonRoute<P extends Members, A> extends Described<P> {
  readonly answer: Schema<A>;
  readonly handle: (parameters: RecordOf<P>, call: Call) => Promise<A>;
}

/** Sends server-sent events until one side ends it. */
export interface EventRoute<P extends Members> extends Described<P> {
  readonly events: Schema<unknown>;
  readonly handle: (parameters: RecordOf<P>, call: Call) => Promise<EventFilter>;
}

/** A route of any types: takes checked parameters and gives the described answer. */
export type Route = Described<Members> & { readonly check: (given: Readonly<Record<string, string>>) => JsonObject } & (
    | { readonly answer: Schema<unknown>; readonly handle: (parameters: JsonObject, call: Call) => Promise<unknown> }
    | {
        readonly events: Schema<unknown>;
        readonly handle: (parameters: JsonObject, call: Call) => Promise<EventFilter>;
      }
  );

export function jsonRoute<const P extends Members, A>(route: JsonRoute<P, A>): Route {
  return {
    ...route,
    check: parameterCheck(route.parameters),
    handle: (parameters, call) => route.handle(checkedAs<P>(parameters), call),
  };
}

export function eventRoute<const P extends Members>(route: EventRoute<P>): Route {
  return {
    ...route,
    check: parameterCheck(route.parameters),
    handle: (parameters, call) => route.handle(checkedAs<P>(parameters), call),
  };
}

/** The parameters in the path; all others come after `?`. */
export function pathParameters(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
}

/**
 * @returns a function that turns texts into the types of the schemas
 * @throws Problem 400 naming the first parameter that does not fit
 */
function parameterCheck(parameters: Members): (given: Readonly<Record<string, string>>) => JsonObject {
  const ajv = new Ajv2020({ coerceTypes: true, useDefaults: true, strict: true, validateFormats: false });
  const validate = ajv.compile({ ...record("", parameters).json, additionalProperties: false });
  const names = Object.keys(parameters).filter((name) => isOptional(parameters[name] as Schema<unknown>));
  return (given) => {
    const values = { ...given };
    if (validate(values)) return values;
    const [error] = validate.errors ?? [];
    const { additionalProperty, missingProperty } = (error?.params ?? {}) as Readonly<Record<string, string>>;
    if (additionalProperty !== undefined) {
      const known = names.length === 0 ? "there are none" : `known are ${names.join(", ")}`;
      throw new Problem(400, `unknown query parameter "${shortened(additionalProperty)}": ${known}`);
    }
    const name = missingProperty ?? error?.instancePath.slice(1) ?? "";
    throw new Problem(400, `parameter "${name}": ${error?.message ?? "is not valid"}`);
  };
}

/** Input of a caller, short enough to show in an answer. */
function shortened(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
