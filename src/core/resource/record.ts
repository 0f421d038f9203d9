/**
 * The record of what we last sent, on the object: it tells which keys we set before and no longer want. Only a record
 * that we wrote may remove anything. `koreo.dev/create-paths` beside it shows that, because the original's records also
 * contain values that belong only to the create.
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

/** What an object says about our last write. */
export interface AppliedRecord {
  /** The target as last sent; undefined when there is no record, or it is unreadable. */
  readonly applied: JsonObject | undefined;
  /** Paths where it has hashes instead of values. */
  readonly hashedPaths: readonly KeyPath[];
  /** Paths set only by `create.overlay`; undefined when the record is not ours. */
  readonly createPaths: readonly KeyPath[] | undefined;
  /** Who wrote it, see `writerText`; "" when unknown. */
  readonly appliedBy: string;
}

/** The writer of a record: one step of one trigger, by its labels, outermost first. */
export interface RecordWriter {
  readonly trigger: KeyText;
  readonly step: string;
}

/**
 * In a record: the paths below which values are hashes. It is part of the record, so that any other writer (a worker of
 * an earlier version) replaces it together with the hashes.
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

/** An object to send, with Koreo's record of it; the record has hashes of sensitive values. */
export function withRecord(body: JsonObject, sensitive?: Sensitive): JsonObject {
  const { [HASHED_PATHS]: _reserved, ...values } = body;
  const isOpen = sensitive === undefined || sensitive.paths.length === 0;
  const record = isOpen ? values : { ...hashValues(values, sensitive), [HASHED_PATHS]: sensitive.paths };
  return withAnnotation(body, ANNOTATION.lastApplied, formatJson(record));
}

/**
 * The record for comparisons: a hash of a value that the target has now becomes that value again.
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
 * The record that must replace the present one because that shows sensitive values: the same with hashes for them. The
 * original's records show them, as ours did, and so does one written before the author listed a path.
 *
 * @returns its text; null when it is unreadable and must go; undefined when nothing is to be hidden
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

/** Adds our annotations beside the record; they are no part of the record itself. */
export function withSigns(body: JsonObject, paths: readonly KeyPath[], writer?: RecordWriter): JsonObject {
  const signed = withAnnotation(body, ANNOTATION.createPaths, JSON.stringify(paths));
  return writer === undefined ? signed : withAnnotation(signed, ANNOTATION.appliedBy, writerText(writer));
}

/**
 * Whether another writer that also manages the object wrote the record: another trigger, or another step of the same
 * one. Such a record does not tell what we set; removing its keys would undo the other's writes again and again.
 *
 * @param isStep - whether the trigger has such a step now; the record of a renamed or removed step is ours
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

/** The paths in a create's body that its target lacks: the values that only `create.overlay` sets. */
export function pathsBeyond(body: JsonObject, target: JsonObject): readonly KeyPath[] {
  return Object.entries(body).flatMap(([name, value]): readonly KeyPath[] => {
    if (!Object.hasOwn(target, name)) return [[name]];
    const wanted = target[name];
    if (isJsonObject(value) && isJsonObject(wanted)) return pathsBeyond(value, wanted).map((path) => [name, ...path]);
    return jsonEqual(value, wanted) ? [] : [[name]];
  });
}

/**
 * Keys that we once set and no longer want, and that the object still has.
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
    // Of an unwanted map only our keys go, because others may have added theirs. With nothing else in it, the map goes.
    const isAll = Object.keys(actual).every((key) =>
      inside.some((each) => each.length === here.length + 1 && each.at(-1) === key),
    );
    return isGone && isAll ? [here] : inside;
  });
}

/** Nobody may remove identity, references and finalizers of an object here, nor our own keys. */
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
    return undefined; // somebody edited it, so there is no record
  }
}
