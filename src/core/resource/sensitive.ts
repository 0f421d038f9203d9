/**
 * Which values of an object are private, and what replaces them where they must not be shown: hashes in the record of
 * what we last sent, dots in messages. Sensitive are values under `data` and `stringData` of a Secret, and those the
 * author lists in `spec.sensitive`.
 */
import { base64 } from "../cel/text.ts";
import { canonicalText, hashText } from "../hash.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json.ts";
import { parseApiVersion } from "../object-key.ts";
import type { ResourceFunctionPlan } from "../plan/plan.ts";
import { isWithin, type KeyPath } from "./key-path.ts";
import type { ResourceTarget } from "./locate.ts";
import type { ObjectIdentity } from "./mark.ts";

/** What is sensitive in one object. */
export interface Sensitive {
  /** A path covers everything below it; lists on the way are entered without a part in the path. */
  readonly paths: readonly KeyPath[];
  /** Salts the hashes, so that equal values in two objects have different hashes. */
  readonly identity: ObjectIdentity;
}

const SECRET_PATHS: readonly KeyPath[] = [["data"], ["stringData"]];

export function sensitiveOf(plan: ResourceFunctionPlan, target: ResourceTarget): Sensitive {
  const { apiVersion, kind, namespace, name } = target;
  const { group } = parseApiVersion(apiVersion);
  return { paths: [...sensitiveOfKind(group, kind), ...plan.sensitive], identity: { group, kind, namespace, name } };
}

/** What is sensitive in every object of a kind, whoever writes it. */
export function sensitiveOfKind(group: string, kind: string): readonly KeyPath[] {
  return group === "" && kind === "Secret" ? SECRET_PATHS : [];
}

/** The object with hashes for the values at these paths; keys, lengths of lists and nulls stay. */
export function hashValues(object: JsonObject, { paths, identity }: Sensitive): JsonObject {
  return changeValues(object, paths, (value, path) => hashOf(value, path, identity));
}

/**
 * A hashed record with the values that can be recalled: those the object should have now. Any other value is NaN, which
 * equals nothing, so that no value is mistaken for the hash of another.
 *
 * @param target - without directives
 */
export function recallValues(record: JsonObject, { paths, identity }: Sensitive, target: JsonObject): JsonObject {
  const known = new Map<JsonValue, JsonValue>();
  changeValues(target, paths, (value, path) => {
    known.set(hashOf(value, path, identity), value);
    return value;
  });
  return changeValues(record, paths, (hash) => known.get(hash) ?? NaN);
}

type Scalar = string | number | bigint | boolean;

/** Replaces every value at or below these paths, except maps, lists and null. */
export function changeValues(
  object: JsonObject,
  paths: readonly KeyPath[],
  change: (value: Scalar, path: KeyPath) => JsonValue,
): JsonObject {
  if (paths.length === 0) return object;
  const within = (value: JsonValue, path: KeyPath): JsonValue => {
    if (Array.isArray(value)) return (value as readonly JsonValue[]).map((inner) => within(inner, path));
    if (isJsonObject(value)) return map(value, path);
    return value !== null && paths.some((outer) => isWithin(path, outer)) ? change(value as Scalar, path) : value;
  };
  const map = (value: JsonObject, path: KeyPath): JsonObject =>
    Object.fromEntries(
      Object.entries(value).map(([name, inner]) => {
        const here = [...path, name];
        const isConcerned = paths.some((outer) => isWithin(here, outer) || isWithin(outer, here));
        return [name, isConcerned ? within(inner, here) : inner];
      }),
    );
  return map(object, []);
}

/** The hash for a value; it depends on the object, the path and the value. */
export function hashOf(value: JsonValue, path: KeyPath, { group, kind, namespace, name }: ObjectIdentity): string {
  return `sha256:${hashText(canonicalText([group, kind, namespace, name, path, value]))}`;
}

/** Shorter pieces of a value may occur in a message by chance. */
const PIECE = 6;

/**
 * A message of the API server about an object, with dots for sensitive values that it repeats: whole ones between
 * quotation marks or spaces, and any piece of six characters or more (old servers quote bodies from the middle of a
 * value). An admission webhook may quote a value in another form than was sent: see `formsOf`.
 *
 * @param objects - what was sent, and what existed (null: nothing): a webhook sees both, merged
 */
export function hideValuesIn(
  message: string,
  objects: readonly (JsonObject | null)[],
  paths: readonly KeyPath[],
): string {
  const values = new Set<string>();
  for (const object of objects) {
    changeValues(object ?? {}, paths, (value) => {
      for (const form of formsOf(String(value))) values.add(form);
      return value;
    });
  }
  if (values.size === 0) return message;

  const pieces = new Map<string, number[]>();
  for (let at = 0; at + PIECE <= message.length; at += 1) {
    const piece = message.slice(at, at + PIECE);
    pieces.set(piece, [...(pieces.get(piece) ?? []), at]);
  }
  const hidden = new Uint8Array(message.length);
  for (const value of values) {
    if (value.length < PIECE) hideWhole(message, value, hidden);
    for (let at = 0; at + PIECE <= value.length; at += 1) {
      for (const place of pieces.get(value.slice(at, at + PIECE)) ?? []) hidden.fill(1, place, place + PIECE);
    }
  }
  return dotted(message, hidden);
}

/** A value as it is, encoded in base64 (`stringData` becomes `data`) and decoded, each also as JSON escapes it. */
function formsOf(value: string): readonly string[] {
  const decoded = textFromBase64(value);
  const plain = [value, base64(new TextEncoder().encode(value)), ...(decoded === undefined ? [] : [decoded])];
  return plain.flatMap((text) => {
    const escaped = JSON.stringify(text).slice(1, -1);
    return [text, escaped, escaped.replace(/[<>&]/g, (letter) => GO_ESCAPES[letter] ?? letter)];
  });
}

/** Characters that Go's encoder escapes and ours does not. */
const GO_ESCAPES: Readonly<Record<string, string>> = { "<": "\\u003c", ">": "\\u003e", "&": "\\u0026" };

/** Undefined when the value is not base64, or holds no text: nobody quotes bytes. */
function textFromBase64(value: string): string | undefined {
  if (value.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return undefined;
  try {
    const bytes = Uint8Array.from(atob(value), (unit) => unit.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined; // not base64 after all, or not UTF-8
  }
}

function hideWhole(message: string, value: string, hidden: Uint8Array): void {
  if (value === "") return;
  const isEdge = (letter: string | undefined) => letter === undefined || !/[\p{L}\p{N}_-]/u.test(letter);
  for (let at = message.indexOf(value); at >= 0; at = message.indexOf(value, at + 1)) {
    const end = at + value.length;
    if (isEdge(message[at - 1]) && isEdge(message[end])) hidden.fill(1, at, end);
  }
}

function dotted(message: string, hidden: Uint8Array): string {
  let shown = "";
  for (let at = 0; at < message.length; at += 1) {
    if (hidden[at] === 0) shown += message[at] ?? "";
    else if (at === 0 || hidden[at - 1] === 0) shown += "...";
  }
  return shown;
}
