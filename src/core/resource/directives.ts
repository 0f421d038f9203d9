/**
 * The compare directives an author may put into any map of a target. They say how to compare the members of that map;
 * they are removed before sending, and do not count as differences.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../json.ts";

const AS_SET = "x-koreo-compare-as-set";
const AS_MAP = "x-koreo-compare-as-map";
const LAST_APPLIED = "x-koreo-compare-last-applied";
const DIRECTIVES: ReadonlySet<string> = new Set([AS_SET, AS_MAP, LAST_APPLIED]);

/** How the members of one map are compared. */
export interface Directives {
  readonly asSet: ReadonlySet<string>;
  /** Member -> the fields that form a list element's key. */
  readonly asMap: ReadonlyMap<string, readonly string[]>;
  /** Members that are compared with what we last sent instead of their present value. */
  readonly lastApplied: ReadonlySet<string>;
}

export function isDirective(name: string): boolean {
  return DIRECTIVES.has(name);
}

/** The directives of one map, without blank names. */
export function directivesOf(map: JsonObject): Directives {
  const asMap = map[AS_MAP];
  const fields = isJsonObject(asMap) ? Object.entries(asMap).filter(([name]) => name.trim() !== "") : [];
  return {
    asSet: new Set(names(map[AS_SET])),
    asMap: new Map(fields.map(([name, keys]) => [name, names(keys)])),
    lastApplied: new Set(names(map[LAST_APPLIED])),
  };
}

/** The value without directives at any depth; shares unchanged parts. */
export function withoutDirectives(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(withoutDirectives);
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([name]) => !isDirective(name));
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutDirectives(inner)]));
}

function names(value: JsonValue | undefined): readonly string[] {
  if (!Array.isArray(value)) return [];
  return (value as readonly JsonValue[]).flatMap((name) =>
    typeof name === "string" && name.trim() !== "" ? [name.trim()] : [],
  );
}
