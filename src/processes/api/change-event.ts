/** What server-sent events contain: that something changed, and its present state. Only names and verdicts. */
import { choice, flag, named, oneOf, record, text, type TypeOf } from "./schema.ts";

const CHANGE = choice(["added", "modified", "deleted"], "What happened to it.");

const DEFINITION_EVENT = named(
  "DefinitionEvent",
  record("A definition changed, or what it uses.", {
    event: choice(["definition"], "As the event's own name."),
    change: CHANGE,
    kind: text("Such as Workflow."),
    namespace: text("Where it is."),
    name: text("Its name."),
    isReady: flag("Whether it can run as it is now; false for a deleted one."),
  }),
);

const INSTANCE_EVENT = named(
  "InstanceEvent",
  record("A trigger changed: its spec, its status, or anything else of it.", {
    event: choice(["instance"], "As the event's own name."),
    change: CHANGE,
    group: text('API group; "_" for the core group.'),
    kind: text("Kind."),
    namespace: text('Namespace; "_" for a cluster-scoped one.'),
    name: text("Name."),
    ready: text('Status of its Ready condition; "" where there is none.'),
    reason: text("Reason of its Ready condition."),
  }),
);

const RELISTED_EVENT = named(
  "RelistedEvent",
  record("All triggers of a kind were read anew: what changed before may not have been told.", {
    event: choice(["relisted"], "As the event's own name."),
    group: text('API group; "_" for the core group.'),
    kind: text("Kind."),
    namespace: text('Namespace that was read; "_" for all.'),
  }),
);

export type DefinitionEvent = TypeOf<typeof DEFINITION_EVENT>;
export type InstanceEvent = TypeOf<typeof INSTANCE_EVENT>;
export type RelistedEvent = TypeOf<typeof RELISTED_EVENT>;
export type ChangeEvent = DefinitionEvent | InstanceEvent | RelistedEvent;

export const CHANGE_EVENT = named(
  "ChangeEvent",
  oneOf<ChangeEvent>("The data of one event.", [DEFINITION_EVENT, INSTANCE_EVENT, RELISTED_EVENT]),
);
