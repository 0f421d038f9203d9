/**
 * A Workflow as a graph for people: its steps, what they call, and the kinds they manage, including the Workflows it
 * calls. It is made from compiled plans, so it shows what runs. It has only names, no expressions and no values.
 */
import { field, listField, textField } from "../manifest/definition.ts";
import type { Catalog } from "./catalog.ts";
import type { DefinitionEntry } from "./definition-entry.ts";
import { definitionId } from "./definition-graph.ts";
import type { DefinitionName, LogicPlan, PlanIdentity, ResourceFunctionPlan, StepPlan, WorkflowPlan } from "./plan.ts";

/** `definition`: Workflow, function or template. `step`: one of the Workflow with id `of`. `kind`: managed objects. */
export type GraphNode =
  | {
      readonly type: "definition";
      readonly id: string;
      readonly kind: string;
      readonly namespace: string;
      readonly name: string;
      readonly health: "ready" | "faulty" | "missing";
    }
  | {
      readonly type: "step";
      readonly id: string;
      readonly of: string;
      readonly label: string;
      /** Layer of the step in its Workflow; -1 for a step that could not be compiled. */
      readonly wave: number;
      readonly isForEach: boolean;
      readonly isConditional: boolean;
      readonly health: "ready" | "faulty";
    }
  | { readonly type: "kind"; readonly id: string; readonly apiVersion: string; readonly kind: string };

/**
 * What joins two nodes: a Workflow has steps; a step comes before another that uses its result, and calls a logic (in
 * one case of a switch); a function uses templates (any template when an expression names it) and overlays, and manages
 * or reads objects of a kind. `uses` means that a definition is faulty and no more is known.
 */
export type EdgeRelation =
  "step" | "before" | "calls" | "template" | "anyTemplate" | "overlay" | "manages" | "reads" | "uses";

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly relation: EdgeRelation;
  /** The case of a switch; absent for all other edges. */
  readonly switchCase?: string;
}

export interface WorkflowGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Whether nodes are missing because there are too many. */
  readonly isCut: boolean;
}

/** The case of a switch that is taken when no other matches. */
const OTHERWISE = "default";

export interface GraphOptions {
  /** A larger graph is cut, and says so. */
  readonly maxNodes: number;
  /** Other definitions appear only by name, without what is in them. */
  readonly isOpen: (definition: DefinitionName) => boolean;
}

export function workflowGraph(catalog: Catalog, workflow: DefinitionEntry, options: GraphOptions): WorkflowGraph {
  const drawing = new Drawing(catalog, options);
  drawing.definition(workflow.source);
  return drawing.result();
}

/** A graph under construction. It draws every definition once, however many steps call it. */
class Drawing {
  readonly #catalog: Catalog;
  readonly #options: GraphOptions;
  readonly #nodes = new Map<string, GraphNode>();
  readonly #edges: GraphEdge[] = [];
  #isCut = false;

  constructor(catalog: Catalog, options: GraphOptions) {
    this.#catalog = catalog;
    this.#options = options;
  }

