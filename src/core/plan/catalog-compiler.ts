/**
 * Compiles the definitions of one graph, each after those it refers to. Reuses an entry of a previous catalog when
 * neither the definition nor anything it uses has changed.
 */
import { prepareFunctionTest } from "../function-test/prepare.ts";
import { prepareWorkflowTest } from "../workflow-test/prepare.ts";
import { contentHash } from "../hash.ts";
import { isTooDeep, MAX_DEPTH } from "../manifest/depth.ts";
import type { DefinitionFault, DefinitionSource } from "../manifest/definition.ts";
import type { SpecChecks } from "../manifest/schema.ts";
import { permFail, type NotOk } from "../outcome.ts";
import type { Compiled, DefinitionEntry } from "./definition-entry.ts";
import { compileResourceFunction } from "./compile-resource-function.ts";
import type { LogicLookup } from "./compile-step.ts";
import { compileTemplate } from "./compile-template.ts";
import { compileValueFunction } from "./compile-value-function.ts";
import { compileWorkflow } from "./compile-workflow.ts";
import { definitionId, type DefinitionGraph, type HashedSource } from "./definition-graph.ts";
import type { DefinitionUse, LogicPlan, Prepared, ValueFunctionPlan, WorkflowPlan } from "./plan.ts";

/** What is known about a definition before it is compiled. */
interface Basis extends HashedSource {
  readonly uses: readonly DefinitionUse[];
  readonly planHash: string;
}

type Result = Pick<DefinitionEntry, "compiled" | "faults" | "readiness">;

export class CatalogCompiler {
  readonly #graph: DefinitionGraph;
  readonly #checks: SpecChecks;
  readonly #previous: (id: string) => DefinitionEntry | undefined;
  readonly #done = new Map<string, DefinitionEntry>();

  /**
   * @param previous - finds the entry of an earlier catalog by the definition's id
   */
  constructor(graph: DefinitionGraph, checks: SpecChecks, previous: (id: string) => DefinitionEntry | undefined) {
    this.#graph = graph;
    this.#checks = checks;
    this.#previous = previous;
  }

  entry(hashed: HashedSource): DefinitionEntry {
    const id = definitionId(hashed.source);
    const known = this.#done.get(id);
    if (known !== undefined) return known;
    const uses = this.#graph.usesOf(hashed);
    const planHash = contentHash(uses.map((use) => [definitionId(use), use.contentHash]).sort());
    const before = this.#previous(id);
    const result = before?.planHash === planHash ? before : this.#compile({ ...hashed, uses, planHash });
    const { compiled, faults, readiness } = result;
    const entry = { ...hashed, uses, planHash, compiled, faults, readiness };
    this.#done.set(id, entry);
    return entry;
  }

