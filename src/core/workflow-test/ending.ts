/**
 * The final state of a cluster, comparable with another: without values that a server makes up, without times, and
 * without what only the worker keeps on the trigger.
 */
import { compareExactly } from "../function-test/compare.ts";
import { isJsonObject, type JsonObject, type JsonValue, member, textMember } from "../json.ts";
import { isGoing } from "../object.ts";
import { ANNOTATION } from "../names.ts";
import { objectText, parseApiVersion } from "../object-key.ts";
import { conditionsIn } from "../status/condition.ts";
import { actionText, type Unmet } from "./judge.ts";
import type { TestedAction } from "./prepare.ts";

/** Object in words -> the part of it that is compared. */
export type Ending = ReadonlyMap<string, JsonObject>;

const SERVER_MADE: ReadonlySet<string> = new Set([
  ...["uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "deletionTimestamp"],
]);
const OWN_PREFIX = "koreo.dev/";
const UID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** @param isTrigger - recognizes the trigger, of which only the status report counts */
export function endingOf(objects: readonly JsonObject[], isTrigger: (object: JsonObject) => boolean): Ending {
  const names = new Map(objects.map((object) => [textMember(object["metadata"], "uid"), nameText(object)]));
  const withNames = (value: JsonValue): JsonValue => {
    if (typeof value === "string") return value.replace(UID, (uid) => names.get(uid) ?? uid);
    if (Array.isArray(value)) return (value as readonly JsonValue[]).map(withNames);
    return isJsonObject(value) ? mapped(value, withNames) : value;
  };
  const compared = (object: JsonObject) => withNames(isTrigger(object) ? reportOf(object) : contentOf(object));
  return new Map(objects.map((object) => [nameText(object), compared(object) as JsonObject]));
}

/** @returns every object that differs from the wanted ending */
export function compareEndings(wanted: Ending, found: Ending): readonly Unmet[] {
  const names = [...new Set([...wanted.keys(), ...found.keys()])].sort();
  return names.flatMap((name): readonly Unmet[] => {
    const [want, got] = [wanted.get(name), found.get(name)];
    if (got === undefined) return [{ path: name, differences: "it is not there" }];
    if (want === undefined) return [{ path: name, differences: "it is there, and is not without the fault" }];
    const differences = compareExactly(want, got);
    return differences === undefined ? [] : [{ path: name, differences }];
  });
}

/** @returns every object that was created or deleted more or less often than wanted */
export function compareLives(wanted: readonly TestedAction[], done: readonly TestedAction[]): readonly Unmet[] {
  const [want, did] = [livesIn(wanted), livesIn(done)];
  const texts = [...new Set([...want.keys(), ...did.keys()])].sort();
  return texts.flatMap((text): readonly Unmet[] => {
    const [expected, times] = [want.get(text) ?? 0, did.get(text) ?? 0];
    if (expected === times) return [];
    return [{ path: text, differences: `done ${times} times, and ${expected} times without the fault` }];
  });
}

function livesIn(actions: readonly TestedAction[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const action of actions) {
    if (action.action === "patch") continue;
    const text = actionText(action);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;
}

function contentOf(object: JsonObject): JsonObject {
  const metadata = Object.entries((object["metadata"] ?? {}) as JsonObject).filter(([name]) => !SERVER_MADE.has(name));
  const kept = metadata.flatMap(([name, value]): readonly (readonly [string, JsonValue])[] => {
    if (!isJsonObject(value) || (name !== "annotations" && name !== "labels")) return [[name, value]];
    const others = Object.entries(value).filter(([key]) => !key.startsWith(OWN_PREFIX));
    return others.length === 0 ? [] : [[name, Object.fromEntries(others)]];
  });
  const isMarked = textMember(member(object["metadata"], "annotations"), ANNOTATION.mark) !== "";
  return { ...object, metadata: Object.fromEntries(kept), isGoing: isGoing(object), isMarked };
}

function reportOf(trigger: JsonObject): JsonObject {
  const said = conditionsIn(trigger).map((condition) => {
    const { status: is, reason } = { status: textMember(condition, "status"), reason: textMember(condition, "reason") };
    return [textMember(condition, "type"), { status: is, reason }] as const;
  });
  return { conditions: Object.fromEntries(said), state: member(trigger["status"], "state") ?? null };
}

function nameText(object: JsonObject): string {
  const metadata = object["metadata"];
  const [namespace, name] = [textMember(metadata, "namespace"), textMember(metadata, "name")];
  const { group } = parseApiVersion(textMember(object, "apiVersion"));
  const kind = textMember(object, "kind");
  return objectText({ kind: group === "" ? kind : `${kind}.${group}`, namespace, name });
}

function mapped(object: JsonObject, change: (value: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}
