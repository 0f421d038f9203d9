/** Instances: the triggers of a Workflow with their verdicts, and one of them with conditions, objects and last runs. */
import type { JsonObject } from "../../core/json.ts";
import { formatKey, type GroupVersionKind, type KeyText } from "../../core/object-key.ts";
import { triggerOf } from "../../core/plan/compile-workflow.ts";
import { demand, type Right } from "./auth.ts";
import { within } from "./deadline.ts";
import { definitionRight } from "./definition-routes.ts";
import { Gate } from "./gate.ts";
import { liveObjects } from "./live-objects.ts";
import { formatToken, parseToken } from "./page-token.ts";
import { readyCatalog, type ApiPorts, type ApiScope } from "./ports.ts";
import { Problem, problemOf, problemOfFault } from "./problem.ts";
import { jsonRoute, type Call, type Route } from "./route.ts";
import { RUN, RUN_SUMMARY, runSummary, runView } from "./run-views.ts";
import { count, flag, list, named, optional, record, text } from "./schema.ts";
import {
  CONDITION,
  conditionsOf,
  CONTINUE,
  LIMIT,
  MANAGED_OBJECT,
  METADATA,
  metadataOf,
  NAME_RULES,
  NAMESPACE_RULES,
  NEXT,
  NONE,
  VERDICT,
  verdictView,
} from "./views.ts";
import { resolveAnyVersion } from "../../engine/any-version.ts";
import { isPaused } from "../../engine/paused.ts";
import type { ObjectRef, ResourceType } from "../../engine/ports/object-store.ts";

/** Runs that one instance shows. */
const RUNS_SHOWN = 10;
/** Lists asked for at once: each may bring hundreds of whole objects, of which little is told. */
const LISTS_AT_ONCE = 4;
const LISTS_WAITING = 60;

