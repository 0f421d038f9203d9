/** Definitions: a list with health, one with conditions and faults, and a Workflow's graph. */
import { DEFINITION_PLURALS, KOREO_GROUP } from "../../core/names.ts";
import { definitionId } from "../../core/plan/definition-graph.ts";
import type { DefinitionEntry } from "../../core/plan/definition-entry.ts";
import { workflowGraph, type GraphNode } from "../../core/plan/graph-view.ts";
import type { DefinitionKind, DefinitionName } from "../../core/plan/plan.ts";
import { definitionType } from "../../engine/definitions.ts";
import { demand, type Caller, type Right } from "./auth.ts";
import { each } from "./deadline.ts";
import { formatToken, parseToken } from "./page-token.ts";
import { readyCatalog, type ApiPorts, type ApiScope } from "./ports.ts";
import { Problem, problemOfFault } from "./problem.ts";
import { jsonRoute, type Call, type Route } from "./route.ts";
import { choice, count, flag, list, named, oneOf, optional, record, text, type TypeOf } from "./schema.ts";
import {
  CONDITION,
  conditionsOf,
  CONTINUE,
  FAULT,
  LIMIT,
  METADATA,
  metadataOf,
  NAME_RULES,
  NAMESPACE_RULES,
  NEXT,
} from "./views.ts";

const KINDS = Object.keys(DEFINITION_PLURALS) as readonly DefinitionKind[];
const MAX_NODES = 5000;
const MAX_FAULTS = 100;

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
const DEFINITION_LIST = named(
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
const DEFINITION_DETAIL = named(
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
const GRAPH = named(
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

const PATH = { namespace: text("Namespace.", NAMESPACE_RULES), name: text("Name.", NAME_RULES) };

export function definitionRoutes(ports: ApiPorts, { definitionNamespaces }: ApiScope): readonly Route[] {
  const catalog = () => readyCatalog(ports);
  /** Which definitions somebody may list. */
  const openTo = async (caller: Caller) => {
    const places = KINDS.flatMap((kind) => definitionNamespaces.map((namespace) => ({ kind, namespace })));
    const allowed = await each(places, 8, ({ kind, namespace }) =>
      caller.may(definitionRight("list", kind, namespace)),
    );
    const open = new Set(
      places.flatMap(({ kind, namespace }, index) => (allowed[index] === true ? [`${kind}/${namespace}`] : [])),
    );
    return ({ kind, namespace }: DefinitionName) => open.has(`${kind}/${namespace}`);
  };
  /** What is not there is told to those alone who may know. */
  const find = async ({ caller }: Call, kind: DefinitionKind, namespace: string, name: string) => {
    await demand(caller, definitionRight("get", kind, namespace, name));
    const entry = catalog().entry(kind, namespace, name);
    if (entry === undefined) throw new Problem(404, `there is no ${kind} ${namespace}/${name}`);
    return entry;
  };
  return [
    jsonRoute({
      operationId: "listDefinitions",
      path: "/definitions",
      summary: "Definitions with their health. Those you may not list are left out.",
      tag: "definitions",
      parameters: {
        kind: optional(choice(KINDS, "Only this kind.")),
        namespace: optional(text("Only this namespace.", NAMESPACE_RULES)),
        ready: optional(choice(["true", "false"], "Only those that can run, or cannot.")),
        limit: LIMIT,
        continue: CONTINUE,
      },
      answer: DEFINITION_LIST,
      handle: async ({ kind, namespace, ready, limit = 100, continue: token }, { caller }) => {
        const isOpen = await openTo(caller);
        const [after] = parseToken(token);
        const wanted = catalog()
          .entries.filter(({ source }) => isOpen(source))
          .filter(({ source }) => kind === undefined || source.kind === kind)
          .filter(({ source }) => namespace === undefined || source.namespace === namespace)
          .filter(({ readiness }) => ready === undefined || (readiness === undefined) === (ready === "true"))
          .map((entry) => ({ id: definitionId(entry.source), entry }))
          .filter(({ id }) => id > after)
          .sort((a, b) => (a.id < b.id ? -1 : 1));
        const page = wanted.slice(0, limit);
        const last = page.at(-1);
        return {
          items: page.map(({ entry }) => summaryOf(entry)),
          ...(wanted.length > page.length && last !== undefined && { continue: formatToken(last.id, 0) }),
        };
      },
    }),
    jsonRoute({
      operationId: "getDefinition",
      path: "/definitions/{kind}/{namespace}/{name}",
      summary: "One definition with its conditions, faults, and what it uses.",
      tag: "definitions",
      parameters: { kind: choice(KINDS, "Kind."), ...PATH },
      problems: [404, 502],
      answer: DEFINITION_DETAIL,
      handle: async ({ kind, namespace, name }, call) => {
        const entry = await find(call, kind, namespace, name);
        const object = await ports.store.get({ type: definitionType(kind), namespace, name }, call.signal);
        if (object.kind === "fault") throw problemOfFault(object.fault, `${kind} ${namespace}/${name}`);
        const id = definitionId(entry.source);
        const isOpen = await openTo(call.caller);
        const isShown = (other: DefinitionName) => definitionId(other) !== id && isOpen(other);
        return {
          ...summaryOf(entry),
          metadata: metadataOf(object.value),
          conditions: conditionsOf(object.value),
          faults: entry.faults.slice(0, MAX_FAULTS).map(({ path, message }) => ({ path, message })),
          uses: entry.uses
            .filter(isShown)
            .map(({ contentHash, ...use }) => ({ ...identityOf(use), isMissing: contentHash === "" })),
          usedBy: catalog()
            .entries.filter(({ source, uses }) => isShown(source) && uses.some((use) => definitionId(use) === id))
            .map(({ source }) => identityOf(source)),
        };
      },
    }),
    jsonRoute({
      operationId: "getWorkflowGraph",
      path: "/workflows/{namespace}/{name}/graph",
      summary: "A Workflow's steps, what they call, and the kinds they manage.",
      tag: "definitions",
      parameters: PATH,
      problems: [404],
      answer: GRAPH,
      handle: async ({ namespace, name }, call) => {
        const entry = await find(call, "Workflow", namespace, name);
        const isListed = await openTo(call.caller);
        const isOpen = (other: DefinitionName) => isListed(other) || definitionId(other) === definitionId(entry.source);
        return workflowGraph(catalog(), entry, { maxNodes: MAX_NODES, isOpen });
      },
    }),
  ];
}

/** The right on definitions of a kind. */
export function definitionRight(verb: "get" | "list", kind: DefinitionKind, namespace: string, name?: string): Right {
  const right = { verb, group: KOREO_GROUP, resource: DEFINITION_PLURALS[kind], namespace };
  return name === undefined ? right : { ...right, name };
}

function identityOf({ kind, namespace, name }: DefinitionName): DefinitionName {
  return { kind, namespace, name };
}

function summaryOf({ source, readiness, faults }: DefinitionEntry): TypeOf<typeof DEFINITION> {
  const first = faults[0]?.message ?? readiness?.message ?? "";
  return {
    ...identityOf(source),
    isReady: readiness === undefined,
    message: readiness === undefined ? "" : (readiness.message ?? first),
    faultCount: faults.length,
  };
}
