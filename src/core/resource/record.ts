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
import { annotationOf } from "../object.ts";
import { ANNOTATION } from "../names.ts";
import type { KeyText } from "../object-key.ts";
import { isWithin, type KeyPath } from "./key-path.ts";
import type { ObjectIdentity } from "./mark.ts";
import { changeValues, hashOf, hashValues, recallValues, type Sensitive } from "./sensitive.ts";

/** What stands on an object about our last write. */
export interface AppliedRecord {
  /** The target as last sent; undefined when there is no record, or it cannot be read. */
  readonly applied: JsonObject | undefined;
  /** Where hashes stand in it for values. */
  readonly hashedPaths: readonly KeyPath[];
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

/**
 * In a record: the paths below which hashes stand for values. It is part of the record, so that whoever writes another
 * one (a worker of an earlier version) takes it away with the hashes.
 */
export const HASHED_PATHS = "koreo.dev/hashed-paths";

export function readRecord(observed: JsonObject): AppliedRecord {
  const annotations = member(member(observed, "metadata"), "annotations");
  const applied = parsed(textMember(annotations, ANNOTATION.lastApplied));
  const { [HASHED_PATHS]: hashed, ...values } = isJsonObject(applied) ? applied : {};
  return {
    applied: isJsonObject(applied) ? values : undefined,
    hashedPaths: keyPaths(hashed) ?? [],
    createPaths: keyPaths(parsed(textMember(annotations, ANNOTATION.createPaths))),
    appliedBy: textMember(annotations, ANNOTATION.appliedBy),
  };
}

/** An object to send, with Koreo's record of it; in that, hashes of what is sensitive. */
export function withRecord(body: JsonObject, sensitive?: Sensitive): JsonObject {
  const { [HASHED_PATHS]: _reserved, ...values } = body;
  const isOpen = sensitive === undefined || sensitive.paths.length === 0;
  const record = isOpen ? values : { ...hashValues(values, sensitive), [HASHED_PATHS]: sensitive.paths };
  return withAnnotation(body, ANNOTATION.lastApplied, formatJson(record));
}

/**
 * The record as comparisons need it: with values again where hashes stand for what the target has today.
 *
 * @param target - without directives
 */
export function comparableRecord(
  { applied, hashedPaths }: AppliedRecord,
  identity: ObjectIdentity,
  target: JsonObject,
): JsonObject | undefined {
  if (applied === undefined || hashedPaths.length === 0) return applied;
  return recallValues(applied, { paths: hashedPaths, identity }, target);
}

/**
 * The record that must replace the one on the object because that shows sensitive values: the same with hashes for them.
 * The original's records do, ours did, and so does one written before the author listed a path.
 *
 * @returns its text, or null where it cannot be read and has to go; undefined where nothing is to be hidden
 */
export function closedRecord(observed: JsonObject, sensitive: Sensitive): string | null | undefined {
  const { paths } = sensitive;
  const text = annotationOf(observed, ANNOTATION.lastApplied);
  if (text === "" || paths.length === 0) return undefined;
  const { applied, hashedPaths } = readRecord(observed);
  if (applied === undefined) return null;
  const shown: KeyPath[] = [];
  const closed = changeValues(applied, paths, (value, path) => {
    if (hashedPaths.some((outer) => isWithin(path, outer))) return value;
    shown.push(path);
    return hashOf(value, path, sensitive.identity);
  });
  return shown.length > 0 ? formatJson({ ...closed, [HASHED_PATHS]: [...hashedPaths, ...paths] }) : undefined;
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

function keyPaths(value: JsonValue | undefined): readonly KeyPath[] | undefined {
  return Array.isArray(value) ? (value as readonly JsonValue[]).flatMap(keyPath) : undefined;
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
