/**
 * Manifest files to values: `2` stays apart from `2.0`, integers of 64 bits stay exact, and every place can be found again
 * for a finding. Anchors, merge keys and several documents in one file are read as kubectl reads them.
 */
import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Document,
  type Node,
  type YAMLMap,
} from "yaml";
import { put } from "../cel/maps.ts";
import { fromYamlNumber } from "../cel/scalars.ts";
import { isPlainMap, type Value, type ValueMap } from "../cel/value.ts";

/** Both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface YamlDocument {
  readonly value: Value;
  /** Where the document begins. */
  readonly start: Position;
  /** Where the member at a path stands, or the nearest one above it that exists. */
  locate(path: readonly (string | number)[]): Position;
}

export interface YamlFault extends Position {
  readonly message: string;
}

/** @returns the documents that could be read (empty ones left out), and what is wrong with the others */
export function readYaml(text: string): {
  readonly documents: readonly YamlDocument[];
  readonly faults: readonly YamlFault[];
} {
  const lines = new LineCounter();
  const documents: YamlDocument[] = [];
  const faults: YamlFault[] = [];
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  for (const document of Array.isArray(parsed) ? parsed : []) {
    for (const { message, pos } of document.errors) faults.push({ message, ...positionAt(lines, pos[0]) });
    const isEmpty = document.contents === null || (isScalar(document.contents) && document.contents.value === null);
    if (document.errors.length > 0 || document.contents === null || isEmpty) continue;
    documents.push(documentOf(document, document.contents, lines));
  }
  return { documents, faults };
}

function documentOf(document: Document.Parsed, contents: Node, lines: LineCounter): YamlDocument {
  return {
    value: valueOf(contents, document, new Map()),
    start: positionAt(lines, contents.range?.[0] ?? 0),
    locate: (path) => {
      let node: Node = contents;
      for (const name of path) {
        const next: unknown = isCollection(node) ? node.get(name, true) : undefined;
        if (!isNode(next)) break;
        node = next;
      }
      return positionAt(lines, node.range?.[0] ?? 0);
    },
  };
}

function positionAt(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

/** @param known - values of anchored nodes: an alias shares the value, so that a bomb of aliases stays small */
function valueOf(node: unknown, document: Document.Parsed, known: Map<Node, Value>): Value {
  if (!isNode(node)) return null;
  const before = known.get(node);
  if (before !== undefined) return before;
  const value = freshValue(node, document, known);
  known.set(node, value);
  return value;
}

function freshValue(node: Node, document: Document.Parsed, known: Map<Node, Value>): Value {
  if (isAlias(node)) return valueOf(node.resolve(document), document, known);
  if (isSeq(node)) return node.items.map((item) => valueOf(item, document, known));
  if (isMap(node)) return mapOf(node, document, known);
  if (!isScalar(node)) return null;
  const { value, source } = node;
  if (typeof value === "number" || typeof value === "bigint") return fromYamlNumber(source ?? String(value));
  return typeof value === "string" || typeof value === "boolean" ? value : null;
}

function mapOf(map: YAMLMap, document: Document.Parsed, known: Map<Node, Value>): ValueMap {
  const merged: Record<string, Value> = {};
  const own: Record<string, Value> = {};
  for (const { key, value } of map.items) {
    const item = valueOf(value, document, known);
    if (isScalar(key) && key.value === "<<" && key.type === "PLAIN") mergeInto(merged, item);
    else put(own, keyOf(key), item);
  }
  return { ...merged, ...own };
}

/** Of several merged maps the first that has a key wins. */
function mergeInto(target: Record<string, Value>, merged: Value): void {
  for (const source of Array.isArray(merged) ? (merged as readonly Value[]) : [merged]) {
    if (!isPlainMap(source)) continue;
    for (const [name, value] of Object.entries(source)) if (!Object.hasOwn(target, name)) put(target, name, value);
  }
}

/** Keys that are no text read as Koreo writes them. */
function keyOf(key: unknown): string {
  if (!isScalar(key)) return "";
  const { value, source } = key;
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "True" : "False";
  return value === null ? "None" : (source ?? JSON.stringify(value));
}
