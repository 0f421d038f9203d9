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
import { resourcesIn, valueAt } from "./workflows-tree.ts";

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
  if (statusPlace(difference)?.part === "managedResources") return isSoundEntry(scene, difference.actual);
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
  return (location !== "" || isPruned) && isWorded(scene, trigger, type, reason ?? "", message ?? "");
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

/** Every resource is one that its function is about. */
function isSoundEntry(scene: Scene, entry: JsonValue | undefined): boolean {
  return resourcesIn(entry).every((resource) => {
    const name = textMember(resource, "resourceFunction");
    const isNamed = ({ kind, metadata }: JsonObject) =>
      kind === "ResourceFunction" && textMember(metadata, "name") === name;
    const config = memberAt(scene.definitions.find(isNamed), ["spec", "apiConfig"]);
    const isOf = ["apiVersion", "kind"].every((key) => member(resource, key) === member(config, key));
    return isOf && member(resource, "readonly") === (member(config, "readonly") ?? false) && isLocated(resource);
  });
}

function isLocated(resource: JsonObject): boolean {
  return typeof resource["name"] === "string" && /^[a-z0-9]+$/.test(textMember(resource, "plural"));
}

/** What is there was there in the original at some time, or we have sent it, or somebody else has; what we sent is there. */
function isSoundObject(scene: Scene, id: string, path: readonly string[], actual: JsonValue | undefined): boolean {
  const record = memberAt(scene.actual, ["lastApplied", id]);
  if (actual === undefined) return path.length === 0 || valueAt(record, path) === undefined;
  const written = touches(scene).flatMap(({ object }) => (objectId(object) === id ? [object] : []));
  const known = [...scene.recorded.map((state) => memberAt(state, ["objects", id])), record, ...written];
  return leavesOf(actual, path).every(([place, value]) => isAmong(known, place, value));
}

/** What the record holds is on the object, or was in the record of the original at some time; what it lacks is not on the object. */
function isSoundRecord(scene: Scene, id: string, path: readonly string[], actual: JsonValue | undefined): boolean {
  const object = memberAt(scene.actual, ["objects", id]);
  if (textMember(object, "kind") === "Secret") return true; // what is sent as text is stored as bytes
  const records = scene.recorded.map((state) => memberAt(state, ["lastApplied", id]));
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
