/** Definitions: a list with health, one with conditions and faults, and a Workflow's graph. */
import { DEFINITION_PLURALS, KOREO_GROUP } from "../../core/names.ts";
import { definitionId } from "../../core/plan/definition-graph.ts";
import type { DefinitionEntry } from "../../core/plan/definition-entry.ts";
import { workflowGraph } from "../../core/plan/graph-view.ts";
import type { DefinitionKind, DefinitionName } from "../../core/plan/plan.ts";
import { definitionType } from "../../engine/definitions.ts";
import { demand, type Caller, type Right } from "./auth.ts";
import { each } from "./deadline.ts";
import {
  DEFINITION_DETAIL,
  DEFINITION_LIST,
  GRAPH,
  identityOf,
  KINDS,
  MAX_FAULTS,
  MAX_NODES,
  summaryOf,
} from "./definition-views.ts";
import { formatToken, parseToken } from "./page-token.ts";
import { readyCatalog, type ApiPorts, type ApiScope } from "./ports.ts";
import { Problem, problemOfFault } from "./problem.ts";
import { jsonRoute, type Call, type Route } from "./route.ts";
import { choice, optional, text } from "./schema.ts";
import { conditionsOf, CONTINUE, LIMIT, metadataOf, NAME_RULES, NAMESPACE_RULES } from "./views.ts";

const PATH = { namespace: text("Namespace.", NAMESPACE_RULES), name: text("Name.", NAME_RULES) };

export function definitionRoutes(ports: ApiPorts, scope: ApiScope): readonly Route[] {
  return [listDefinitions(ports, scope), getDefinition(ports, scope), getWorkflowGraph(ports, scope)];
}

function listDefinitions(ports: ApiPorts, scope: ApiScope): Route {
  return jsonRoute({
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
    handle: async ({ limit = 100, continue: token, ...wanted }, { caller }) => {
      const isOpen = await openTo(caller, scope);
      const [after] = parseToken(token);
      const found = readyCatalog(ports)
        .entries.filter((entry) => isOpen(entry.source) && isWanted(entry, wanted))
        .map((entry) => ({ id: definitionId(entry.source), entry }))
        .filter(({ id }) => id > after)
        .sort((a, b) => (a.id < b.id ? -1 : 1));
      const page = found.slice(0, limit);
      const last = page.at(-1);
      return {
        items: page.map(({ entry }) => summaryOf(entry)),
        ...(found.length > page.length && last !== undefined && { continue: formatToken(last.id, 0) }),
      };
    },
  });
}

function getDefinition(ports: ApiPorts, scope: ApiScope): Route {
  return jsonRoute({
    operationId: "getDefinition",
    path: "/definitions/{kind}/{namespace}/{name}",
    summary: "One definition with its conditions, faults, and what it uses.",
    tag: "definitions",
    parameters: { kind: choice(KINDS, "Kind."), ...PATH },
    problems: [404, 502],
    answer: DEFINITION_DETAIL,
    handle: async ({ kind, namespace, name }, call) => {
      const entry = await find(ports, { kind, namespace, name }, call);
      const object = await ports.store.get({ type: definitionType(kind), namespace, name }, call.signal);
      if (object.kind === "fault") throw problemOfFault(object.fault, `${kind} ${namespace}/${name}`);
      const id = definitionId(entry.source);
      const isOpen = await openTo(call.caller, scope);
      const isShown = (other: DefinitionName) => definitionId(other) !== id && isOpen(other);
      return {
        ...summaryOf(entry),
        metadata: metadataOf(object.value),
        conditions: conditionsOf(object.value),
        faults: entry.faults.slice(0, MAX_FAULTS).map(({ path, message }) => ({ path, message })),
        uses: entry.uses
          .filter(isShown)
          .map(({ contentHash, ...use }) => ({ ...identityOf(use), isMissing: contentHash === "" })),
        usedBy: readyCatalog(ports)
          .entries.filter(({ source, uses }) => isShown(source) && uses.some((use) => definitionId(use) === id))
          .map(({ source }) => identityOf(source)),
      };
    },
  });
}

function getWorkflowGraph(ports: ApiPorts, scope: ApiScope): Route {
  return jsonRoute({
    operationId: "getWorkflowGraph",
    path: "/workflows/{namespace}/{name}/graph",
    summary: "A Workflow's steps, what they call, and the kinds they manage.",
    tag: "definitions",
    parameters: PATH,
    problems: [404],
    answer: GRAPH,
    handle: async ({ namespace, name }, call) => {
      const entry = await find(ports, { kind: "Workflow", namespace, name }, call);
      const isListed = await openTo(call.caller, scope);
      const isOpen = (other: DefinitionName) => isListed(other) || definitionId(other) === definitionId(entry.source);
      return workflowGraph(readyCatalog(ports), entry, { maxNodes: MAX_NODES, isOpen });
    },
  });
}

/** The right on definitions of a kind. */
export function definitionRight(verb: "get" | "list", kind: DefinitionKind, namespace: string, name?: string): Right {
  const right = { verb, group: KOREO_GROUP, resource: DEFINITION_PLURALS[kind], namespace };
  return name === undefined ? right : { ...right, name };
}

/** Which definitions somebody may list. */
async function openTo(caller: Caller, { definitionNamespaces }: ApiScope): Promise<(of: DefinitionName) => boolean> {
  const places = KINDS.flatMap((kind) => definitionNamespaces.map((namespace) => ({ kind, namespace })));
  const allowed = await each(places, 8, ({ kind, namespace }) => caller.may(definitionRight("list", kind, namespace)));
  const open = new Set(
    places.flatMap(({ kind, namespace }, index) => (allowed[index] === true ? [`${kind}/${namespace}`] : [])),
  );
  return ({ kind, namespace }) => open.has(`${kind}/${namespace}`);
}

/** What is not there is told to those alone who may know. */
async function find(
  ports: ApiPorts,
  { kind, namespace, name }: DefinitionName,
  { caller }: Call,
): Promise<DefinitionEntry> {
  await demand(caller, definitionRight("get", kind, namespace, name));
  const entry = readyCatalog(ports).entry(kind, namespace, name);
  if (entry === undefined) throw new Problem(404, `there is no ${kind} ${namespace}/${name}`);
  return entry;
}

interface Wanted {
  readonly kind?: DefinitionKind;
  readonly namespace?: string;
  readonly ready?: "true" | "false";
}

function isWanted({ source, readiness }: DefinitionEntry, { kind, namespace, ready }: Wanted): boolean {
  return (
    (kind === undefined || source.kind === kind) &&
    (namespace === undefined || source.namespace === namespace) &&
    (ready === undefined || (readiness === undefined) === (ready === "true"))
  );
}
