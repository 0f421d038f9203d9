/** What is answered about definitions: schemas, and how a compiled definition becomes one. */
import { DEFINITION_PLURALS } from "../../core/names.ts";
import type { DefinitionEntry } from "../../core/plan/definition-entry.ts";
import type { GraphNode } from "../../core/plan/graph-view.ts";
import type { DefinitionKind, DefinitionName } from "../../core/plan/plan.ts";
import { choice, count, flag, list, named, oneOf, optional, record, text, type TypeOf } from "./schema.ts";
import { CONDITION, FAULT, METADATA, NEXT } from "./views.ts";

export const KINDS = Object.keys(DEFINITION_PLURALS) as readonly DefinitionKind[];
export const MAX_NODES = 5000;
export const MAX_FAULTS = 100;

const IDENTITY = {
  kind: choice(KINDS, "Kind."),
  namespace: text("Namespace."),
  name: text("Name."),
};
const HEALTH = {
  isReady: flag("Whether it can run."),
  message: text("Why it cannot; empty when it can."),
  faultCount: count("How much is wrong with it."),
};

const DEFINITION = named("Definition", record("A definition and its health.", { ...IDENTITY, ...HEALTH }));
export const DEFINITION_LIST = named(
  "DefinitionList",
  record("A page of definitions, in the order of kind, namespace and name.", {
    items: list(DEFINITION, "The definitions."),
    continue: NEXT,
  }),
);
const USE = named(
  "DefinitionUse",
  record("A definition that is used.", { ...IDENTITY, isMissing: flag("There is no such definition.") }),
);
export const DEFINITION_DETAIL = named(
  "DefinitionDetail",
  record("A definition in full, but for its spec.", {
    ...IDENTITY,
    ...HEALTH,
    metadata: METADATA,
    conditions: list(CONDITION, "As they stand on the object."),
    faults: list(FAULT, `What is wrong with it; the first ${MAX_FAULTS}.`),
    uses: list(USE, "Everything it uses, directly or not."),
    usedBy: list(record("A definition that uses it.", IDENTITY), "Everything that uses it, directly or not."),
  }),
);

const NODE_ID = text("Unique in the graph.");
const GRAPH_NODE = named(
  "GraphNode",
  oneOf<GraphNode>("A definition, a step of a Workflow, or a kind of managed objects.", [
    record("A definition.", {
      type: choice(["definition"], "What it is."),
      id: NODE_ID,
      kind: text("Kind of definition."),
      namespace: text("Namespace."),
      name: text("Name."),
      health: choice(["ready", "faulty", "missing"], "Whether it can run."),
    }),
    record("A step.", {
      type: choice(["step"], "What it is."),
      id: NODE_ID,
      of: text("Id of its Workflow."),
      label: text("Its label."),
      wave: count(
        "Layer in the graph of steps, above all layers of sub-workflows it is built on; -1 for a step that cannot run.",
        { minimum: -1 },
      ),
      isForEach: flag("It runs for each item of a list."),
      isConditional: flag("It may be skipped."),
      health: choice(["ready", "faulty"], "Whether it can run."),
    }),
    record("A kind.", {
      type: choice(["kind"], "What it is."),
      id: NODE_ID,
      apiVersion: text("Such as apps/v1."),
      kind: text("Kind."),
    }),
  ]),
);
export const GRAPH = named(
  "WorkflowGraph",
  record("What a Workflow consists of, down through the Workflows it calls.", {
    nodes: list(GRAPH_NODE, "Each once."),
    edges: list(
      named(
        "GraphEdge",
        record("What joins two nodes.", {
          from: NODE_ID,
          to: NODE_ID,
          relation: choice(
            ["step", "before", "calls", "template", "anyTemplate", "overlay", "manages", "reads", "uses"],
            "`step`: the Workflow has it. `before`: its result is used. `anyTemplate`: an expression names it.",
          ),
          switchCase: optional(text("The case of a switch.")),
        }),
      ),
      "In no particular order.",
    ),
    isCut: flag(`There are more than ${MAX_NODES} nodes; the others are left out.`),
  }),
);

export function identityOf({ kind, namespace, name }: DefinitionName): DefinitionName {
  return { kind, namespace, name };
}

export function summaryOf({ source, readiness, faults }: DefinitionEntry): TypeOf<typeof DEFINITION> {
  const first = faults[0]?.message ?? readiness?.message ?? "";
  return {
    ...identityOf(source),
    isReady: readiness === undefined,
    message: readiness === undefined ? "" : (readiness.message ?? first),
    faultCount: faults.length,
  };
}