  result(): WorkflowGraph {
    const edges = this.#edges.filter(({ from, to }) => this.#nodes.has(from) && this.#nodes.has(to));
    return { nodes: [...this.#nodes.values()], edges, isCut: this.#isCut };
  }

  /** @returns the id of its node */
  definition({ kind, namespace, name }: DefinitionName): string {
    const id = definitionId({ kind, namespace, name });
    const entry = this.#catalog.byId(id);
    const health = entry === undefined ? "missing" : entry.readiness === undefined ? "ready" : "faulty";
    const isNew = this.#add({ type: "definition", id, kind, namespace, name, health });
    if (isNew && entry !== undefined && this.#options.isOpen(entry.source)) this.#inside(id, entry);
    return id;
  }

  #inside(id: string, entry: DefinitionEntry): void {
    const { compiled } = entry;
    if (compiled.kind === "Workflow" && compiled.prepared.kind === "ready") {
      this.#workflow(id, entry, compiled.prepared.plan);
    } else if (compiled.kind === "ResourceFunction" && compiled.prepared.kind === "ready") {
      this.#resourceFunction(id, entry, compiled.prepared.plan);
    }
    if (entry.readiness !== undefined) this.#missing(id, entry);
  }

  #workflow(id: string, { source }: DefinitionEntry, plan: WorkflowPlan): void {
    const compiled = new Map(plan.steps.map((step) => [step.label, step]));
    const labels = new Set(listField(source.spec, "steps").map((step) => textField(step, "label")));
    for (const label of labels) {
      const step = compiled.get(label);
      const node = stepId(id, label);
      this.#add({
        type: "step",
        id: node,
        of: id,
        label,
        wave: step?.wave ?? -1,
        isForEach: step?.forEach !== undefined,
        isConditional: step?.skipIf !== undefined,
        health: step === undefined ? "faulty" : "ready",
      });
      this.#edge({ from: id, to: node, relation: "step" });
    }
    for (const step of plan.steps) this.#step(id, step);
  }

  #step(workflow: string, { label, dependsOn, logic }: StepPlan): void {
    const id = stepId(workflow, label);
    for (const earlier of dependsOn) this.#edge({ from: stepId(workflow, earlier), to: id, relation: "before" });
    if (logic.kind === "ref") {
      this.#edge({ from: id, to: this.#logic(logic.logic), relation: "calls" });
      return;
    }
    for (const [switchCase, each] of logic.cases) {
      this.#edge({ from: id, to: this.#logic(each), relation: "calls", switchCase });
    }
    if (logic.otherwise !== undefined) {
      this.#edge({ from: id, to: this.#logic(logic.otherwise), relation: "calls", switchCase: OTHERWISE });
    }
  }

  #logic({ kind, plan }: LogicPlan): string {
    const kinds = { value: "ValueFunction", resource: "ResourceFunction", workflow: "Workflow" } as const;
    return this.#named(kinds[kind], plan);
  }

  #named(kind: DefinitionName["kind"], { namespace, name }: PlanIdentity): string {
    return this.definition({ kind, namespace, name });
  }

  #resourceFunction(id: string, { source, uses }: DefinitionEntry, { api, overlays }: ResourceFunctionPlan): void {
    const kind = `kind:${api.apiVersion}/${api.kind}`;
    this.#add({ type: "kind", id: kind, apiVersion: api.apiVersion, kind: api.kind });
    this.#edge({ from: id, to: kind, relation: api.readonly ? "reads" : "manages" });
    const isAny = textField(field(source.spec, "resourceTemplateRef"), "name").startsWith("=");
    for (const use of uses.filter((each) => each.kind === "ResourceTemplate")) {
      this.#edge({ from: id, to: this.definition(use), relation: isAny ? "anyTemplate" : "template" });
    }
    for (const overlay of overlays.kind === "ready" ? overlays.items : []) {
      if (overlay.kind !== "function") continue;
      this.#edge({ from: id, to: this.#named("ValueFunction", overlay.plan), relation: "overlay" });
    }
  }

  /** Missing definitions that a faulty one refers to: often the reason for its fault. */
  #missing(id: string, { uses }: DefinitionEntry): void {
    for (const use of uses.filter(({ contentHash }) => contentHash === "")) {
      this.#edge({ from: id, to: this.definition(use), relation: "uses" });
    }
  }

  /** @returns whether the node is new, and there was room for it */
  #add(node: GraphNode): boolean {
    if (this.#nodes.has(node.id)) return false;
    if (this.#nodes.size >= this.#options.maxNodes) {
      this.#isCut = true;
      return false;
    }
    this.#nodes.set(node.id, node);
    return true;
  }

  #edge(edge: GraphEdge): void {
    this.#edges.push(edge);
  }
}

function stepId(workflow: string, label: string): string {
  return `step:${workflow}/${label}`;
}
