/** What is answered about the queue and the watchers: schemas, and how a key of the queue becomes one. */
import type { ObjectKey } from "../../core/object-key.ts";
import type { Cause, QueuedRun } from "../../engine/ports/reconcile-queue.ts";
import { choice, count, flag, list, named, optional, quantity, record, text, time, type TypeOf } from "./schema.ts";
import { NEXT, NONE } from "./views.ts";

export const MAX_TENANTS = 50;

const WORK_CLASS = count("1: a change. 2: a retry, or what depends on a change. 3: a mere look.", {
  minimum: 1,
  maximum: 3,
});
export const STATE = choice(["running", "waiting", "delayed"], "What becomes of it now.");

export const QUEUE = named(
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
export const KEY_LIST = named(
  "QueuedKeyList",
  record("A page of keys, in no particular order. While keys move, one may be told twice or not at all.", {
    items: list(QUEUED_KEY, "The keys."),
    continue: NEXT,
  }),
);

export const WATCHERS = named(
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

export type ShownKey = TypeOf<typeof QUEUED_KEY>;

export function queuedKeyView(key: ObjectKey, run: QueuedRun): ShownKey {
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
