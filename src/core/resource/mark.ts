/**
 * The mark on every object we create: which trigger created it, and exactly which object this is. It counts only if all
 * of it fits its object, because people, controllers and backups copy labels and annotations. The label beside it is
 * for look-ups and proves nothing.
 */
import { isJsonObject, member, textMember, type JsonObject, type JsonValue } from "../json.ts";
import { annotationOf } from "../object.ts";
import { ANNOTATION, LABEL } from "../names.ts";
import type { KeyText } from "../object-key.ts";
import type { ResourceFunctionPlan } from "../plan/plan.ts";

/** What may be done with an object once its trigger no longer names it. `default` is resolved at that time. */
export type DeletePolicy = "default" | "abandon" | "destroy";

/** Identifies an object, without version: versions of one object are one object. */
export interface ObjectIdentity {
  readonly group: string;
  readonly kind: string;
  /** "" for a cluster-scoped object. */
  readonly namespace: string;
  readonly name: string;
}

export interface Mark extends ObjectIdentity {
  /** Key and uid of the trigger that created the object. */
  readonly trigger: KeyText;
  readonly uid: string;
  /** Labels of the steps that lead to it, joined by `/`. */
  readonly step: string;
  /** Layer of that step in the dependency graph. */
  readonly wave: number;
  readonly policy: DeletePolicy;
  /** Whether it carries our owner reference, unless somebody removed that. */
  readonly owned: boolean;
}

/** Who created an object, according to a mark that fits it. */
export interface MarkHolder {
  readonly trigger: string;
  readonly uid: string;
  readonly step: string;
  readonly wave: number;
  readonly policy: DeletePolicy;
  readonly owned: boolean;
  /** The signature of its create; "" when there was none, or the mark was rewritten since. */
  readonly request: string;
}

/** The object with the mark added and nothing else changed. */
export function withMark(object: JsonObject, mark: Mark): JsonObject {
  const metadata = asObject(member(object, "metadata"));
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: { ...asObject(metadata["labels"]), [LABEL.triggerUid]: mark.uid },
      annotations: { ...asObject(metadata["annotations"]), [ANNOTATION.mark]: markText(mark) },
    },
  };
}

/** Signs a create, so that its sender can recognize what this very request made. @param object - with its mark */
export function withRequest(object: JsonObject, request: string): JsonObject {
  const metadata = asObject(member(object, "metadata"));
  const annotations = asObject(metadata["annotations"]);
  const mark = JSON.stringify({ ...parsed(textMember(annotations, ANNOTATION.mark)), request });
  return { ...object, metadata: { ...metadata, annotations: { ...annotations, [ANNOTATION.mark]: mark } } };
}

const OWN_ANNOTATIONS = [ANNOTATION.mark, ANNOTATION.createPaths, ANNOTATION.appliedBy, ANNOTATION.lastApplied];

/** A rendered target without what only we may set: the mark, its label, and our records. */
export function withoutOwnKeys(target: JsonObject): JsonObject {
  const metadata = member(target, "metadata");
  if (!isJsonObject(metadata)) return target;
  return {
    ...target,
    metadata: {
      ...metadata,
      ...stripped(metadata, "labels", [LABEL.triggerUid]),
      ...stripped(metadata, "annotations", OWN_ANNOTATIONS),
    },
  };
}

/**
 * @param object - as observed
 * @param identity - which object it is
 * @returns who created it; undefined when it carries no mark, or the mark of another object
 */
export function markHolder(object: JsonObject, identity: ObjectIdentity): MarkHolder | undefined {
  const text = annotationOf(object, ANNOTATION.mark);
  const mark = parsed(text);
  if (mark === undefined) return undefined;
  const isThisObject = (["group", "kind", "namespace", "name"] as const).every(
    (part) => textMember(mark, part) === identity[part],
  );
  const [trigger, uid] = [textMember(mark, "trigger"), textMember(mark, "uid")];
  if (!isThisObject || trigger === "" || uid === "") return undefined;
  const wave = member(mark, "wave");
  return {
    trigger,
    uid,
    step: textMember(mark, "step"),
    wave: typeof wave === "number" ? wave : 0,
    policy: policyOf(textMember(mark, "policy")),
    owned: member(mark, "owned") === true,
    request: textMember(mark, "request"),
  };
}

function markText({ trigger, uid, group, kind, namespace, name, step, wave, policy, owned }: Mark): string {
  return JSON.stringify({ trigger, uid, group, kind, namespace, name, step, wave, policy, owned });
}

function policyOf(text: string): DeletePolicy {
  return text === "destroy" || text === "default" ? text : "abandon"; // an unknown policy leaves the object alone
}

/**
 * What may become of a function's objects once nothing names them. Objects that it only reads, that others create, or
 * that it never changes after the create are not deleted either.
 */
export function deletePolicyOf({ api, create, update, deletePolicy }: ResourceFunctionPlan): DeletePolicy {
  const isHandsOff = api.readonly || !create.enabled || update.kind === "never";
  return isHandsOff ? "abandon" : (deletePolicy ?? "default");
}

const CAREFUL: readonly DeletePolicy[] = ["abandon", "default", "destroy"];

/** The more careful of two policies. */
export function moreCareful(one: DeletePolicy, other: DeletePolicy): DeletePolicy {
  return CAREFUL.indexOf(one) <= CAREFUL.indexOf(other) ? one : other;
}

function parsed(text: string): JsonObject | undefined {
  if (text === "") return undefined;
  try {
    const value = JSON.parse(text) as unknown;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined; // somebody edited it, so it proves nothing
  }
}

/** The member without these keys; empty when it has none of them, so that spreading it changes nothing. */
function stripped(metadata: JsonObject, name: string, keys: readonly string[]): JsonObject {
  const map = metadata[name];
  if (!isJsonObject(map) || !keys.some((key) => Object.hasOwn(map, key))) return {};
  return { [name]: Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key))) };
}

function asObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
