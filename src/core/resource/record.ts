/**
 * The record of what we last sent, kept on the object: it tells which keys we set before and want no more. Only a record
 * that we wrote may remove anything; `koreo.dev/create-paths` beside it is the sign, for the original's records mix in
 * values that belong to the create alone.
 */
import {
  formatJson,
  isJsonObject,
  jsonEqual,
  member,
  parseJson,
  textMember,
  type JsonObject,
  type JsonValue,
} from "../json.ts";
import { ANNOTATION } from "../names.ts";
import type { KeyText } from "../object-key.ts";

/** What stands on an object about our last write. */
export interface AppliedRecord {
  /** The target as last sent; undefined when there is no record, or it cannot be read. */
  readonly applied: JsonObject | undefined;
  /** Paths set by `create.overlay` alone; undefined when the record is not ours. */
  readonly createPaths: readonly KeyPath[] | undefined;
  /** Who wrote it, see `writerText`; "" when it does not say. */
  readonly appliedBy: string;
}

/** Who writes a record: one step of one trigger, by its labels from the outermost on. */
export interface RecordWriter {
  readonly trigger: KeyText;
  readonly step: string;
}

/** Names of map keys from the root. */
export type KeyPath = readonly string[];

export function readRecord(observed: JsonObject): AppliedRecord {
  const annotations = member(member(observed, "metadata"), "annotations");
  const applied = parsed(textMember(annotations, ANNOTATION.lastApplied));
  const paths = parsed(textMember(annotations, ANNOTATION.createPaths));
  return {
    applied: isJsonObject(applied) ? applied : undefined,
    createPaths: Array.isArray(paths) ? (paths as readonly JsonValue[]).flatMap(keyPath) : undefined,
    appliedBy: textMember(annotations, ANNOTATION.appliedBy),
  };
}

/** An object to send, with Koreo's record of it. */
export function withRecord(body: JsonObject): JsonObject {
  return withAnnotation(body, ANNOTATION.lastApplied, formatJson(body));
}

/** Our signs beside the record; they are no part of the record itself. */
export function withSigns(body: JsonObject, paths: readonly KeyPath[], writer?: RecordWriter): JsonObject {
  const signed = withAnnotation(body, ANNOTATION.createPaths, JSON.stringify(paths));
  return writer === undefined ? signed : withAnnotation(signed, ANNOTATION.appliedBy, writerText(writer));
}

/**
 * Whether the record is that of somebody else who keeps the object too: another trigger, or another step of the same one.
 * It says nothing about what we set before; taking its keys off would undo what the other does, again and again.
 *
 * @param isStep - whether the trigger has such a step today; the record of one that was renamed or removed is ours
 */
export function isRecordOfAnother(
  observed: JsonObject,
  writer: RecordWriter,
  isStep: (path: string) => boolean,
): boolean {
  const { appliedBy } = readRecord(observed);
  if (appliedBy === "" || appliedBy === writerText(writer)) return false;
  const [trigger = "", step = ""] = appliedBy.split(" ");
  return trigger !== writer.trigger || isStep(step);
}

function writerText({ trigger, step }: RecordWriter): string {
  return `${trigger} ${step}`;
}

/** The paths of a create's body that its target does not have: the values `create.overlay` alone has set. */
export function pathsBeyond(body: JsonObject, target: JsonObject): readonly KeyPath[] {
  return Object.entries(body).flatMap(([name, value]): readonly KeyPath[] => {
    if (!Object.hasOwn(target, name)) return [[name]];
    const wanted = target[name];
    if (isJsonObject(value) && isJsonObject(wanted)) return pathsBeyond(value, wanted).map((path) => [name, ...path]);
    return jsonEqual(value, wanted) ? [] : [[name]];
  });
}

/**
 * Keys we once set, want no more, and the object still has.
 *
 * @param target - without directives
 * @returns paths of map keys; none unless the record is ours
 */
export function keysToRemove(target: JsonObject, observed: JsonObject): readonly KeyPath[] {
  const { applied, createPaths } = readRecord(observed);
  if (applied === undefined || createPaths === undefined) return [];
  const isKept = (path: KeyPath) => isNeverRemoved(path) || createPaths.some((kept) => isWithin(path, kept));
  return surplus(applied, target, observed, [], isKept);
}

/** A merge patch that removes these keys. */
export function removal(paths: readonly KeyPath[]): JsonObject {
  return paths.reduce<JsonObject>((patch, path) => removing(patch, path), {});
}

function removing(patch: JsonObject, [name = "", ...rest]: KeyPath): JsonObject {
  if (rest.length === 0) return { ...patch, [name]: null };
  const inner = member(patch, name);
  return { ...patch, [name]: removing(isJsonObject(inner) ? inner : {}, rest) };
}

function surplus(
  applied: JsonObject,
  target: JsonObject,
  observed: JsonObject,
  path: KeyPath,
  isKept: (path: KeyPath) => boolean,
): readonly KeyPath[] {
  return Object.entries(applied).flatMap(([name, value]): readonly KeyPath[] => {
    const [wanted, actual] = [member(target, name), member(observed, name)];
    const here = [...path, name];
    if (actual === undefined || (wanted !== undefined && !isJsonObject(wanted))) return [];
    const isGone = wanted === undefined && !isKept(here);
    if (!isJsonObject(value) || !isJsonObject(actual)) return isGone ? [here] : [];
    const inside = surplus(value, wanted ?? {}, actual, here, isKept);
    // Of a map that is wanted no more only our keys go: others may have put theirs in. With nothing else in it, it goes.
    const isAll = Object.keys(actual).every((key) =>
      inside.some((each) => each.length === here.length + 1 && each.at(-1) === key),
    );
    return isGone && isAll ? [here] : inside;
  });
}

/** Identity, references and holds on an object are nobody's to remove here, nor are our own keys. */
function isNeverRemoved([first, second, third]: KeyPath): boolean {
  if (first === "apiVersion" || first === "kind") return true;
  if (first !== "metadata") return false;
  if (second === undefined || ["name", "namespace", "ownerReferences", "finalizers"].includes(second)) return true;
  return third?.startsWith("koreo.dev/") ?? false;
}

function isWithin(path: KeyPath, outer: KeyPath): boolean {
  return outer.length <= path.length && outer.every((name, index) => path[index] === name);
}

function withAnnotation(body: JsonObject, name: string, text: string): JsonObject {
  const metadata = member(body, "metadata");
  const annotations = member(metadata, "annotations");
  return {
    ...body,
    metadata: {
      ...(isJsonObject(metadata) ? metadata : {}),
      annotations: { ...(isJsonObject(annotations) ? annotations : {}), [name]: text },
    },
  };
}

function keyPath(value: JsonValue): readonly KeyPath[] {
  if (!Array.isArray(value)) return [];
  const names = (value as readonly JsonValue[]).filter((name) => typeof name === "string");
  return names.length > 0 ? [names] : [];
}

function parsed(text: string): JsonValue | undefined {
  if (text === "") return undefined;
  try {
    return parseJson(text);
  } catch {
    return undefined; // edited by somebody: then there is no record
  }
}
