/** Instances: the triggers of a Workflow with their verdicts, and one of them with conditions, objects and last runs. */
import type { JsonObject } from "../../core/json.ts";
import { formatKey, type GroupVersionKind, type KeyText } from "../../core/object-key.ts";
import { triggerOf } from "../../core/plan/compile-workflow.ts";
import { resolveAnyVersion } from "../../engine/any-version.ts";
import { isPaused } from "../../engine/paused.ts";
import type { ClusterResult, ObjectPage, ObjectRef, ResourceType } from "../../engine/ports/object-store.ts";
import { demand, type Right } from "./auth.ts";
import { within } from "./deadline.ts";
import { definitionRight } from "./definition-routes.ts";
import { Gate } from "./gate.ts";
import { identityOf, INSTANCE_DETAIL, INSTANCE_LIST, RUN_LIST, RUNS_SHOWN } from "./instance-views.ts";
import { liveObjects } from "./live-objects.ts";
import { formatToken, parseToken } from "./page-token.ts";
import { readyCatalog, type ApiPorts, type ApiScope } from "./ports.ts";
import { Problem, problemOf, problemOfFault } from "./problem.ts";
import { jsonRoute, type Call, type Route } from "./route.ts";
import { runSummary, runView } from "./run-views.ts";
import { count, optional, text } from "./schema.ts";
import { conditionsOf, CONTINUE, LIMIT, NAME_RULES, NAMESPACE_RULES, NONE } from "./views.ts";

/** Lists asked for at once: each may bring hundreds of whole objects, of which little is told. */
const LISTS_AT_ONCE = 4;
const LISTS_WAITING = 60;

const PATH = {
  group: text('API group; "_" for the core group.', NAME_RULES),
  kind: text("Kind, such as WebApp.", { maxLength: 63, pattern: "^[A-Za-z][A-Za-z0-9]*$" }),
  namespace: text('Namespace; "_" for a cluster-scoped one.', {
    maxLength: 63,
    pattern: "^(_|[a-z0-9]([-a-z0-9]*[a-z0-9])?)$",
  }),
  name: text("Name.", NAME_RULES),
};

