/**
 * The mark every object we create carries: which trigger created it, and exactly which object this is. It counts only if
 * all of it fits the object it stands on, for people, controllers and backups copy labels and annotations. The label
 * beside it is for look-ups and proves nothing.
 */
import { isJsonObject, member, textMember, type JsonObject, type JsonValue } from "../json.ts";
import { annotationOf } from "../object.ts";
import { ANNOTATION, LABEL } from "../names.ts";
import type { KeyText } from "../object-key.ts";
import type { ResourceFunctionPlan } from "../plan/plan.ts";

/** What may be done with an object once its trigger no longer names it. `default` is decided when that happens. */
export type DeletePolicy = "default" | "abandon" | "destroy";

/** Which object; without version, for versions of one object are one object. */
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
  /** Whether it carries our owner reference as long as nobody takes that off. */
  readonly owned: boolean;
}

/** Who created an object, by a mark that fits it. */
export interface MarkHolder {
  readonly trigger: string;
  readonly uid: string;
  readonly step: string;
  readonly wave: number;
  readonly policy: DeletePolicy;
  readonly owned: boolean;
  /** What the create was signed with; "" where it was not, or the mark was written anew since. */
  readonly request: string;
}

/** The object with the mark on it; nothing else of it changes. */
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

/** A create signed by its sender, who can tell by it what that very request made. @param object - with its mark */
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
 * @returns who created it, or undefined when it carries no mark or one that speaks of another object
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
  return text === "destroy" || text === "default" ? text : "abandon"; // what we do not understand is left alone
}

/**
 * What may become of the objects of a function once nothing names them. What it only reads, leaves to others to create, or
 * never changes after the create is not deleted either.
 */
export function deletePolicyOf({ api, create, update, deletePolicy }: ResourceFunctionPlan): DeletePolicy {
  const isHandsOff = api.readonly || !create.enabled || update.kind === "never";
  return isHandsOff ? "abandon" : (deletePolicy ?? "default");
}

const CAREFUL: readonly DeletePolicy[] = ["abandon", "default", "destroy"];

/** Of two policies the more careful one. */
export function moreCareful(one: DeletePolicy, other: DeletePolicy): DeletePolicy {
  return CAREFUL.indexOf(one) <= CAREFUL.indexOf(other) ? one : other;
}

function parsed(text: string): JsonObject | undefined {
  if (text === "") return undefined;
  try {
    const value = JSON.parse(text) as unknown;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined; // somebody edited it: then it proves nothing
  }
}

/** The member without these keys, left out altogether when nothing of it remains; nothing to spread when it has none. */
function stripped(metadata: JsonObject, name: string, keys: readonly string[]): JsonObject {
  const map = metadata[name];
  if (!isJsonObject(map) || !keys.some((key) => Object.hasOwn(map, key))) return {};
  return { [name]: Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key))) };
}

function asObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
