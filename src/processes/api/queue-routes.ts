/** The queue: counts and load by tenant, its keys, and the watchers with the slots they serve. */
import { isDefinitionKind } from "../../core/manifest/definition.ts";
import { DEFINITION_PLURALS, KOREO_GROUP } from "../../core/names.ts";
import { type ObjectKey, parseKey, parseKind } from "../../core/object-key.ts";
import { resolveAnyVersion } from "../../engine/any-version.ts";
import type { Cause, QueuedRun } from "../../engine/ports/reconcile-queue.ts";
import { demand, type Caller } from "./auth.ts";
import { each, within } from "./deadline.ts";
import { definitionRight } from "./definition-routes.ts";
import { rightOn } from "./instance-routes.ts";
import { formatToken, parseToken } from "./page-token.ts";
import type { ApiPorts, ApiScope } from "./ports.ts";
import { jsonRoute, type Call, type Route } from "./route.ts";
import { choice, count, flag, list, named, optional, quantity, record, text, time, type TypeOf } from "./schema.ts";
import { CONTINUE, LIMIT, NAMESPACE_RULES, NEXT, NONE } from "./views.ts";

const MAX_TENANTS = 50;
/** Parts of the queue that one page may be gathered from. */
const MAX_PARTS = 10;

const WORK_CLASS = count("1: a change. 2: a retry, or what depends on a change. 3: a mere look.", {
  minimum: 1,
  maximum: 3,
});
const STATE = choice(["running", "waiting", "delayed"], "What becomes of it now.");

const QUEUE = named(
  "Queue",
  record("The queue as a whole.", {
    stats: record("Counts of keys.", {
      waiting: count("Wait for a worker."),
      running: count("Are run now."),
      delayed: count("Are looked at later."),
      failing: count("Whose last run failed, whatever state they are in."),
      lostLeases: count("Runs that were done again, since the queue exists."),
      staleEnds: count("Runs that ended after their lease, since the queue exists."),
    }),
    load: list(
      record("What waits of one tenant in one class.", {
        workClass: WORK_CLASS,
        namespace: text('Namespace of the triggers; "_" for cluster-scoped ones.'),
        waiting: count("Keys that wait."),
        oldestMs: quantity("How long the longest of them has been waiting."),
      }),
      `Of each class the ${MAX_TENANTS} tenants that have been waiting longest.`,
    ),
  }),
);

const QUEUED_KEY = named(
  "QueuedKey",
  record("A key in the queue.", {
    key: text("Canonical text."),
    group: text('API group; "_" for the core group.'),
    kind: text("Kind."),
    namespace: text('Namespace; "_" for a cluster-scoped one.'),
    name: text("Name."),
    state: STATE,
    workClass: WORK_CLASS,
    ageMs: quantity("Since the first wish that its run answers; 0 for a delayed one."),
    remainingMs: quantity("Until its lease ends, or it waits; else 0."),
    failures: count("In a row."),
    worker: text("Who runs it; empty unless somebody does."),
    causes: list(
      record("Why it is there.", {
        reason: text("In one word."),
        object: optional(text("Key of the object that changed.")),
        at: time("When it was seen."),
      }),
      "The oldest first.",
    ),
  }),
);
const KEY_LIST = named(
  "QueuedKeyList",
  record("A page of keys, in no particular order. While keys move, one may be told twice or not at all.", {
    items: list(QUEUED_KEY, "The keys."),
    continue: NEXT,
  }),
);

const WATCHERS = named(
  "Watchers",
  record("Who watches what.", {
    watchers: list(
      record("A live watcher.", {
        id: text("Its id."),
        remainingMs: quantity("Of its time, unless it says that it lives."),
      }),
      "By id.",
    ),
    slots: list(
      record("A unit of watching.", {
        slot: text("Canonical text."),
        group: text('API group; "_" for the core group.'),
        kind: text("Kind."),
        owner: text("Who claimed it last."),
        isOwned: flag("Whether that one lives."),
      }),
      "By slot.",
    ),
  }),
);

export function queueRoutes(ports: ApiPorts, { definitionNamespaces }: ApiScope): readonly Route[] {
  /** What concerns everybody's triggers is for those who may list the Workflows of all. */
  const demandOverview = async (caller: Caller) => {
    for (const namespace of definitionNamespaces) await demand(caller, definitionRight("list", "Workflow", namespace));
  };
  return [
    jsonRoute({
      operationId: "getQueue",
      path: "/queue",
      summary: "How many keys are in which state, and what waits of whom. For those who may list all Workflows.",
      tag: "queue",
      parameters: {},
      answer: QUEUE,
      handle: async (_parameters, { caller, signal }) => {
        await demandOverview(caller);
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
    }),
    jsonRoute({
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
        const found: (readonly [ObjectKey, QueuedRun])[] = [];
        let [from, done] = parseToken(token);
        for (let part = 0; part < MAX_PARTS; part += 1) {
          const asked = ports.queue.page(from === "" ? undefined : from);
          const { keys, next } = await within(call.signal, "asking the queue", asked);
          for (; done < keys.length && found.length < limit; done += 1) {
            const run = keys[done];
            const key = parseKey(run?.key ?? "");
            if (run !== undefined && key !== undefined && isWanted(key, run, wanted)) found.push([key, run]);
          }
          if (done < keys.length) break;
          if (next === undefined) return { items: await shown(ports, found, call) };
          [from, done] = [next, 0];
          if (found.length >= limit) break;
        }
        return { items: await shown(ports, found, call), continue: formatToken(from, done) };
      },
    }),
    jsonRoute({
      operationId: "listWatchers",
      path: "/watchers",
      summary: "The live watchers, and who serves which slot. For those who may list all Workflows.",
      tag: "watchers",
      parameters: {},
      answer: WATCHERS,
      handle: async (_parameters, { caller, signal }) => {
        await demandOverview(caller);
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
    }),
  ];
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

type ShownKey = TypeOf<typeof QUEUED_KEY>;

async function shown(
  ports: ApiPorts,
  found: readonly (readonly [ObjectKey, QueuedRun])[],
  call: Call,
): Promise<readonly ShownKey[]> {
  const isOpen = await each(found, 8, ([key]) => mayList(ports, key, call));
  return found.filter((_, index) => isOpen[index]).map(([key, run]) => view(key, run));
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

function view(key: ObjectKey, run: QueuedRun): ShownKey {
  const { state, workClass, ageMs, remainingMs, failures, owner, causes } = run;
  return {
    key: run.key,
    group: key.group || NONE,
    kind: key.kind,
    namespace: key.namespace || NONE,
    name: key.name,
    state,
    workClass,
    ageMs,
    remainingMs,
    failures,
    worker: owner,
    causes: causes.map(causeView),
  };
}

function causeView({ reason, object, atMs }: Cause): ShownKey["causes"][number] {
  return { reason, ...(object !== undefined && { object }), at: new Date(atMs).toISOString() };
}
