/**
 * Whether what stands where we differ is right in itself. A rule says why we may differ in a place, this is how that place is
 * judged all the same: conditions by Koreo's wording, records by the functions they name, objects and the records on them by
 * each other and by what was recorded at any time.
 */
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
import { objectId } from "./workflows-corpus.ts";
import { condition, conditionField, isOurType, statusPlace, touches } from "./workflows-criteria.ts";
import type { Scene } from "./workflows-scene.ts";
import { resourceId, resourcesIn, valueAt } from "./workflows-tree.ts";

export const LOOKUP_FAILURES: ReadonlySet<string> = new Set(["NoWorkflow", "WorkflowNotReady", "MultipleWorkflows"]);
const HONEST: Readonly<Record<string, string>> = { Ready: "True", Skip: "True", DepSkip: "Unknown" };

/** The status that goes with a reason. */
export function honestStatus(reason: string): string {
  return HONEST[reason] ?? "False";
}

export function isSound(difference: Difference, scene: Scene): boolean {
  const [root, id = "", ...inside] = difference.path;
  const { type } = conditionField(difference) ?? {};
  if (type !== undefined) return isSoundCondition(scene, id, type);
  if (statusPlace(difference)?.part === "managedResources") return isSoundEntry(scene, id);
  if (root === "objects") return isSoundObject(scene, id, inside, difference.actual);
  return root !== "lastApplied" || isSoundRecord(scene, id, inside, difference.actual);
}

function isSoundCondition(scene: Scene, trigger: string, type: string): boolean {
  const own = condition(scene, trigger, type);
  if (own === undefined || !isOurType(scene, trigger, type)) return true;
  const [reason, message, location] = ["reason", "message", "location"].map((name) => textMember(own, name));
  if (textMember(own, "status") !== honestStatus(reason ?? "")) return false;
  if (LOOKUP_FAILURES.has(reason ?? "")) {
    const koreo = memberAt(scene.actual, ["triggers", trigger, "koreo"]);
    const places = [location ?? "", textMember(koreo, "locations")];
    return textMember(koreo, "errors") === message && places.every((place) => /^custom_workflow\.|;/.test(place));
  }
  const all = Object.values((memberAt(scene.actual, ["triggers", trigger, "conditions"]) ?? {}) as JsonObject);
  const isPruned = all.every((each) => textMember(each, "location") === ""); // by the schema of the trigger
  const isPlaced = isPruned || (reason === "Ready" ? location === scene.workflows.get(trigger)?.name : location !== "");
  return isPlaced && isWorded(scene, trigger, type, reason ?? "", message ?? "");
}

function isWorded(scene: Scene, trigger: string, type: string, reason: string, message: string): boolean {
  const workflow = scene.workflows.get(trigger);
  const step = workflow?.steps.findLast(({ condition: named }) => named?.type === type);
  const name = step?.condition?.name ?? `Workflow ${workflow?.name ?? ""}`;
  const isClosed = /[.)]$/.test(message);
  switch (reason) {
    case "Ready":
      return message === `${name} ready.`;
    case "Skip":
      return message === `${name} management is disabled.` || message.startsWith(`Skipping ${name}: `);
    case "DepSkip":
      return isClosed && message.startsWith(`${name} awaiting dependencies to be ready`);
    case "Wait":
      return isClosed && message.startsWith(`Awaiting ${name} to be ready`);
    case "Failure":
      return isClosed && message.startsWith(`Unrecoverable error reconciling ${name}. (`);
    default:
      return false;
  }
}

/** Every resource in the record is one that its function is about, and is there, or was named so in the original. */
function isSoundEntry(scene: Scene, trigger: string): boolean {
  const whole = memberAt(scene.actual, ["triggers", trigger, "managedResources"]);
  const workflow = member(whole, "workflow") ?? scene.workflows.get(trigger)?.name;
  const known = new Set([
    ...Object.keys((member(scene.actual, "objects") ?? {}) as JsonObject),
    ...scene.recorded.flatMap((state) => resourcesIn(member(state, "triggers")).map(resourceId)),
  ]);
  // A step that is not ready may name an object that is not there.
  const waiting = new Set(scene.steps.flatMap(({ actual, objects }) => (actual.reason === "Ready" ? [] : objects)));
  const isOne = (resource: JsonObject) => {
    const id = resourceId(resource);
    return (known.has(id) || waiting.has(id)) && isOfFunction(scene, resource);
  };
  return workflow === scene.workflows.get(trigger)?.name && resourcesIn(whole).every(isOne);
}

