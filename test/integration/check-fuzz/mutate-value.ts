/** Manifests that are nearly right: one change somewhere in a good one, drawn by chance. */
import { isJsonObject, type JsonObject, type JsonValue } from "../../../src/core/json.ts";
import { put } from "../../../src/core/cel/maps.ts";
import type { Value } from "../../../src/core/cel/value.ts";
import type { SeededRandom } from "../../support/seeded-random.ts";

type Path = readonly (string | number)[];
type Change = (value: JsonValue, random: SeededRandom) => JsonValue | undefined;

/** What stands where something else should. */
const STRANGERS: readonly JsonValue[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e18,
    1e20,
    -1e20,
    2 ** 53,
    2n ** 63n - 1n,
    2n ** 63n,
    2n ** 64n,
    -(2 ** 63),
    -(2n ** 63n) - 1n,
    1e-7,
  ],
  ...[
    "",
    " ",
    "text",
    "=",
    "==",
    "=1",
    "=1 +",
    "=inputs",
    "=inputs.a.b",
    "=locals.nope",
    "=steps.x",
    "true",
    "y",
    "no",
    "1",
  ],
  ...[
    "0777",
    "1e3",
    "null",
    "~",
    "2026-01-01",
    "=x".repeat(9),
    "=[" + "(".repeat(300),
    "=" + "!".repeat(2000) + "true",
  ],
  ...[[], {}, [null], { a: null }, [[]], [1, "a", {}], { "": "" }, { a: { b: [{}] } }],
];
const ODD_TEXTS = [
  "é",
  "e\u0301",
  "😀",
  "\u202e",
  "\u200d",
  "\ufeff",
  "\u0000",
  "\u0007",
  "\ud800",
  "\udc00x",
  "\ufffe",
  "\u2028",
  "\u0085",
  "ﬀ",
  "İ",
  "ß",
  "\u{10ffff}",
  "a\tb",
  "a\r\nb",
  "\\",
  '"',
  "'",
  "{}",
  "#",
];
const PROTOTYPE_KEYS = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "toJSON",
  "then",
  "length",
];

const CHANGES: Readonly<Record<string, Change>> = {
  "another type": (_value, random) => random.pick(STRANGERS),
  "a key dropped": (value, random) => withoutKey(value, random),
  "a key misspelt": (value, random) => renamed(value, random, (key) => misspelt(key, random)),
  "a key of JavaScript": (value, random) => withKey(value, random.pick(PROTOTYPE_KEYS) ?? "", stranger(random)),
  "a key nobody knows": (value, random) =>
    withKey(value, random.pick(["later", "Spec", "x-koreo-compare-as-set", "a.b/c"]) ?? "", stranger(random)),
  "an odd key": (value, random) => withKey(value, random.pick(ODD_TEXTS) ?? "", 1),
  "an odd text": (_value, random) =>
    `${random.pick(["", "=", "a", "='"])}${random.pick(ODD_TEXTS)}${random.pick(["", "b", "'"])}`,
  "a text garbled": (value, random) => (typeof value === "string" ? garbled(value, random) : undefined),
  "a huge text": (_value, random) =>
    `${random.pick(["", "=", "='"])}${"x".repeat(random.pick([46, 64, 254, 5000, 70_000]) ?? 0)}`,
  "deep nesting": (value, random) => nested(value, random.pick([2, 20, 150, 199, 250, 900]) ?? 0, random.chance(0.5)),
  "a list repeated": (value, random) =>
    Array.isArray(value) ? Array.from({ length: 1 + random.below(25) }, () => value).flat() : undefined,
  "a list shortened": (value) => (Array.isArray(value) ? value.slice(1) : undefined),
  "in a list": (value) => [value],
  "in a map": (value, random) => ({ [random.pick(["a", "spec", "ok", "name"]) ?? ""]: value }),
};

export interface Mutation {
  /** What was done, and where. */
  readonly what: string;
  readonly value: JsonValue;
}

