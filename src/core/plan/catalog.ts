/**
 * All definitions, compiled: workers run from it and watchers plan their watches by it. Compiling is incremental: a
 * definition keeps its compiled object while its content and its uses are unchanged, so plans can be compared by
 * identity. It throws nothing for what an author wrote; each entry holds the faults of its definition.
 */
import { contentHash } from "../hash.ts";
import type { DefinitionSource } from "../manifest/definition.ts";
import type { SpecChecks } from "../manifest/schema.ts";
import { parseApiVersion, type GroupKind, type GroupVersionKind } from "../object-key.ts";
import { CatalogCompiler } from "./catalog-compiler.ts";
import { triggerOf } from "./compile-workflow.ts";
import type { DefinitionEntry } from "./definition-entry.ts";
import { definitionId, DefinitionGraph } from "./definition-graph.ts";
import type { DefinitionKind, Prepared, TemplatePlan, WorkflowPlan } from "./plan.ts";
import {
  selectWorkflow,
  type TriggerLookup,
  type WorkflowCandidate,
  type WorkflowSelection,
} from "./select-workflow.ts";

export interface CatalogOptions {
  /** Namespaces whose definitions count, in priority order. */
  readonly namespaces: readonly string[];
  /** Without checks, specs are not validated. */
  readonly checks?: SpecChecks;
}

/**
 * @param sources - definitions of all kinds, in any order; a later one of the same identity wins
 * @param previous - a catalog whose unchanged entries are reused
 */
export function compileCatalog(
  sources: readonly DefinitionSource[],
  options: CatalogOptions,
  previous?: Catalog,
): Catalog {
  const graph = new DefinitionGraph(sources, options.namespaces);
  const compiler = new CatalogCompiler(graph, options.checks ?? new Map(), (id) => previous?.byId(id));
  const entries = new Map(graph.all.map((each) => [definitionId(each.source), compiler.entry(each)]));
  return new Catalog(entries, graph, options.namespaces);
}

/** Compiled definitions; immutable. */
export class Catalog {
  /** All entries, in no particular order. */
  readonly entries: readonly DefinitionEntry[];
  readonly #byId: ReadonlyMap<string, DefinitionEntry>;
  readonly #graph: DefinitionGraph;
  readonly #workflows: readonly (WorkflowCandidate & { readonly planHash: string })[];
  readonly #namespaces: readonly string[];
  readonly #only: WorkflowPlan | undefined;
  // Both are asked for with every run and every changed object, so they are made once.
  #triggerKinds: readonly GroupVersionKind[] | undefined;
  #managedKinds: readonly GroupVersionKind[] | undefined;

  /** @param only - see `withOnly` */
  constructor(
    entries: ReadonlyMap<string, DefinitionEntry>,
    graph: DefinitionGraph,
    namespaces: readonly string[],
    only?: WorkflowPlan,
  ) {
    this.#only = only;
    this.#namespaces = namespaces;
    this.#byId = entries;
    this.#graph = graph;
    this.entries = [...entries.values()];
    const rank = (candidate: WorkflowCandidate) => namespaces.indexOf(candidate.namespace);
    this.#workflows = this.entries.flatMap(candidateOf).sort((a, b) => rank(a) - rank(b) || byText(a.name, b.name));
  }

  entry(kind: string, namespace: string, name: string): DefinitionEntry | undefined {
    return this.#byId.get(definitionId({ kind, namespace, name }));
  }

  /** By the text `definitionId` gives. */
  byId(id: string): DefinitionEntry | undefined {
    return this.#byId.get(id);
  }

  /** The definition a name refers to, seen from a namespace; "" means only the configured order. */
  find(kind: DefinitionKind, name: string, from: string): DefinitionEntry | undefined {
    const found = this.#graph.resolve(kind, name, from);
    return found === undefined ? undefined : this.#byId.get(definitionId(found.source));
  }

  /**
   * @param name - name of a ResourceTemplate
   * @param from - namespace of the function that names it
   */
  template(name: string, from: string): Prepared<TemplatePlan> | undefined {
    const compiled = this.find("ResourceTemplate", name, from)?.compiled;
    return compiled?.kind === "ResourceTemplate" ? compiled.prepared : undefined;
  }

  /** The same definitions with one Workflow that runs for every trigger; WorkflowTests use it. */
  withOnly(workflow: WorkflowPlan): Catalog {
    return new Catalog(this.#byId, this.#graph, this.#namespaces, workflow);
  }

  /** Which Workflow runs for a trigger. */
  selectWorkflow(trigger: TriggerLookup): WorkflowSelection {
    if (this.#only !== undefined) return { kind: "selected", workflow: this.#only };
    return selectWorkflow(this.#workflows, trigger);
  }

  /** The kind of every Workflow with a readable `crdRef`, ready or not; each once. */
  get triggerKinds(): readonly GroupVersionKind[] {
    const workflows = this.#only === undefined ? this.#workflows : [this.#only];
    return (this.#triggerKinds ??= distinctKinds(
      workflows.flatMap(({ trigger }) => (trigger === undefined ? [] : [trigger])),
    ));
  }

  /** The kinds that all runnable ResourceFunctions manage or read; each once. */
  get managedKinds(): readonly GroupVersionKind[] {
    return (this.#managedKinds ??= distinctKinds(
      this.entries.flatMap(({ compiled }) => {
        if (compiled.kind !== "ResourceFunction" || compiled.prepared.kind !== "ready") return [];
        const { apiVersion, kind } = compiled.prepared.plan.api;
        return [{ ...parseApiVersion(apiVersion), kind }];
      }),
    ));
  }

  /** Hash over everything that runs for triggers of a kind by its `crdRef`; "" when nothing runs. */
  planHashFor(kind: GroupKind): string {
    const hashes = this.#workflows
      .filter(({ trigger }) => trigger?.group === kind.group && trigger.kind === kind.kind)
      .map(({ namespace, name, planHash }) => [namespace, name, planHash]);
    return hashes.length === 0 ? "" : contentHash(hashes);
  }
}

function candidateOf(entry: DefinitionEntry): (WorkflowCandidate & { readonly planHash: string })[] {
  const { source, compiled, planHash } = entry;
  if (compiled.kind !== "Workflow") return [];
  const { namespace, name, spec } = source;
  return [{ namespace, name, planHash, trigger: triggerOf(spec), prepared: compiled.prepared }];
}

function distinctKinds(kinds: readonly GroupVersionKind[]): readonly GroupVersionKind[] {
  const byText = new Map(kinds.map((each) => [`${each.group}/${each.version}/${each.kind}`, each]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