const IDENTITY = {
  key: text("Canonical text, as logs and the queue have it."),
  group: text('API group; "_" for the core group.'),
  kind: text("Kind."),
  metadata: METADATA,
  verdict: VERDICT,
};
const INSTANCE = named("Instance", record("A trigger and its verdict.", IDENTITY));
const INSTANCE_LIST = named(
  "InstanceList",
  record("A page of triggers, as the API server lists them.", {
    items: list(INSTANCE, "The triggers."),
    continue: NEXT,
  }),
);
const INSTANCE_DETAIL = named(
  "InstanceDetail",
  record("A trigger in full, but for spec and data.", {
    ...IDENTITY,
    workflow: optional(
      record("The Workflow that runs for it; absent where none can be chosen, which the verdict tells.", {
        namespace: text("Namespace."),
        name: text("Name."),
      }),
    ),
    isPaused: flag("Its annotation asks that nothing be written."),
    conditions: list(CONDITION, "All of them, others' too."),
    inventory: list(MANAGED_OBJECT, "What its last runs named."),
    runs: list(RUN_SUMMARY, `Its last runs, the newest first; ${RUNS_SHOWN} at most.`),
    troubles: list(text("A sentence."), "What could not be asked just now, and is missing above."),
  }),
);
const RUN_LIST = named("RunList", record("The last runs of a key.", { items: list(RUN, "The newest first.") }));

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
  const catalog = () => readyCatalog(ports);
  const lists = new Gate(LISTS_AT_ONCE, LISTS_WAITING);
  const resolve = async (kind: GroupVersionKind, { signal }: Call) => {
    const type = await resolveAnyVersion(ports.store, kind, signal);
    if (type.kind === "fault") throw problemOfFault(type.fault, kind.kind);
    return type.value;
  };
  /** Kinds that no Workflow is for are none of ours: this is no way to ask for Secrets. */
  const located = async (path: InstancePath, call: Call) => {
    const group = path.group === NONE ? "" : path.group;
    const kind = catalog().triggerKinds.find((each) => each.group === group && each.kind === path.kind);
    if (kind === undefined) throw new Problem(404, `no Workflow is for ${path.kind} of the group "${path.group}"`);
    const type = await resolve(kind, call);
    const namespace = type.namespaced && path.namespace !== NONE ? path.namespace : "";
    if (type.namespaced && (namespace === "" || !isInScope(scope, namespace)))
      throw new Problem(404, `no triggers are followed in the namespace "${path.namespace}"`);
    const ref: ObjectRef = { type, namespace, name: path.name };
    await demand(call.caller, rightOn("get", type, namespace, path.name));
    return ref;
  };
  return [
    jsonRoute({
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
        const workflow = catalog().entry("Workflow", namespace, name);
        if (workflow?.compiled.kind !== "Workflow") throw new Problem(404, `there is no Workflow ${namespace}/${name}`);
        const kind = triggerOf(workflow.source.spec);
        if (kind === undefined) return { items: [] }; // it is called by others alone
        const type = await resolve(kind, call);
        const [from, index] = parseToken(token);
        const places = placesOf(scope, type, inside);
        const place = places[index];
        if (place === undefined) return { items: [] };
        for (const each of places) await demand(call.caller, rightOn("list", type, each));
        const options = {
          limit,
          ...(place !== "" && { namespace: place }),
          ...(from !== "" && { continueToken: from }),
        };
        const page = await lists.through(() => ports.store.list(type, options, call.signal));
        if (page.kind === "fault") {
          const isTokens = page.fault.kind === "invalid" && from !== "";
          if (isTokens) throw new Problem(400, 'parameter "continue": take it from the page before');
          throw problemOfFault(page.fault, type.plural);
        }
        const { items, continueToken = "" } = page.value;
        const next =
          continueToken !== ""
            ? formatToken(continueToken, index)
            : index + 1 < places.length
              ? formatToken("", index + 1)
              : undefined;
        const isOurs = (object: JsonObject) => {
          const selected = catalog().selectWorkflow({ ...kind, object });
          return (
            selected.kind === "none" || (selected.workflow.namespace === namespace && selected.workflow.name === name)
          );
        };
        return {
          items: items.filter(isOurs).map((object) => identityOf(ports.store.cluster, type, object)),
          ...(next !== undefined && { continue: next }),
        };
      },
    }),
    jsonRoute({
      operationId: "getInstance",
      path: "/instances/{group}/{kind}/{namespace}/{name}",
      summary: "One trigger with its conditions, the objects it keeps as they are now, and its last runs.",
      tag: "instances",
      parameters: PATH,
      problems: [404, 502],
      answer: INSTANCE_DETAIL,
      handle: async (path, call) => {
        const ref = await located(path, call);
        const read = await ports.store.get(ref, call.signal);
        if (read.kind === "fault") throw problemOfFault(read.fault, `${path.kind} ${path.namespace}/${path.name}`);
        const object = read.value;
        const identity = identityOf(ports.store.cluster, ref.type, object);
        const selected = catalog().selectWorkflow({ ...ref.type, object });
        const [objects, runs] = await Promise.all([
          liveObjects(ports, catalog(), object, call),
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
    }),
    jsonRoute({
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
        const { type, namespace, name } = await located(path, call);
        const key = formatKey({ cluster: ports.store.cluster, group: type.group, kind: type.kind, namespace, name });
        const runs = await lastRuns(ports, key, limit, call);
        return { items: runs.map(runView) };
      },
    }),
  ];
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

function identityOf(cluster: string, type: ResourceType, object: JsonObject) {
  const metadata = metadataOf(object);
  const { group, kind } = type;
  const key: KeyText = formatKey({ cluster, group, kind, namespace: metadata.namespace, name: metadata.name });
  return { key, group: group || NONE, kind, metadata, verdict: verdictView(object) };
}

function lastRuns({ runs }: ApiPorts, key: KeyText, limit: number, { signal }: Call) {
  return within(signal, "reading the last runs", runs.last(key, limit));
}

function troubleOf(error: unknown): string {
  const problem = problemOf(error);
  if (problem === undefined) throw error;
  return problem.message;
}
