/**
 * Collects everything that is wrong with one definition while it is compiled, so that an author sees all faults at
 * once, and turns it into one outcome for the definition.
 */
import { parsingMessage } from "../cel/fault-text.ts";
import type { CompiledFragment, CompileFault } from "../cel/program.ts";
import type { DefinitionFault } from "../manifest/definition.ts";
import { fold, permFail, type NotOk } from "../outcome.ts";
import type { Prepared } from "./plan.ts";
import type { CompiledPredicates, Predicates } from "./predicates.ts";

/** A compiled definition: what runs, and everything that is wrong with it (or with a part that fails when it runs). */
export interface CompiledDefinition<T> {
  readonly prepared: Prepared<T>;
  readonly faults: readonly DefinitionFault[];
}

/** More would help nobody; a definition may have hundreds of thousands. */
const MAX_FAULTS = 100;

export class FaultList {
  readonly #faults: DefinitionFault[] = [];
  readonly #outcomes: NotOk[] = [];

  /** The program of a fragment; notes its faults, located at `location`. */
  take<P>(compiled: CompiledFragment<P>, location: string): P | undefined {
    if (compiled.kind === "fault") this.parsing(compiled.faults, location);
    return compiled.kind === "program" ? compiled.program : undefined;
  }

  /** The same for predicates. */
  takePredicates(compiled: CompiledPredicates, location: string): Predicates | undefined {
    if (compiled.kind === "fault") this.parsing(compiled.faults, location);
    return compiled.kind === "predicates" ? compiled.predicates : undefined;
  }

  parsing(faults: readonly CompileFault[], location: string): void {
    for (const fault of faults)
      this.add({ path: fault.path, message: parsingMessage(fault), rule: "expression" }, location);
  }

  /** Notes a fault; the definition then has a permFail with its message. */
  add(fault: DefinitionFault, location: string): void {
    this.#note(fault, permFail(fault.message, location));
  }

  /** Notes an outcome that keeps the definition from running. */
  refuse(path: string, outcome: NotOk): void {
    this.#note({ path, message: outcome.message ?? outcome.kind }, outcome);
  }

  #note(fault: DefinitionFault, outcome: NotOk): void {
    if (this.#faults.length >= MAX_FAULTS) return;
    this.#faults.push(fault);
    this.#outcomes.push(outcome);
  }

  get faults(): readonly DefinitionFault[] {
    return this.#faults;
  }

  /** One outcome for everything noted; undefined when nothing was. */
  get outcome(): NotOk | undefined {
    if (this.#outcomes.length === 0) return undefined;
    const folded = fold(this.#outcomes);
    return folded.kind === "ok" ? undefined : folded;
  }

  /** The first outcome noted; undefined when there is none. */
  get first(): NotOk | undefined {
    return this.#outcomes[0];
  }

  /** The plan, unless something was noted. */
  finish<T>(plan: T): CompiledDefinition<T> {
    const { outcome, faults } = this;
    return { prepared: outcome === undefined ? { kind: "ready", plan } : { kind: "notReady", outcome }, faults };
  }
}
