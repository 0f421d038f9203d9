/** What compiling gives: programs that are evaluated many times, and the faults of text that is none. */
import type { Budget } from "./budget.ts";
import type { FaultCode, Value } from "./value.ts";

/**
 * The variables of one evaluation by name. A name that is absent is undeclared: using it is a fault, `has(name)` false.
 */
export type Scope = { readonly [name: string]: Value };

/**
 * What an expression reads, from the variable on: `steps.a["b"][0]` is `["steps", "a", "b", 0]`. A part that is only
 * known at run time is null, as in `steps[inputs.k]`. Variables of macros are no references.
 */
export type Reference = readonly (string | number | null)[];

/** Compiled once, evaluated many times; holds no state. */
export interface Program {
  /** Every path read, as far as it is written, each once, in order of first mention; no names of types. */
  readonly references: readonly Reference[];
  /**
   * @param scope - the variables; never changed
   * @param budget - `DEFAULT_BUDGET` where it says nothing
   * @returns the value, or a Fault; never a value with a Fault inside. Use `toJson` before it leaves the engine.
   */
  evaluate(scope: Scope, budget?: Partial<Budget>): Value;
}

/** A fragment laid over a base: what merges and what replaces was decided when it was compiled. */
export interface OverlayProgram {
  readonly references: readonly Reference[];
  /**
   * @param base - never changed; anything but a map counts as an empty one
   * @param scope - what the leaves see; they are all evaluated before the base is touched
   * @returns a new map that shares the untouched parts of the base, or a Fault
   */
  apply(base: Value, scope: Scope, budget?: Partial<Budget>): Value;
}

/** Why a text or fragment could not be compiled. */
export interface CompileFault {
  readonly code: FaultCode;
  /** What is wrong, without place. */
  readonly message: string;
  /** Path of the manifest field, such as `spec.return.name`. */
  readonly path: string;
  /** The expression as read (leading `=` stripped), and the range in it, in UTF-16 units. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export type Compiled<P = Program> =
  | { readonly kind: "program"; readonly program: P }
  | { readonly kind: "fault"; readonly faults: readonly CompileFault[] };

/** A fragment that is null, "", 0, false or empty is no expression: the feature counts as absent. */
export type CompiledFragment<P = Program> = Compiled<P> | { readonly kind: "absent" };
