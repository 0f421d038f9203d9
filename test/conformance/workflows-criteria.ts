/** What the rules in `workflows-deviations.ts` ask: of a difference, of a step, and of what was done in a case. */
import {
  isJsonObject,
  jsonEqual,
  member,
  memberAt,
  textMember,
  type JsonObject,
  type JsonValue,
} from "../../src/core/json.ts";
import type { Difference } from "./workflows-compare.ts";
import { objectId, triggerId } from "./workflows-corpus.ts";
import { touchesAt, type Scene } from "./workflows-scene.ts";
import { valueAt, valuesIn } from "./workflows-tree.ts";

/** A difference in the status of a trigger, taken apart; undefined for one elsewhere. */
export interface StatusPlace {
  readonly trigger: string;
  readonly part: string;
  /** What follows the part: a type and a field, keys of the state, labels. */
  readonly rest: readonly string[];
}

export function statusPlace({ path: [root, trigger = "", part = "", ...rest] }: Difference): StatusPlace | undefined {
  return root === "triggers" ? { trigger, part, rest } : undefined;
}

/** The difference is in a field of a condition, or is a whole condition when no field is named. */
export function conditionField(difference: Difference): { readonly type: string; readonly field: string } | undefined {
  const place = statusPlace(difference);
  if (place?.part !== "conditions") return undefined;
  const [type = "", field = ""] = place.rest;
  return { type, field };
}

/** Whether a type of condition is Koreo's on a trigger: that of a step, or Ready. */
export function isOurType({ steps }: Scene, trigger: string, type: string): boolean {
  return type === "Ready" || steps.some((step) => step.trigger === trigger && step.plan.condition?.type === type);
}

/** A condition was recorded as it was in the phase before: the original has not looked since, or has seen nothing. */
export function isUnlooked(scene: Scene, trigger: string, type: string): boolean {
  const path = ["triggers", trigger, "conditions", type];
  return isFromBefore(scene, { path, expected: recordedAt(scene, path), actual: undefined });
}

/** The id of the object a difference is in, or in the record on. */
export function objectOf({ path: [root, id = ""] }: Difference): string | undefined {
  return root === "objects" || root === "lastApplied" ? id : undefined;
}

/** A condition of ours as it stands beside a difference in it, or of a trigger. */
export function condition(scene: Scene, trigger: string, type: string): JsonObject | undefined {
  const found = memberAt(scene.actual, ["triggers", trigger, "conditions", type]);
  return isJsonObject(found) ? found : undefined;
}

export function recordedAt(scene: Scene, path: readonly string[], phase = scene.phase): JsonValue | undefined {
  return valueAt(scene.recorded[phase], path);
}

/** What was recorded is what stood there in the phase before: the original has not looked, or not cleared away. */
export function isFromBefore(scene: Scene, { path, expected }: Difference): boolean {
  return scene.phase > 0 && expected !== undefined && jsonEqual(recordedAt(scene, path, scene.phase - 1), expected);
}

/** Our answer is what was recorded there in an earlier phase. */
export function isAsBefore(scene: Scene, { path, actual }: Difference, phase = scene.phase): boolean {
  return scene.recorded.slice(0, phase).some((state) => jsonEqual(valueAt(state, path), actual));
}

/** What somebody else has done up to this phase, newest first. */
export function touches(
  scene: Scene,
): readonly { readonly phase: number; readonly action: string; readonly object: JsonObject }[] {
  const phases = Array.from({ length: scene.phase + 1 }, (_, phase) => phase).reverse();
  return phases.flatMap((phase) => touchesAt(scene, phase).map((touch) => ({ phase, ...touch })));
}

/** The last phase in which somebody else wrote or deleted this object. */
export function touchedIn(scene: Scene, id: string): number | undefined {
  return touches(scene).find(({ object }) => objectId(object) === id)?.phase;
}

/** Our answer is what was there before somebody else has written this, or deleted the object. */
export function isRepaired(scene: Scene, difference: Difference, touched: number | undefined): boolean {
  const [, id = "", ...inside] = difference.path;
  if (touched === undefined || !isAsBefore(scene, difference, touched)) return false;
  const written = touches(scene).filter(({ object }) => objectId(object) === id);
  return difference.actual !== undefined || written.some(({ object }) => valueAt(object, inside) !== undefined);
}

/** A value that somebody else has written on an object of a step, or that stands on one since. */
export function isOnManaged(scene: Scene, value: JsonValue | undefined): boolean {
  const managed = new Set(scene.steps.flatMap(({ objects }) => objects));
  const isManaged = (object: JsonObject) => managed.has(objectId(object));
  const later = touches(scene).filter(({ phase, object }) => phase > 0 && isManaged(object));
  const standing = later.map(({ object }) => memberAt(scene.actual, ["objects", objectId(object)]));
  const all = [...later.map(({ object }) => object), ...standing].flatMap(valuesIn);
  return value !== undefined && all.some((each) => jsonEqual(each, value));
}

/** The trigger was deleted, and a finalizer holds it since. */
export function isTriggerDeleted(scene: Scene, trigger: string): boolean {
  const isIt = (object: JsonObject) => triggerId(object) === trigger;
  const deleted = touches(scene).find(({ action, object }) => action === "delete" && isIt(object));
  if (deleted === undefined) return false;
  const since = scene.recorded.slice(deleted.phase, scene.phase + 1);
  return since.every((state) => memberAt(state, ["triggers", trigger, "missing"]) !== true);
}

/** Whether the trigger carries an annotation with this text, as it was last written. */
export function hasAnnotation(scene: Scene, trigger: string, name: string, text: string): boolean {
  const written = touches(scene).filter(({ object }) => triggerId(object) === trigger);
  return written.some(({ object }) => textMember(memberAt(object, ["metadata", "annotations"]), name) === text);
}

type Directive = "x-koreo-compare-as-set" | "x-koreo-compare-as-map";

/** The compare directive that some definition puts on lists under this key. */
export function directiveOn({ definitions }: Scene, key: string): Directive | undefined {
  const values = definitions.flatMap(valuesIn).filter(isJsonObject);
  const names = (value: JsonValue | undefined) =>
    Array.isArray(value) ? (value as readonly JsonValue[]) : isJsonObject(value) ? Object.keys(value) : [];
  return (["x-koreo-compare-as-set", "x-koreo-compare-as-map"] as const).find((directive) =>
    values.some((value) => names(member(value, directive)).includes(key)),
  );
}

/** Two lists that their directive takes for one: the same members, or members of which those of one say all that matters. */
export function isSameCollection(
  left: JsonValue | undefined,
  right: JsonValue | undefined,
  directive: Directive,
): boolean {
  if (!Array.isArray(left) || !Array.isArray(right)) return false;
  const [all, others] = [left as readonly JsonValue[], right as readonly JsonValue[]];
  const isWithin = (inner: readonly JsonValue[], outer: readonly JsonValue[]) =>
    inner.every((item) => outer.some((each) => isPartOf(item, each)));
  if (directive === "x-koreo-compare-as-set") return isWithin(all, others) && isWithin(others, all);
  return isWithin(all, others) || isWithin(others, all);
}

function isPartOf(part: JsonValue, whole: JsonValue): boolean {
  if (!isJsonObject(part) || !isJsonObject(whole)) return jsonEqual(part, whole);
  return Object.entries(part).every(([name, value]) => isPartOf(value, whole[name] ?? null));
}