interface InstancePath {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export function instanceRoutes(ports: ApiPorts, scope: ApiScope): readonly Route[] {
  return [listInstances(ports, scope), getInstance(ports, scope), listRuns(ports, scope)];
}

function listInstances(ports: ApiPorts, scope: ApiScope): Route {
  const lists = new Gate(LISTS_AT_ONCE, LISTS_WAITING);
  return jsonRoute({
    operationId: "listInstances",
    path: "/workflows/{namespace}/{name}/instances",
    summary: "The triggers of a Workflow's kind, with their verdicts, but for those that another Workflow runs for.",
    tag: "instances",
    parameters: {
      namespace: text("Namespace of the Workflow.", NAMESPACE_RULES),
      name: text("Name of the Workflow.", NAME_RULES),
      in: optional(text("Only triggers of this namespace.", NAMESPACE_RULES)),
      limit: LIMIT,
      continue: CONTINUE,
    },
    problems: [404, 410, 502],
    answer: INSTANCE_LIST,
    handle: async ({ namespace, name, in: inside, limit = 100, continue: token }, call) => {
      await demand(call.caller, definitionRight("get", "Workflow", namespace, name));
      const kind = triggerKindOf(ports, { namespace, name });
      if (kind === undefined) return { items: [] }; // it is called by others alone
      const type = await resolve(ports, kind, call);
      const [from, index] = parseToken(token);
      const places = placesOf(scope, type, inside);
      const place = places[index];
      if (place === undefined) return { items: [] };
      for (const each of places) await demand(call.caller, rightOn("list", type, each));
      const options = { limit, ...(place !== "" && { namespace: place }), ...(from !== "" && { continueToken: from }) };
      const listed = await lists.through(() => ports.store.list(type, options, call.signal));
      const { items, continueToken = "" } = pageOf(listed, type, from);
      const next = tokenAfter(continueToken, index, places.length);
      return {
        items: items
          .filter((object) => isInstanceOf(ports, { namespace, name }, kind, object))
          .map((object) => identityOf(ports.store.cluster, type, object)),
        ...(next !== undefined && { continue: next }),
      };
    },
  });
}

function getInstance(ports: ApiPorts, scope: ApiScope): Route {
  return jsonRoute({
    operationId: "getInstance",
    path: "/instances/{group}/{kind}/{namespace}/{name}",
    summary: "One trigger with its conditions, the objects it keeps as they are now, and its last runs.",
    tag: "instances",
    parameters: PATH,
    problems: [404, 502],
    answer: INSTANCE_DETAIL,
    handle: async (path, call) => {
      const ref = await located(ports, scope, path, call);
      const read = await ports.store.get(ref, call.signal);
      if (read.kind === "fault") throw problemOfFault(read.fault, `${path.kind} ${path.namespace}/${path.name}`);
      const object = read.value;
      const identity = identityOf(ports.store.cluster, ref.type, object);
      const selected = readyCatalog(ports).selectWorkflow({ ...ref.type, object });
      const [objects, runs] = await Promise.all([
        liveObjects(ports, readyCatalog(ports), object, call),
        lastRuns(ports, identity.key, RUNS_SHOWN, call).catch((error: unknown) => troubleOf(error)),
      ]);
      return {
        ...identity,
        ...(selected.kind === "selected" && {
          workflow: { namespace: selected.workflow.namespace, name: selected.workflow.name },
        }),
        isPaused: isPaused(object),
        conditions: conditionsOf(object),
        inventory: objects.items,
        runs: typeof runs === "string" ? [] : runs.map(runSummary),
        troubles: [...objects.troubles, ...(typeof runs === "string" ? [runs] : [])],
      };
    },
  });
}

function listRuns(ports: ApiPorts, scope: ApiScope): Route {
  return jsonRoute({
    operationId: "listRuns",
    path: "/instances/{group}/{kind}/{namespace}/{name}/runs",
    summary: "The last runs of a trigger with everything they did, as a tree with times.",
    tag: "instances",
    parameters: {
      ...PATH,
      limit: optional(count("How many, at most.", { minimum: 1, maximum: 100, default: RUNS_SHOWN })),
    },
    problems: [404, 502],
    answer: RUN_LIST,
    handle: async ({ limit = RUNS_SHOWN, ...path }, call) => {
      const { type, namespace, name } = await located(ports, scope, path, call);
      const key = formatKey({ cluster: ports.store.cluster, group: type.group, kind: type.kind, namespace, name });
      const runs = await lastRuns(ports, key, limit, call);
      return { items: runs.map(runView) };
    },
  });
}

async function resolve({ store }: ApiPorts, kind: GroupVersionKind, { signal }: Call): Promise<ResourceType> {
  const type = await resolveAnyVersion(store, kind, signal);
  if (type.kind === "fault") throw problemOfFault(type.fault, kind.kind);
  return type.value;
}

/** Kinds that no Workflow is for are none of ours: this is no way to ask for Secrets. */
async function located(ports: ApiPorts, scope: ApiScope, path: InstancePath, call: Call): Promise<ObjectRef> {
  const group = path.group === NONE ? "" : path.group;
  const kind = readyCatalog(ports).triggerKinds.find((each) => each.group === group && each.kind === path.kind);
  if (kind === undefined) throw new Problem(404, `no Workflow is for ${path.kind} of the group "${path.group}"`);
  const type = await resolve(ports, kind, call);
  const namespace = type.namespaced && path.namespace !== NONE ? path.namespace : "";
  if (type.namespaced && (namespace === "" || !isInScope(scope, namespace)))
    throw new Problem(404, `no triggers are followed in the namespace "${path.namespace}"`);
  await demand(call.caller, rightOn("get", type, namespace, path.name));
  return { type, namespace, name: path.name };
}

interface WorkflowName {
  readonly namespace: string;
  readonly name: string;
}

/**
 * @returns undefined when the Workflow has no triggers of its own
 * @throws Problem 404 when there is no such Workflow
 */
function triggerKindOf(ports: ApiPorts, { namespace, name }: WorkflowName): GroupVersionKind | undefined {
  const workflow = readyCatalog(ports).entry("Workflow", namespace, name);
  if (workflow?.compiled.kind !== "Workflow") throw new Problem(404, `there is no Workflow ${namespace}/${name}`);
  return triggerOf(workflow.source.spec);
}

/** Whether the Workflow runs for this trigger, or nothing can be chosen for it. */
function isInstanceOf(
  ports: ApiPorts,
  { namespace, name }: WorkflowName,
  kind: GroupVersionKind,
  object: JsonObject,
): boolean {
  const selected = readyCatalog(ports).selectWorkflow({ ...kind, object });
  return selected.kind === "none" || (selected.workflow.namespace === namespace && selected.workflow.name === name);
}

/** The right on triggers of a kind; `namespace` is "" for all, and for a cluster-scoped kind. */
export function rightOn(verb: "get" | "list", type: ResourceType, namespace: string, name?: string): Right {
  return {
    verb,
    group: type.group,
    resource: type.plural,
    ...(namespace !== "" && { namespace }),
    ...(name !== undefined && { name }),
  };
}

function isInScope({ triggerNamespaces }: ApiScope, namespace: string): boolean {
  return triggerNamespaces === "all" || triggerNamespaces.includes(namespace);
}

/** Namespaces to list one after another; "" for all at once. */
function placesOf(scope: ApiScope, type: ResourceType, inside: string | undefined): readonly string[] {
  if (!type.namespaced) return inside === undefined ? [""] : [];
  if (inside !== undefined) return isInScope(scope, inside) ? [inside] : [];
  return scope.triggerNamespaces === "all" ? [""] : scope.triggerNamespaces;
}

/**
 * @param from - where the list was to go on; "" at its beginning
 * @throws Problem when the API server refused the list
 */
function pageOf(listed: ClusterResult<ObjectPage>, type: ResourceType, from: string): ObjectPage {
  if (listed.kind === "ok") return listed.value;
  const isTokens = listed.fault.kind === "invalid" && from !== "";
  if (isTokens) throw new Problem(400, 'parameter "continue": take it from the page before');
  throw problemOfFault(listed.fault, type.plural);
}

/**
 * @param continueToken - of the API server; "" after the last page of a place
 * @param index - of the place that was listed
 * @returns undefined after the last page of all places
 */
function tokenAfter(continueToken: string, index: number, places: number): string | undefined {
  if (continueToken !== "") return formatToken(continueToken, index);
  return index + 1 < places ? formatToken("", index + 1) : undefined;
}

function lastRuns({ runs }: ApiPorts, key: KeyText, limit: number, { signal }: Call) {
  return within(signal, "reading the last runs", runs.last(key, limit));
}

function troubleOf(error: unknown): string {
  const problem = problemOf(error);
  if (problem === undefined) throw error;
  return problem.message;
}