  #compile(basis: Basis): Result {
    const { source } = basis;
    // First of all: whatever the API server has stored, one definition must not end the process that reads it.
    if (isTooDeep(source.spec)) return refused(source, [TOO_DEEP]);
    const wrong = this.#checks.get(source.kind)?.(source.spec) ?? [];
    return wrong.length > 0 ? refused(source, wrong) : this.#compileKind(basis);
  }

  #compileKind(basis: Basis): Result {
    const { source, contentHash } = basis;
    switch (source.kind) {
      case "ValueFunction": {
        const { prepared, faults } = compileValueFunction(source, contentHash);
        return { compiled: { kind: source.kind, prepared }, faults, readiness: stateOf(prepared) };
      }
      case "ResourceTemplate": {
        const { prepared, faults } = compileTemplate(source, contentHash);
        return { compiled: { kind: source.kind, prepared }, faults, readiness: stateOf(prepared) };
      }
      case "ResourceFunction": {
        const find = (name: string) => this.#valueFunction(name, source);
        const { prepared, faults } = compileResourceFunction(source, contentHash, find);
        const overlays = prepared.kind === "ready" ? prepared.plan.overlays : undefined;
        const readiness = overlays?.kind === "notReady" ? overlays.outcome : stateOf(prepared);
        return { compiled: { kind: source.kind, prepared }, faults, readiness };
      }
      case "Workflow": {
        const { uses, planHash } = basis;
        const find = (kind: string, name: string) => this.#logic(kind, name, source);
        const { plan, faults } = compileWorkflow(source, { contentHash, planHash, uses, find });
        return {
          compiled: { kind: source.kind, prepared: { kind: "ready", plan } },
          faults,
          readiness: plan.readiness,
        };
      }
      case "FunctionTest": {
        const { prepared, faults } = prepareFunctionTest(source, contentHash, (kind, name) => {
          const found = this.#logic(kind, name, source);
          return found.kind === "found" ? found.prepared : undefined;
        });
        return { compiled: { kind: source.kind, prepared }, faults, readiness: stateOf(prepared) };
      }
      case "WorkflowTest": {
        const { prepared, faults } = prepareWorkflowTest(source, contentHash, (name) => this.#workflow(name, source));
        return { compiled: { kind: source.kind, prepared }, faults, readiness: stateOf(prepared) };
      }
    }
  }

  #workflow(name: string, from: DefinitionSource): Prepared<WorkflowPlan> | undefined {
    const found = this.#graph.resolve("Workflow", name, from.namespace);
    const compiled = found === undefined ? undefined : this.entry(found).compiled;
    return compiled?.kind === "Workflow" ? compiled.prepared : undefined;
  }

  #valueFunction(name: string, from: DefinitionSource): Prepared<ValueFunctionPlan> | undefined {
    const found = this.#graph.resolve("ValueFunction", name, from.namespace);
    const compiled = found === undefined ? undefined : this.entry(found).compiled;
    return compiled?.kind === "ValueFunction" ? compiled.prepared : undefined;
  }

  #logic(kind: string, name: string, from: DefinitionSource): LogicLookup {
    const found = this.#graph.resolve(kind, name, from.namespace);
    if (found === undefined) return { kind: "missing" };
    if (kind === "Workflow") {
      // Checked before compiling follows the call, so that every member of a circle reports it, in whatever order.
      const back = this.#graph.callPath(found.source, from);
      if (back !== undefined) return { kind: "cycle", path: [from.name, ...back] };
    }
    const prepared = logicOf(this.entry(found).compiled);
    return prepared === undefined ? { kind: "missing" } : { kind: "found", prepared };
  }
}

/** The result for a spec that its schema refuses. */
function refused({ kind, name }: DefinitionSource, faults: readonly DefinitionFault[]): Result {
  const location = LOCATION_OF_SPEC[kind](name);
  const outcome = permFail(faults.map((fault) => fault.message).join(", "), location);
  return { compiled: { kind, prepared: { kind: "notReady", outcome } }, faults, readiness: outcome };
}

const TOO_DEEP: DefinitionFault = {
  path: "spec",
  message: `spec is nested deeper than ${MAX_DEPTH} levels; write it flatter`,
  rule: "schema",
};

const LOCATION_OF_SPEC = {
  Workflow: (name: string) => `prepare:Workflow:${name}:spec`,
  ValueFunction: (name: string) => `prepare:ValueFunction:${name}:spec`,
  ResourceFunction: (name: string) => `prepare:ResourceFunction:${name}:spec`,
  ResourceTemplate: (name: string) => `prepare:ResourceTemplate:${name}`,
  FunctionTest: (name: string) => `${name}:spec`,
  WorkflowTest: (name: string) => `${name}:spec`,
} as const;

function stateOf(prepared: Prepared<unknown>): NotOk | undefined {
  return prepared.kind === "ready" ? undefined : prepared.outcome;
}

function logicOf(compiled: Compiled): Prepared<LogicPlan> | undefined {
  switch (compiled.kind) {
    case "ValueFunction":
      return mapPrepared(compiled.prepared, (plan) => ({ kind: "value", plan }));
    case "ResourceFunction":
      return mapPrepared(compiled.prepared, (plan) => ({ kind: "resource", plan }));
    case "Workflow":
      return mapPrepared(compiled.prepared, (plan) => ({ kind: "workflow", plan }));
    case "ResourceTemplate":
    case "FunctionTest":
    case "WorkflowTest":
      return undefined;
  }
}

function mapPrepared<T>(prepared: Prepared<T>, wrap: (plan: T) => LogicPlan): Prepared<LogicPlan> {
  return prepared.kind === "ready" ? { kind: "ready", plan: wrap(prepared.plan) } : prepared;
}
