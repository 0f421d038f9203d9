/**
 * What a simulation with faults must have come to: the same objects as without, nothing lost, nothing of a superseded run
 * left standing, no orphan, no foreign object touched, nothing made twice, and silence.
 */
import { isJsonObject, member, memberAt, textMember, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { ANNOTATION } from "../../src/core/names.ts";
import { parseKey, type KeyText, type ObjectKey } from "../../src/core/object-key.ts";
import { uidOf } from "../../src/core/object.ts";
import { parseInventory } from "../../src/core/resource/inventory.ts";
import { markHolder } from "../../src/core/resource/mark.ts";
import { checkHistory, lateWrites } from "./check-history.ts";
import type { HistoryEvent } from "./history.ts";
import type { Scenario } from "./scenario.ts";
import type { World } from "./world.ts";

export type Trouble = "lost" | "superseded" | "orphaned" | "foreign" | "other";

export interface Finding {
  readonly trouble: Trouble;
  readonly message: string;
}

/** How a simulation ended, free of what differs from one to the next: names given by the server, and times. */
export interface Ending {
  /** Object -> its content as text. */
  readonly objects: ReadonlyMap<KeyText, string>;
  /** Object -> how often we deleted one of its name. */
  readonly deletes: ReadonlyMap<KeyText, number>;
}

export function endingOf({ audit, history }: World): Ending {
  const objects = [...audit.objects()].map(([key, object]) => [key, comparable(object, audit)] as const);
  const deletes = new Map<KeyText, number>();
  for (const event of history.events) {
    if (event.kind === "write" && event.verb === "delete")
      deletes.set(event.object, (deletes.get(event.object) ?? 0) + 1);
  }
  return { objects: new Map(objects.sort()), deletes };
}

/** @param wanted - how the simulation without faults ended */
export function judge(world: World, scenario: Scenario, wanted: Ending): readonly Finding[] {
  return [
    ...world.bugs.map((bug): Finding => ({ trouble: "other", message: `a bug was thrown: ${bug}` })),
    ...differences(world, wanted),
    ...orphans(world),
    ...touched(world, scenario),
    ...outOfOrder(world, scenario),
    ...untrue(world),
    ...checkHistory(world.history.events, world.nowMs).map(({ law, message }): Finding => {
      const trouble = law === "lost wish" ? "lost" : law === "superseded write" ? "superseded" : "other";
      return { trouble, message: `${law}: ${message}` };
    }),
  ];
}

/** What the scenario says of the end, for the simulation without faults. */
export function judgeEnd({ audit }: World, { ends, ready }: Scenario): readonly string[] {
  const names = new Map([...audit.objects()].map(([key, object]) => [nameOf(key), object]));
  const missing = ends.filter((end) => (end.startsWith("!") ? names.has(end.slice(1)) : !names.has(end)));
  const conditions = Object.entries(ready).flatMap(([name, reason]) => {
    const said = readyReason(names.get(name));
    return said === reason ? [] : [`${name} is ${said}, not ${reason}`];
  });
  return [...missing.map((end) => `not so in the end: ${end}`), ...conditions];
}

function differences(world: World, wanted: Ending): readonly Finding[] {
  const found = endingOf(world);
  const late = new Set(lateWrites(world.history.events).map(({ object }) => object));
  const findings: Finding[] = [];
  for (const key of new Set([...wanted.objects.keys(), ...found.objects.keys()])) {
    const [want, got] = [wanted.objects.get(key), found.objects.get(key)];
    if (want === got) continue;
    const trouble = late.has(key) ? "superseded" : "lost";
    findings.push({ trouble, message: `${key} is not as without faults: ${howDifferent(want, got)}` });
  }
  for (const [key, deletes] of found.deletes) {
    if (wanted.objects.has(key) && deletes > (wanted.deletes.get(key) ?? 0))
      findings.push({ trouble: "other", message: `${key} was deleted and made again` });
  }
  return findings;
}

const SHOWN = 160;

/** The texts from where they part. */
function howDifferent(want: string | undefined, got: string | undefined): string {
  if (want === undefined) return `it is there: ${(got ?? "").slice(0, SHOWN)}`;
  if (got === undefined) return "it is missing";
  let at = 0;
  while (want[at] === got[at]) at += 1;
  const from = Math.max(0, at - SHOWN / 2);
  return `\n    wanted …${want.slice(from, from + SHOWN)}\n    found  …${got.slice(from, from + SHOWN)}`;
}

/** Marked objects that nobody will ever come back for. */
function orphans({ audit }: World): readonly Finding[] {
  const objects = audit.objects();
  return [...objects].flatMap(([key, object]): readonly Finding[] => {
    const parts = parseKey(key);
    const holder = parts === undefined ? undefined : markHolder(object, parts);
    // What an author wants left, or never asked to be deleted, is no orphan.
    if (holder === undefined || !(holder.policy === "destroy" || hasOwners(object))) return [];
    if ([...objects].some(([other, each]) => other !== holder.trigger && isKeptBy(each, parts))) return [];
    const trigger = objects.get(holder.trigger as KeyText);
    if (trigger === undefined || textMember(member(trigger, "metadata"), "uid") !== holder.uid)
      return [{ trouble: "orphaned", message: `${key} is left of ${holder.trigger}, which is gone` }];
    return isKeptBy(trigger, parts)
      ? []
      : [{ trouble: "orphaned", message: `${key} is not in the inventory of ${holder.trigger}` }];
  });
}

/** Its inventory names the object, and not only to read it. */
function isKeptBy(trigger: JsonObject, object: ObjectKey | undefined): boolean {
  const text = textMember(memberAt(trigger, ["metadata", "annotations"]), ANNOTATION.inventory);
  const entries = parseInventory(text, uidOf(trigger));
  return entries.some(({ kind, name, readonly }) => kind === object?.kind && name === object.name && !readonly);
}

function hasOwners(object: JsonObject): boolean {
  return memberAt(object, ["metadata", "ownerReferences"]) !== undefined;
}

function touched({ history }: World, { untouched = [] }: Scenario): readonly Finding[] {
  const names = new Set(untouched);
  return history.events.flatMap((event): readonly Finding[] =>
    event.kind === "write" && names.has(nameOf(event.object))
      ? [{ trouble: "foreign", message: `${event.by} sent a ${event.verb} to ${event.object}` }]
      : [],
  );
}

/** Deletes of ours that came while something stood that was to go first. */
function outOfOrder({ history }: World, { goesBefore = [] }: Scenario): readonly Finding[] {
  return goesBefore.flatMap(([first, second]): readonly Finding[] => {
    let stands = false;
    const early: Finding[] = [];
    for (const event of history.events) {
      const name = event.kind === "write" || event.kind === "gone" ? nameOf(event.object) : "";
      if (name === first && !isDelete(event)) stands = event.kind !== "gone";
      if (name === second && isDelete(event) && stands)
        early.push({ trouble: "other", message: `${second} was deleted while ${first} stood` });
    }
    return early;
  });
}

function isDelete(event: HistoryEvent): boolean {
  return event.kind === "write" && event.verb === "delete";
}

/** A status speaks of the generation that stands there. */
function untrue({ audit }: World): readonly Finding[] {
  return [...audit.objects()].flatMap(([key, object]): readonly Finding[] => {
    const observed = memberAt(object, ["status", "observedGeneration"]);
    const generation = memberAt(object, ["metadata", "generation"]);
    if (observed === undefined || observed === generation) return [];
    const message = `${key}: its status is about generation ${JSON.stringify(observed)}, not ${JSON.stringify(generation)}`;
    return [{ trouble: "lost", message }];
  });
}

export function nameOf(key: KeyText): string {
  const { kind = "", name = "" } = parseKey(key) ?? {};
  return `${kind}/${name}`;
}

function readyReason(object: JsonObject | undefined): string {
  const conditions = memberAt(object, ["status", "conditions"]);
  const all = Array.isArray(conditions) ? (conditions as readonly JsonValue[]) : [];
  return textMember(
    all.find((each) => isJsonObject(each) && textMember(each, "type") === "Ready"),
    "reason",
  );
}

const SERVER_MADE = ["uid", "resourceVersion", "creationTimestamp", "generation"];
const UID = /00000000-0000-4000-8000-[0-9a-f]{12}/g;
/** What a create is signed with, in the mark. */
const REQUEST = /,\\"request\\":\\"\w*\\"/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;

function comparable(object: JsonObject, audit: World["audit"]): string {
  const { metadata, status, ...content } = withRecord(object);
  const kept = Object.entries(isJsonObject(metadata) ? metadata : {}).filter(([name]) => !SERVER_MADE.includes(name));
  const said = isJsonObject(status) ? Object.entries(status).filter(([name]) => name !== "observedGeneration") : [];
  const text = JSON.stringify(
    { ...content, metadata: Object.fromEntries(kept.sort()), status: Object.fromEntries(said) },
    sorted,
  );
  return text
    .replace(REQUEST, "")
    .replace(UID, (uid) => audit.nameOfUid(uid) ?? "nobody")
    .replace(TIME, "some time");
}

/** A record after a create tells of the owner, one after a patch does not: both are what was sent. */
function withRecord(object: JsonObject): JsonObject {
  const metadata = (object["metadata"] ?? {}) as JsonObject;
  const annotations = (metadata["annotations"] ?? {}) as JsonObject;
  const record = annotations[ANNOTATION.lastApplied];
  if (typeof record !== "string") return object;
  const sent = JSON.parse(record) as JsonObject;
  const { ownerReferences: _owners, ...rest } = (sent["metadata"] ?? {}) as JsonObject;
  const text = JSON.stringify({ ...sent, metadata: rest }, sorted);
  return { ...object, metadata: { ...metadata, annotations: { ...annotations, [ANNOTATION.lastApplied]: text } } };
}

function sorted(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
}
