/** The queue: counts and load by tenant, its keys, and the watchers with the slots they serve. */
import { isDefinitionKind } from "../../core/manifest/definition.ts";
import { DEFINITION_PLURALS, KOREO_GROUP } from "../../core/names.ts";
import { type ObjectKey, parseKey, parseKind } from "../../core/object-key.ts";
import { resolveAnyVersion } from "../../engine/any-version.ts";
import type { QueuedRun } from "../../engine/ports/reconcile-queue.ts";
import { demand, type Caller } from "./auth.ts";
import { each, within } from "./deadline.ts";
import { definitionRight } from "./definition-routes.ts";
import { rightOn } from "./instance-routes.ts";
import { formatToken, parseToken } from "./page-token.ts";
import type { ApiPorts, ApiScope } from "./ports.ts";
import { KEY_LIST, MAX_TENANTS, QUEUE, queuedKeyView, STATE, WATCHERS, type ShownKey } from "./queue-views.ts";
import { jsonRoute, type Call, type Route } from "./route.ts";
import { choice, optional, text } from "./schema.ts";
import { CONTINUE, LIMIT, NAMESPACE_RULES, NONE } from "./views.ts";

/** Parts of the queue that one page may be gathered from. */
const MAX_PARTS = 10;

export function queueRoutes(ports: ApiPorts, scope: ApiScope): readonly Route[] {
  return [getQueue(ports, scope), listQueuedKeys(ports), listWatchers(ports, scope)];
}

function getQueue(ports: ApiPorts, scope: ApiScope): Route {
  return jsonRoute({
    operationId: "getQueue",
    path: "/queue",
    summary: "How many keys are in which state, and what waits of whom. For those who may list all Workflows.",
    tag: "queue",
    parameters: {},
    answer: QUEUE,
    handle: async (_parameters, { caller, signal }) => {
      await demandOverview(caller, scope);
      const asked = Promise.all([ports.queue.stats(), ports.queue.load(MAX_TENANTS)]);
      const [stats, load] = await within(signal, "asking the queue", asked);
      const { waiting, running, delayed, failing, lostLeases, staleEnds } = stats;
      return {
        stats: { waiting, running, delayed, failing, lostLeases, staleEnds },
        load: load.map(({ workClass, namespace, waiting: count, oldestMs }) => ({
          workClass,
          namespace: namespace || NONE,
          waiting: count,
          oldestMs,
        })),
      };
    },
  });
}

function listQueuedKeys(ports: ApiPorts): Route {
  return jsonRoute({
    operationId: "listQueuedKeys",
    path: "/queue/keys",
    summary: "Keys that run, wait or are delayed. Those of triggers you may not list are left out.",
    tag: "queue",
    parameters: {
      state: optional(STATE),
      namespace: optional(text("Only keys of this namespace.", NAMESPACE_RULES)),
      kind: optional(text("Only keys of this kind.", { minLength: 1, maxLength: 63 })),
      failing: optional(choice(["true", "false"], "Only those whose last run failed, or did not.")),
      limit: LIMIT,
      continue: CONTINUE,
    },
    answer: KEY_LIST,
    handle: async ({ limit = 100, continue: token, ...wanted }, call) => {
      const { found, next } = await gather(ports, { token, limit, wanted }, call);
      return { items: await shown(ports, found, call), ...(next !== undefined && { continue: next }) };
    },
  });
}

function listWatchers(ports: ApiPorts, scope: ApiScope): Route {
  return jsonRoute({
    operationId: "listWatchers",
    path: "/watchers",
    summary: "The live watchers, and who serves which slot. For those who may list all Workflows.",
    tag: "watchers",
    parameters: {},
    answer: WATCHERS,
    handle: async (_parameters, { caller, signal }) => {
      await demandOverview(caller, scope);
      const { watchers, owners } = await within(signal, "asking who watches", ports.membership.overview());
      const live = new Set(watchers.map(({ id }) => id));
      const slots = [...owners].flatMap(([slot, owner]) => {
        const parsed = parseKind(slot);
        if (parsed === undefined) return [];
        const { group, kind } = parsed;
        return [{ slot, group: group || NONE, kind, owner, isOwned: live.has(owner) }];
      });
      return { watchers, slots: slots.sort((a, b) => (a.slot < b.slot ? -1 : 1)) };
    },
  });
}

/** What concerns everybody's triggers is for those who may list the Workflows of all. */
async function demandOverview(caller: Caller, { definitionNamespaces }: ApiScope): Promise<void> {
  for (const namespace of definitionNamespaces) await demand(caller, definitionRight("list", "Workflow", namespace));
}

interface Wanted {
  readonly state?: QueuedRun["state"];
  readonly namespace?: string;
  readonly kind?: string;
  readonly failing?: "true" | "false";
}

function isWanted(key: ObjectKey, { state, failures }: QueuedRun, wanted: Wanted): boolean {
  return (
    (wanted.state === undefined || wanted.state === state) &&
    (wanted.namespace === undefined || wanted.namespace === key.namespace) &&
    (wanted.kind === undefined || wanted.kind === key.kind) &&
    (wanted.failing === undefined || (wanted.failing === "true") === failures > 0)
  );
}

type FoundKey = readonly [ObjectKey, QueuedRun];

/** Where the queue goes on: a place in its keys that run or wait, or in its delayed ones. Redis would not take another. */
const CURSOR = /^([sd]:\d{1,15})?$/;

interface KeyPage {
  /** Of the page before. */
  readonly token: string | undefined;
  readonly limit: number;
  readonly wanted: Wanted;
}

/** @returns `next`: the token of the page after; undefined once the queue has no more */
async function gather(
  ports: ApiPorts,
  { token, limit, wanted }: KeyPage,
  { signal }: Call,
): Promise<{ readonly found: readonly FoundKey[]; readonly next: string | undefined }> {
  const found: FoundKey[] = [];
  let [from, done] = parseToken(token, CURSOR);
  for (let part = 0; part < MAX_PARTS; part += 1) {
    const asked = ports.queue.page(from === "" ? undefined : from);
    const { keys, next } = await within(signal, "asking the queue", asked);
    for (; done < keys.length && found.length < limit; done += 1) {
      const run = keys[done];
      const key = parseKey(run?.key ?? "");
      if (run !== undefined && key !== undefined && isWanted(key, run, wanted)) found.push([key, run]);
    }
    if (done < keys.length) break;
    if (next === undefined) return { found, next };
    [from, done] = [next, 0];
    if (found.length >= limit) break;
  }
  return { found, next: formatToken(from, done) };
}

async function shown(ports: ApiPorts, found: readonly FoundKey[], call: Call): Promise<readonly ShownKey[]> {
  const isOpen = await each(found, 8, ([key]) => mayList(ports, key, call));
  return found.filter((_, index) => isOpen[index]).map(([key, run]) => queuedKeyView(key, run));
}

/** Definitions are keys as well. A kind that no Workflow is for any more cannot be asked for by its name. */
async function mayList(ports: ApiPorts, { group, kind, namespace }: ObjectKey, call: Call): Promise<boolean> {
  if (group === KOREO_GROUP && isDefinitionKind(kind)) {
    return call.caller.may({ verb: "list", group, resource: DEFINITION_PLURALS[kind], namespace });
  }
  const known = ports.definitions.catalog().triggerKinds.find((one) => one.group === group && one.kind === kind);
  const type = known === undefined ? undefined : await resolveAnyVersion(ports.store, known, call.signal);
  if (type?.kind === "ok") return call.caller.may(rightOn("list", type.value, namespace));
  return call.caller.may({ verb: "list", group: "*", resource: "*" });
}
