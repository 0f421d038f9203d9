/** The results of compiling: programs that are evaluated many times, and the faults of text that is not valid. */
import type { Budget } from "./budget.ts";
import type { FaultCode, Value } from "./value.ts";

/**
 * The variables of one evaluation by name. A name that is absent is undeclared: using it is a fault, `has(name)` false.
 */
export type Scope = { readonly [name: string]: Value };

/**
 * A path that an expression reads, starting at the variable: `steps.a["b"][0]` is `["steps", "a", "b", 0]`. A part
 * known only at run time is null, as in `steps[inputs.k]`. Variables of macros are not references.
 */
export type Reference = readonly (string | number | null)[];

/** Compiled once, evaluated many times; holds no state. */
export interface Program {
  /** Every path it reads, as far as it is written, each once, in order of first mention; without names of types. */
  readonly references: readonly Reference[];
  /**
   * @param scope - the variables; never changed
   * @param budget - parts it does not name are those of `DEFAULT_BUDGET`
   * @returns the value, or a Fault; never a value with a Fault inside. Use `toJson` before it leaves the engine.
   */
  evaluate(scope: Scope, budget?: Partial<Budget>): Value;
}

/** A fragment laid over a base: compiling has decided what merges and what replaces. */
export interface OverlayProgram {
  readonly references: readonly Reference[];
  /**
   * @param base - never changed; a base that is no map counts as an empty one
   * @param scope - what the leaves see; all of them are evaluated before the base is used
   * @returns a new map that shares the untouched parts of the base, or a Fault
   */
  apply(base: Value, scope: Scope, budget?: Partial<Budget>): Value;
}

/** Why a text or fragment could not be compiled. */
export interface CompileFault {
  readonly code: FaultCode;
  /** What is wrong, without the place. */
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

/** A fragment that is null, "", 0, false or empty has no program: the feature counts as absent. */
export type CompiledFragment<P = Program> = Compiled<P> | { readonly kind: "absent" };