/** @param others - where parts may be taken from */
export function mutateValue(manifest: JsonObject, others: readonly JsonObject[], random: SeededRandom): Mutation {
  for (;;) {
    const path = random.pick(pathsIn(manifest)) ?? [];
    if (random.chance(0.12)) {
      const donor = random.pick(others) ?? manifest;
      const part = at(donor, random.pick(pathsIn(donor)) ?? []);
      return { what: `a part of another at ${path.join(".")}`, value: replaced(manifest, path, part) };
    }
    const [name, change] = random.pick(Object.entries(CHANGES)) ?? ["", () => undefined];
    const changed = change(at(manifest, path), random);
    if (changed !== undefined)
      return { what: `${name} at ${path.join(".")}`, value: replaced(manifest, path, changed) };
  }
}

/** Of everything in a value, itself included. */
export function pathsIn(value: JsonValue, below: Path = []): readonly Path[] {
  if (Array.isArray(value)) {
    return [below, ...(value as readonly JsonValue[]).flatMap((item, index) => pathsIn(item, [...below, index]))];
  }
  if (!isJsonObject(value)) return [below];
  return [below, ...Object.entries(value).flatMap(([key, item]) => pathsIn(item, [...below, key]))];
}

function at(value: JsonValue, path: Path): JsonValue {
  return path.reduce<JsonValue>((inner, part) => (inner as never)[part], value);
}

/** A copy with another value at a path. */
export function replaced(value: JsonValue, path: Path, by: JsonValue): JsonValue {
  const [part, ...rest] = path;
  if (part === undefined) return by;
  if (Array.isArray(value)) {
    return (value as readonly JsonValue[]).map((item, index) => (index === part ? replaced(item, rest, by) : item));
  }
  return isJsonObject(value)
    ? mapped(value, (key, item) => [key, key === part ? replaced(item, rest, by) : item])
    : value;
}

function mapped(
  map: JsonObject,
  change: (key: string, item: JsonValue) => readonly [string, JsonValue] | undefined,
): JsonObject {
  const result: Record<string, Value> = {};
  for (const [key, item] of Object.entries(map)) {
    const changed = change(key, item);
    if (changed !== undefined) put(result, changed[0], changed[1]);
  }
  return result as JsonObject;
}

function withoutKey(value: JsonValue, random: SeededRandom): JsonValue | undefined {
  if (!isJsonObject(value)) return undefined;
  const dropped = random.pick(Object.keys(value));
  return mapped(value, (key, item) => (key === dropped ? undefined : [key, item]));
}

function renamed(value: JsonValue, random: SeededRandom, change: (key: string) => string): JsonValue | undefined {
  if (!isJsonObject(value)) return undefined;
  const chosen = random.pick(Object.keys(value));
  return mapped(value, (key, item) => [key === chosen ? change(key) : key, item]);
}

function misspelt(key: string, random: SeededRandom): string {
  const place = random.below(key.length);
  const forms = [
    key.toUpperCase(),
    key.toLowerCase(),
    `${key}s`,
    key.slice(0, place) + key.slice(place + 1),
    ` ${key}`,
  ];
  return random.pick(forms) ?? key;
}

function withKey(value: JsonValue, key: string, item: JsonValue): JsonValue | undefined {
  if (!isJsonObject(value)) return undefined;
  const result: Record<string, Value> = { ...value };
  put(result, key, item);
  return result as JsonObject;
}

function stranger(random: SeededRandom): JsonValue {
  return random.pick(STRANGERS) ?? null;
}

function garbled(text: string, random: SeededRandom): string {
  const place = random.below(text.length + 1);
  const inserted =
    random.pick([
      "(",
      ")",
      "[",
      "]",
      "{",
      "}",
      '"',
      "'",
      "\\",
      ".",
      "..",
      " in ",
      "!",
      "?",
      "'a'",
      ".map(x, x)",
      "=",
      "\n",
    ]) ?? "";
  return text.slice(0, place) + (random.chance(0.5) ? inserted : "") + text.slice(place + (random.chance(0.5) ? 1 : 0));
}

function nested(value: JsonValue, levels: number, inLists: boolean): JsonValue {
  let result = value;
  for (let level = 0; level < levels; level += 1) result = inLists ? [result] : { a: result };
  return result;
}
