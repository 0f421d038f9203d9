/**
 * Judges a cluster after the trouble, from what the API server has and what users wanted, and nothing else: keys lost,
 * writes of an older edit left standing, orphans, foreign objects touched. Pure; every finding is a sentence.
 */
import { contentHash } from "../../src/core/hash.ts";
import { isJsonObject, member, memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import { ANNOTATION } from "../../src/core/names.ts";
import { parseInventory } from "../../src/core/resource/inventory.ts";
import { markHolder } from "../../src/core/resource/mark.ts";
import type { ResourceType } from "../../src/engine/ports/object-store.ts";
import { expectedOf, holds, tokenIn, tokenOf, type WantedTrigger } from "./expected.ts";
import { NAMESPACE, placeOf } from "./kinds.ts";
import type { PlatformState } from "./platform.ts";

/** One object as the API server has it. */
export interface Found {
  readonly type: ResourceType;
  readonly object: JsonObject;
}

/** A foreign object as it was before the trouble. */
export interface Foreign {
  readonly place: string;
  readonly fingerprint: string;
}

export interface Evidence {
  readonly state: PlatformState;
  /** Every trigger that its user wants to be there. */
  readonly wanted: readonly WantedTrigger[];
  /** Every object of every kind of the run, triggers too. */
  readonly found: ReadonlyMap<string, Found>;
  readonly foreign: readonly Foreign[];
}

/** Findings, as sentences; each list is empty when all is well. */
export interface Verdict {
  /** One for each trigger whose objects or status do not answer its last spec. */
  readonly lost: readonly string[];
  /** One for each object that carries the content of an older edit. */
  readonly superseded: readonly string[];
  readonly orphans: readonly string[];
  readonly foreign: readonly string[];
}

/** Namespaces are shared and hold what others keep: without a delete policy nobody takes them away with a trigger. */
const MAY_OUTLIVE: ReadonlySet<string> = new Set([NAMESPACE.kind]);

export function judge(evidence: Evidence): Verdict {
  return {
    lost: evidence.wanted.flatMap((trigger) => {
      const why = unansweredBy(trigger, evidence);
      return why === undefined ? [] : [`${placeText(trigger)}: ${why}`];
    }),
    superseded: evidence.wanted.flatMap((trigger) => supersededOf(trigger, evidence)),
    orphans: [...orphanedObjects(evidence), ...undeadTriggers(evidence)],
    foreign: touchedOf(evidence),
  };
}

export function isClean(verdict: Verdict): boolean {
  return Object.values(verdict).every((findings: readonly string[]) => findings.length === 0);
}

/**
 * Whether a trigger is Ready for the spec its user wrote last, and its objects are as that spec says.
 *
 * @returns undefined, or the first thing that is not so
 */
export function unansweredBy(
  trigger: WantedTrigger,
  { state, found }: Pick<Evidence, "state" | "found">,
): string | undefined {
  const object = found.get(placeText(trigger))?.object;
  if (object === undefined) return "is not there";
  const metadata = member(object, "metadata");
  if (textMember(metadata, "uid") !== trigger.uid) return "is another object of its name";
  if (textMember(metadata, "deletionTimestamp") !== "") return "is being deleted";
  const generation = Number(member(metadata, "generation"));
  if (generation !== trigger.generation) return `is of generation ${generation}, not ${trigger.generation}`;
  const ready = conditionOf(object, "Ready");
  if (ready === undefined) return "has no Ready condition";
  if (textMember(ready, "status") !== "True")
    return `is not Ready: ${textMember(ready, "reason")}, ${textMember(ready, "message")}`;
  for (const observed of [memberAt(object, ["status", "observedGeneration"]), member(ready, "observedGeneration")])
    if (Number(observed) !== generation) return `speaks of generation ${Number(observed)}, not ${generation}`;
  for (const expected of expectedOf(trigger, state)) {
    const there = found.get(expected.place)?.object;
    if (there === undefined) return `${expected.place} is missing`;
    if (memberAt(there, ["metadata", "deletionTimestamp"]) !== undefined) return `${expected.place} is being deleted`;
    if (!holds(there, expected.content))
      return `${expected.place} holds ${tokenIn(there) ?? "no token"}, not ${JSON.stringify(expected.content)}`;
  }
  return undefined;
}

/** Objects of a trigger that answer an older edit of it. */
function supersededOf(trigger: WantedTrigger, { state, found }: Evidence): readonly string[] {
  return expectedOf(trigger, state).flatMap(({ place }) => {
    const token = tokenIn(found.get(place)?.object ?? {});
    const edit = /^(.+)\.(\d+)$/.exec(token ?? "");
    if (edit?.[1] !== trigger.name || Number(edit[2]) >= trigger.edit) return [];
    return [`${place} holds ${token ?? ""}, which ${tokenOf(trigger)} has replaced`];
  });
}

/** Objects we created whose trigger is gone, does not know of them, or does not want them any more. */
function orphanedObjects({ state, wanted, found, foreign }: Evidence): readonly string[] {
  const triggers = new Map([...found].map(([, each]) => [uidOf(each.object), each.object]));
  const expected = new Set(wanted.flatMap((trigger) => expectedOf(trigger, state).map(({ place }) => place)));
  const ofOthers = new Set(foreign.map(({ place }) => place));
  return [...found].flatMap(([place, { type, object }]) => {
    if (ofOthers.has(place)) return [];
    const [namespace, name] = [textMember(metadataOf(object), "namespace"), textMember(metadataOf(object), "name")];
    const holder = markHolder(object, { group: type.group, kind: type.kind, namespace, name });
    if (holder === undefined || MAY_OUTLIVE.has(type.kind)) return [];
    const trigger = triggers.get(holder.uid);
    if (trigger === undefined) return [`${place} is left of ${holder.trigger}, which is gone`];
    const annotations = member(metadataOf(trigger), "annotations");
    const inventory = parseInventory(textMember(annotations, ANNOTATION.inventory), holder.uid);
    const isNamed = inventory.some(
      (entry) => placeOf(entry, entry.namespace, entry.name) === place && entry.group === type.group,
    );
    if (!isNamed) return [`${place} is not in the inventory of ${holder.trigger}`];
    return expected.has(place) ? [] : [`${place} is kept by ${holder.trigger}, which does not want it`];
  });
}

/** Triggers that their users deleted and that are still there. */
function undeadTriggers({ wanted, found }: Evidence): readonly string[] {
  const places = new Set(wanted.map(placeText));
  return [...found].flatMap(([place, { type, object }]) => {
    if (!type.hasStatus || places.has(place)) return [];
    const finalizers = member(metadataOf(object), "finalizers");
    return [`${place} was deleted and is still there, with the finalizers ${JSON.stringify(finalizers ?? [])}`];
  });
}

function touchedOf({ foreign, found }: Evidence): readonly string[] {
  return foreign.flatMap(({ place, fingerprint }) => {
    const object = found.get(place)?.object;
    if (object === undefined) return [`${place} is gone`];
    return fingerprintOf(object) === fingerprint ? [] : [`${place} was changed`];
  });
}

/** Tells any change of an object: its content, its uid and its resourceVersion. */
export function fingerprintOf(object: JsonObject): string {
  return contentHash(object);
}

/** Where the trigger is, as evidence names places. */
export function placeText({ type, namespace, name }: Pick<WantedTrigger, "type" | "namespace" | "name">): string {
  return placeOf(type, namespace, name);
}

function conditionOf(object: JsonObject, type: string): JsonObject | undefined {
  const conditions = memberAt(object, ["status", "conditions"]);
  if (!Array.isArray(conditions)) return undefined;
  return (conditions as readonly unknown[])
    .filter((each): each is JsonObject => isJsonObject(each as JsonObject))
    .find((each) => textMember(each, "type") === type);
}

function uidOf(object: JsonObject): string {
  return textMember(metadataOf(object), "uid");
}

function metadataOf(object: JsonObject) {
  return member(object, "metadata");
}
