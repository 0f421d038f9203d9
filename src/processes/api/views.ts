/** Answers about objects: their schemas, and how an object becomes one. Never spec, data, annotations or labels. */
import { member, textMember, type JsonObject } from "../../core/json.ts";
import { conditionsIn } from "../../core/status/condition.ts";
import { verdictOf } from "../../core/status/verdict.ts";
import { choice, count, flag, named, optional, record, text, time, type TypeOf } from "./schema.ts";

/** Means the core group, and the namespace of an object that has none, as in keys. */
export const NONE = "_";

/** A Kubernetes name as a parameter; its kind decides which characters are allowed. */
export const NAME_RULES: JsonObject = { minLength: 1, maxLength: 253, pattern: "^(?!\\.{1,2}$)[^/%]+$" };
export const NAMESPACE_RULES: JsonObject = { maxLength: 63, pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" };

export const LIMIT = optional(
  count("How many, at most. A page may hold fewer, and yet not be the last.", {
    minimum: 1,
    maximum: 500,
    default: 100,
  }),
);
export const CONTINUE = optional(text("Where to go on: `continue` of the page before.", { maxLength: 3000 }));
export const NEXT = optional(text("Where the next page begins; absent on the last one."));

export const CONDITION = named(
  "Condition",
  record("A condition, as in `status.conditions`.", {
    type: text("Type, such as Ready."),
    status: text("True, False or Unknown."),
    reason: text("In one word."),
    message: text("In a sentence."),
    lastTransitionTime: optional(time("Since when the status is so.")),
  }),
);

export const VERDICT = named(
  "Verdict",
  record("The Ready condition.", {
    status: choice(["True", "False", "Unknown", ""], "Empty where there is none (yet)."),
    reason: text("In one word."),
    message: text("In a sentence."),
    since: optional(time("Since when it is so.")),
  }),
);

export const METADATA = named(
  "Metadata",
  record("The part of `metadata` that is answered.", {
    namespace: text("Empty for a cluster-scoped object."),
    name: text("Name."),
    uid: text("Uid."),
    generation: count("Of the spec; 0 where the kind does not count."),
    creationTimestamp: optional(time("When it was created.")),
    deletionTimestamp: optional(time("Since when it is being deleted; absent while it is not.")),
  }),
);

export const FAULT = named(
  "DefinitionFault",
  record("Something that is wrong with a definition.", {
    path: text("Where, such as `spec.steps[2].inputs`; empty where it concerns all of it."),
    message: text("What, and what would do."),
  }),
);

export const OBJECT_STATE = choice(
  ["present", "deleting", "missing", "hidden", "unknown"],
  "As the cluster says now. `hidden`: you may not read it. `unknown`: not asked for, or not answered.",
);

export const MANAGED_OBJECT = named(
  "ManagedObject",
  record("An object that the last runs named.", {
    apiVersion: text("Such as apps/v1."),
    kind: text("Kind."),
    namespace: text("Empty for a cluster-scoped object."),
    name: text("Name."),
    step: text("Labels of the steps that lead to it, joined by `/`."),
    readonly: flag("It is only read."),
    state: OBJECT_STATE,
  }),
);

export function conditionsOf(object: JsonObject): readonly TypeOf<typeof CONDITION>[] {
  return conditionsIn(object).map((condition) => {
    const { type, status, reason, message } = texts(condition, ["type", "status", "reason", "message"]);
    return { type, status, reason, message, ...timeOf("lastTransitionTime", condition) };
  });
}

export function verdictView(object: JsonObject): TypeOf<typeof VERDICT> {
  const { status, reason, message, since } = verdictOf(object);
  const known = status === "True" || status === "False" || status === "Unknown" ? status : "";
  return { status: known, reason, message, ...(isTime(since) && { since }) };
}

export function metadataOf(object: JsonObject): TypeOf<typeof METADATA> {
  const metadata = member(object, "metadata");
  const generation = member(metadata, "generation");
  const { namespace, name, uid } = texts(metadata, ["namespace", "name", "uid"]);
  return {
    namespace,
    name,
    uid,
    generation: typeof generation === "number" && generation >= 0 ? generation : 0,
    ...timeOf("creationTimestamp", metadata),
    ...timeOf("deletionTimestamp", metadata),
  };
}

function texts<const N extends string>(value: ReturnType<typeof member>, names: readonly N[]): Record<N, string> {
  return Object.fromEntries(names.map((name) => [name, textMember(value, name)])) as Record<N, string>;
}

/** The time in a condition; a foreign controller may have put anything there. */
function timeOf<const N extends string>(name: N, value: ReturnType<typeof member>): Partial<Record<N, string>> {
  const found = textMember(value, name);
  return isTime(found) ? ({ [name]: found } as Partial<Record<N, string>>) : {};
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text);
}
