/**
 * The values expressions work on: plain JSON, and a few boxes for what JSON cannot hold. A safe integer is an int, a
 * `bigint` an int beyond 2^53, a fractional `number` a double; a double without a fraction needs the box `Double`. A
 * value straight from Kubernetes is a valid Value. Boxes keep their state private, so reading any member of one gives
 * undefined: this makes the unchecked fast path of `closures/access.ts` safe.
 */
import type { JsonValue } from "../json.ts";

export type Value = JsonValue | Box | readonly Value[] | ValueMap;
export type ValueMap = { readonly [key: string]: Value };

/** A range in a text; offsets are into `source.text`. */
export interface Site {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** One expression as written, and the path of its manifest field. */
export interface Source {
  readonly text: string;
  readonly path: string;
}

/** Everything that is not plain JSON. It leaves the engine through `toJson`. */
export abstract class Box {
  readonly #box = true;
  static is(value: object): value is Box {
    return #box in value && value.#box;
  }
}

/** A double without a fractional part, such as 2.0. Every other double is a plain number. */
export class Double extends Box {
  readonly #value: number;
  constructor(value: number) {
    super();
    this.#value = value;
  }
  static of(box: Double): number {
    return box.#value;
  }
}

export class Uint extends Box {
  readonly #value: bigint;
  constructor(value: bigint) {
    super();
    this.#value = value;
  }
  static of(box: Uint): bigint {
    return box.#value;
  }
}

export class Bytes extends Box {
  readonly #value: Uint8Array;
  constructor(value: Uint8Array) {
    super();
    this.#value = value;
  }
  static of(box: Bytes): Uint8Array {
    return box.#value;
  }
}

/** A time to the nanosecond, and the offset in minutes it was written with. */
export class Timestamp extends Box {
  readonly #ms: number;
  readonly #offset: number;
  readonly #below: number;
  /**
   * @param ms - whole milliseconds since the epoch
   * @param offsetMinutes - east of UTC; changes no comparison
   * @param nanosBelow - nanoseconds beyond the milliseconds, 0 to 999,999
   */
  constructor(ms: number, offsetMinutes = 0, nanosBelow = 0) {
    super();
    this.#ms = ms;
    this.#offset = offsetMinutes;
    this.#below = nanosBelow;
  }
  /** Whole milliseconds since the epoch, rounded down. */
  static ms(box: Timestamp): number {
    return box.#ms;
  }
  static offsetMinutes(box: Timestamp): number {
    return box.#offset;
  }
  static nanos(box: Timestamp): bigint {
    return BigInt(box.#ms) * 1_000_000n + BigInt(box.#below);
  }
}

export class Duration extends Box {
  readonly #nanos: bigint;
  /** @param length - milliseconds with a fraction down to the nanosecond, or nanoseconds as a bigint */
  constructor(length: number | bigint) {
    super();
    this.#nanos =
      typeof length === "bigint"
        ? length
        : BigInt(Math.trunc(length)) * 1_000_000n + BigInt(Math.round((length % 1) * 1e6));
  }
  /** Milliseconds with their fraction. */
  static ms(box: Duration): number {
    return Number(box.#nanos / 1_000_000n) + Number(box.#nanos % 1_000_000n) / 1e6;
  }
  static nanos(box: Duration): bigint {
    return box.#nanos;
  }
}

/** The result of `type(x)`. */
export class TypeName extends Box {
  readonly #name: string;
  constructor(name: string) {
    super();
    this.#name = name;
  }
  static of(box: TypeName): string {
    return box.#name;
  }
}

/** A value that may be missing: the result of `.?field` and `optional.of`. */
export class Optional extends Box {
  readonly #value: Value | undefined;
  constructor(value: Value | undefined) {
    super();
    this.#value = value;
  }
  /** The value inside; undefined when there is none. */
  static of(box: Optional): Value | undefined {
    return box.#value;
  }
}

/** Kinds of values that Kubernetes' libraries read from text. */
export type OpaqueKind = "url" | "ip" | "cidr" | "quantity" | "format";

/** A value that a library reads from text; it leaves the engine as text. Each kind has a class in `functions/`. */
export abstract class Opaque extends Box {
  readonly #kind: OpaqueKind;
  readonly #text: string;
  readonly #key: string;
  /** @param key - two values of one kind are equal when their keys are */
  constructor(kind: OpaqueKind, text: string, key: string = text) {
    super();
    this.#kind = kind;
    this.#text = text;
    this.#key = key;
  }
  static kind(box: Opaque): OpaqueKind {
    return box.#kind;
  }
  static text(box: Opaque): string {
    return box.#text;
  }
  static key(box: Opaque): string {
    return box.#key;
  }
}

/** A map with keys that are not all text; rare. Its entries, by canonical key text, are in insertion order. */
export class KeyedMap extends Box {
  readonly #entries: ReadonlyMap<string, readonly [Value, Value]>;
  constructor(entries: ReadonlyMap<string, readonly [Value, Value]>) {
    super();
    this.#entries = entries;
  }
  static of(box: KeyedMap): ReadonlyMap<string, readonly [Value, Value]> {
    return box.#entries;
  }
}

/** Why an evaluation has no value. A light value: lists and maps keep it until somebody reads it. */
export class Fault extends Box {
  readonly #code: FaultCode;
  readonly #text: string;
  readonly #site: Site | undefined;
  constructor(code: FaultCode, text: string, site?: Site) {
    super();
    this.#code = code;
    this.#text = text;
    this.#site = site;
  }
  static code(fault: Fault): FaultCode {
    return fault.#code;
  }
  /** Never contains the value of a variable. */
  static text(fault: Fault): string {
    return fault.#text;
  }
  static site(fault: Fault): Site | undefined {
    return fault.#site;
  }
}

export type FaultCode =
  | "syntax"
  | "malformed"
  | "undeclared"
  | "no_overload"
  | "no_such_member"
  | "no_such_key"
  | "no_field_selection"
  | "index_out_of_range"
  | "divide_by_zero"
  | "overflow"
  | "duplicate_key"
  | "bad_key"
  | "not_iterable"
  | "macro_arguments"
  | "conversion"
  | "function"
  | "budget"
  | "not_a_value";

/** The CEL type of a value, `error` for a fault. */
export type Kind =
  | "null"
  | "bool"
  | "string"
  | "int"
  | "double"
  | "uint"
  | "bytes"
  | "timestamp"
  | "duration"
  | "type"
  | "list"
  | "map"
  | "optional"
  | OpaqueKind
  | "error";

/** The CEL type of a value. */
export function kindOf(value: Value): Kind {
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isSafeInteger(value) ? "int" : "double";
  if (typeof value === "bigint") return "int";
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  return value instanceof Box ? kindOfBox(value) : "map";
}

function kindOfBox(box: Box): Kind {
  if (box instanceof Fault) return "error";
  if (box instanceof Double) return "double";
  if (box instanceof Uint) return "uint";
  if (box instanceof Bytes) return "bytes";
  if (box instanceof Timestamp) return "timestamp";
  if (box instanceof Duration) return "duration";
  if (box instanceof KeyedMap) return "map";
  if (box instanceof Optional) return "optional";
  return box instanceof Opaque ? Opaque.kind(box) : "type";
}

/** A list; unlike `Array.isArray` it keeps the type of the items. */
export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

export function isFault(value: unknown): value is Fault {
  return value instanceof Fault;
}

/** A map whose keys are all text: a plain object. */
export function isPlainMap(value: Value | undefined): value is ValueMap {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Box);
}