function isOfFunction({ definitions }: Scene, resource: JsonObject): boolean {
  const name = textMember(resource, "resourceFunction");
  const isNamed = ({ kind, metadata }: JsonObject) =>
    kind === "ResourceFunction" && textMember(metadata, "name") === name;
  const found = definitions.find(isNamed);
  const config = memberAt(found, ["spec", "apiConfig"]);
  const isOf = ["apiVersion", "kind"].every((key) => member(resource, key) === member(config, key));
  const isReadonly = member(resource, "readonly") === (member(config, "readonly") ?? false);
  // A function that was deleted says nothing any more.
  return /^[a-z0-9]+$/.test(textMember(resource, "plural")) && (found === undefined ? name !== "" : isOf && isReadonly);
}

/** What is there was there in the original at some time, or we have sent it, or somebody else has; what we sent is there. */
function isSoundObject(scene: Scene, id: string, path: readonly string[], actual: JsonValue | undefined): boolean {
  const record = memberAt(scene.actual, ["lastApplied", id]);
  if (actual === undefined) return path.length === 0 || isRightlyMissing(scene, id, path);
  const recorded = scene.recorded.map((state) => memberAt(state, ["objects", id]));
  // Never there in the original: what the server fills in is not known either.
  if (recorded.every((each) => each === undefined)) return isHeld(record, memberAt(scene.actual, ["objects", id]));
  const written = touches(scene).flatMap(({ object }) => (objectId(object) === id ? [object] : []));
  const known = [...recorded, record, ...written];
  return leavesOf(actual, path).every(([place, value]) => isAmong(known, place, value));
}

/** All that we sent is there. */
function isHeld(record: JsonValue | undefined, object: JsonValue | undefined): boolean {
  if (textMember(object, "kind") === "Secret") return true; // what is sent as text is stored as bytes
  const sent = isJsonObject(record) ? leavesOf(record, []) : [];
  return sent.every(([place, value]) => jsonEqual(valueAt(object, place), value));
}

/** We did not send it, and the original had none there at some time, or sets none there any more. */
function isRightlyMissing(scene: Scene, id: string, path: readonly string[]): boolean {
  const sent = (state: JsonObject) => valueAt(state, ["lastApplied", id, ...path]) !== undefined;
  const isWithout = (state: JsonObject) => {
    const object = memberAt(state, ["objects", id]);
    return object !== undefined && valueAt(object, path) === undefined;
  };
  return !sent(scene.actual) && scene.recorded.some((state) => isWithout(state) || sent(state));
}

/** What the record holds is on the object, or was in the record of the original at some time; what it lacks is not on the object. */
function isSoundRecord(scene: Scene, id: string, path: readonly string[], actual: JsonValue | undefined): boolean {
  const object = memberAt(scene.actual, ["objects", id]);
  if (textMember(object, "kind") === "Secret") return true; // what is sent as text is stored as bytes
  const records = scene.recorded.map((state) => memberAt(state, ["lastApplied", id]));
  if (actual !== undefined && records.every((each) => each === undefined)) {
    return path.length > 0 || objectId(actual as JsonObject) === id;
  }
  if (actual !== undefined)
    return leavesOf(actual, path).every(([place, value]) => isAmong([object, ...records], place, value));
  if (path.join("/") === "metadata/ownerReferences" || object === undefined) return true;
  return path.length === 0 ? records.includes(undefined) : valueAt(object, path) === undefined;
}

function isAmong(trees: readonly (JsonValue | undefined)[], path: readonly string[], value: JsonValue): boolean {
  return trees.some((tree) => jsonEqual(valueAt(tree, path), value));
}

/** Every value that holds no others, with its path. */
function leavesOf(value: JsonValue, path: readonly string[]): readonly (readonly [readonly string[], JsonValue])[] {
  const inner = Array.isArray(value)
    ? [...(value as readonly JsonValue[]).entries()]
    : isJsonObject(value)
      ? Object.entries(value)
      : [];
  if (inner.length === 0) return [[path, value]];
  return inner.flatMap(([name, each]) => leavesOf(each, [...path, String(name)]));
}
