/**
 * The parts that the closures of `core/cel/closures` share. A node becomes a function over a frame once, and runs many
 * times. Closures never throw for what an expression does: they return a Fault. Only a spent budget is thrown.
 */
import type { Node } from "../node.ts";
import type { Scope } from "../program.ts";
import { Fault, type Value } from "../value.ts";

/** The state of one evaluation. */
export interface Frame {
  readonly scope: Scope;
  /** Variables of macros, by the slot they were given at compile time. */
  readonly slots: Value[];
  /** Set when a list or map takes in a Fault, so that only such results are searched at the end. */
  holdsFault: boolean;
}

export type Closure = (frame: Frame) => Value;

export interface Context {
  readonly compile: (node: Node) => Closure;
  readonly variables: Variables;
}

/** Keeps a value in a list or map under construction. */
export function keep(frame: Frame, value: Value): Value {
  if (value instanceof Fault) frame.holdsFault = true;
  return value;
}

/** The variables of macros that a sub-expression sees. A slot belongs to a nesting depth. */
export class Variables {
  readonly #slots = new Map<string, number>();
  #depth = 0;
  #count = 0;

  /** How many slots a frame needs. */
  get count(): number {
    return this.#count;
  }

  slotOf(name: string): number | undefined {
    return this.#slots.get(name);
  }

  /** Compiles something that sees `names`; they hide variables of the same name outside. */
  within<T>(names: readonly string[], compile: (slots: readonly number[]) => T): T {
    const hidden = names.map((name) => this.#slots.get(name));
    const slots = names.map((_, index) => this.#depth + index);
    this.#depth += names.length;
    this.#count = Math.max(this.#count, this.#depth);
    names.forEach((name, index) => this.#slots.set(name, slots[index] ?? 0));
    const compiled = compile(slots);
    this.#depth -= names.length;
    names.forEach((name, index) => {
      const before = hidden[index];
      if (before === undefined) this.#slots.delete(name);
      else this.#slots.set(name, before);
    });
    return compiled;
  }
}

/** How many nodes a sub-expression has: the cost of one turn of a macro over it. */
export function weightOf(node: Node): number {
  return node.children.reduce((sum, child) => sum + weightOf(child), 1);
}
