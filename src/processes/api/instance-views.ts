/** What is answered about instances: schemas, and how a trigger becomes one. */
import type { JsonObject } from "../../core/json.ts";
import { formatKey, type KeyText } from "../../core/object-key.ts";
import type { ResourceType } from "../../engine/ports/object-store.ts";
import { RUN, RUN_SUMMARY } from "./run-views.ts";
import { flag, list, named, optional, record, text } from "./schema.ts";
import { CONDITION, MANAGED_OBJECT, METADATA, metadataOf, NEXT, NONE, VERDICT, verdictView } from "./views.ts";

/** Runs that one instance shows. */
export const RUNS_SHOWN = 10;

const IDENTITY = {
  key: text("Canonical text, as logs and the queue have it."),
  group: text('API group; "_" for the core group.'),
  kind: text("Kind."),
  metadata: METADATA,
  verdict: VERDICT,
};
const INSTANCE = named("Instance", record("A trigger and its verdict.", IDENTITY));
export const INSTANCE_LIST = named(
  "InstanceList",
  record("A page of triggers, as the API server lists them.", {
    items: list(INSTANCE, "The triggers."),
    continue: NEXT,
  }),
);
export const INSTANCE_DETAIL = named(
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
export const RUN_LIST = named("RunList", record("The last runs of a key.", { items: list(RUN, "The newest first.") }));

export function identityOf(cluster: string, type: ResourceType, object: JsonObject) {
  const metadata = metadataOf(object);
  const { group, kind } = type;
  const key: KeyText = formatKey({ cluster, group, kind, namespace: metadata.namespace, name: metadata.name });
  return { key, group: group || NONE, kind, metadata, verdict: verdictView(object) };
}
