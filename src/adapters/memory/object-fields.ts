/** Pruning by schema: drops the fields that an object's kind does not have, as the API server does. */
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";

/** The fields a kind has, `true` for one that is kept whole. */
export interface FieldTree {
  readonly [field: string]: FieldTree | true;
}

/** Every object has these. */
const OF_ALL = { apiVersion: true, kind: true, metadata: true } as const;

/** @param fields - the kind's own, beside those of all objects; absent: the kind keeps everything */
export function prunedObject(object: JsonObject, fields: FieldTree | undefined): JsonObject {
  return fields === undefined ? object : (pruned(object, { ...OF_ALL, ...fields }) as JsonObject);
}

function pruned(value: JsonValue, fields: FieldTree): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => pruned(item, fields));
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).flatMap(([name, content]): [string, JsonValue][] => {
    const known = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (known === undefined) return [];
    return [[name, known === true ? content : pruned(content, known)]];
  });
  return Object.fromEntries(kept);
}
