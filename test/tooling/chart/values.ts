/**
 * The chart's values.yaml as a tree of values with the comments above them: what its table and its schema are made of.
 * A map whose members have no comments is one value (a security context, for example); else it is a section.
 */
import { isCollection, isMap, isScalar, parseDocument, type Pair, type YAMLMap } from "yaml";
import type { JsonValue } from "../../../src/core/json.ts";

export interface ChartValue {
  readonly name: string;
  /** From the top of values.yaml, joined by dots. */
  readonly path: string;
  readonly description: string;
  readonly value: JsonValue;
  /** Of a section; none for a value. */
  readonly members: readonly ChartValue[];
}

/** @throws Error naming every value without a comment */
export function readChartValues(text: string): readonly ChartValue[] {
  const { contents } = parseDocument(text);
  if (!isMap(contents)) throw new Error("values.yaml holds no map");
  const values = membersOf(contents, "");
  const silent = flat(values).filter(({ description }) => description === "");
  if (silent.length > 0) throw new Error(`values without a comment: ${silent.map(({ path }) => path).join(", ")}`);
  return values;
}

/** Values and sections, in the order of the file. */
export function flat(values: readonly ChartValue[]): readonly ChartValue[] {
  return values.flatMap((value) => [value, ...flat(value.members)]);
}

function membersOf(map: YAMLMap, above: string): readonly ChartValue[] {
  return map.items.map((pair, index) => readPair(map, pair, index, above));
}

function readPair(map: YAMLMap, { key, value: node }: Pair, index: number, above: string): ChartValue {
  if (!isScalar(key)) throw new Error(`below ${above}: a key that is no text`);
  const name = String(key.value);
  const path = above === "" ? name : `${above}.${name}`;
  return {
    name,
    path,
    description: lastParagraph(commentOf(map, index)),
    value: (isCollection(node) || isScalar(node) ? node.toJSON() : null) as JsonValue,
    members: isSection(node) ? membersOf(node, path) : [],
  };
}

function isSection(node: unknown): node is YAMLMap {
  return isMap(node) && node.items.some((_, index) => commentOf(node, index) !== "");
}

/** To the parser, what stands above the first member is the map's. */
function commentOf(map: YAMLMap, index: number): string {
  const key = map.items[index]?.key;
  const own = isScalar(key) ? key.commentBefore : undefined;
  return own ?? (index === 0 ? (map.commentBefore ?? "") : "");
}

/** A paragraph of its own above it is about the file. */
function lastParagraph(comment: string): string {
  const text = comment.split("\n\n").at(-1) ?? "";
  return text
    .split("\n")
    .map((line) => line.trim())
    .join(" ");
}
