/**
 * Reads manifest files: `2` stays apart from `2.0`, integers of 64 bits stay exact, and findings can name every place.
 * It reads anchors, merge keys and several documents in a file as kubectl does; where Koreo's own tools differ, it
 * gives their value and notes the difference.
 */
import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseAllDocuments,
  type Document,
  type Node,
  type YAMLError,
} from "yaml";
import type { Value } from "../cel/value.ts";
import { plainScalar, type Dialect } from "./yaml-scalar.ts";
import { indentingTab, textFault, type TextFault, type YamlRule } from "./yaml-text.ts";
import { Unreadable, YamlValue } from "./yaml-value.ts";

/** Both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface YamlDocument {
  readonly value: Value;
  /** Where the document begins. */
  readonly start: Position;
  /** In characters of the file. */
  readonly length: number;
  /** Places where kubectl and the API server read something other than Koreo's tools, and how to write it for both. */
  readonly differences: readonly YamlFault[];
  /** The object as kubectl and the API server read it: `value` if nothing differs; undefined when they refuse it. */
  readonly asServerReads: Value | undefined;
  /** The position of a member's value or name, or of its nearest existing ancestor. */
  locate(path: readonly (string | number)[], what?: "value" | "name"): Position;
}

export interface YamlFault extends Position {
  readonly rule: YamlRule;
  readonly message: string;
}

/** @returns the documents that could be read (without empty ones), and what is wrong with the others */
export function readYaml(text: string): {
  readonly documents: readonly YamlDocument[];
  readonly faults: readonly YamlFault[];
} {
  const lines = new LineCounter();
  const faultAt = ({ offset, message, rule }: TextFault): YamlFault => ({
    message,
    rule,
    ...positionAt(lines, offset),
  });
  const documents: YamlDocument[] = [];
  const faults: YamlFault[] = [];
  const texts: YamlValue["texts"][] = [];
  for (const document of parsed(text, lines)) {
    for (const error of document.errors) faults.push(faultAt(parserFault(error)));
    const { contents } = document;
    const directive = unknownDirective(document);
    if (directive !== undefined) faults.push(faultAt(directive));
    if (directive !== undefined || document.errors.length > 0 || contents === null || isNothing(contents)) continue;
    const read = valueOf(document, text, "koreo");
    if (read.kind === "unreadable") {
      faults.push(faultAt(read));
      continue;
    }
    documents.push(documentOf(document, contents, read, { lines, text, faultAt }));
    texts.push(read.texts);
  }
  // This check comes last: lines are counted only once the text is parsed.
  const refused = textFault(text) ?? (faults.length === 0 ? indentingTab(text, texts.flat()) : undefined);
  if (refused !== undefined) faults.unshift(faultAt(refused));
  return { documents: refused === undefined ? documents : [], faults };
}

/** The API server's reader knows YAML 1.1, and no directives except `%YAML` and `%TAG`. */
function unknownDirective({ warnings, directives, range }: Document.Parsed): TextFault | undefined {
  const unknown = warnings.find(({ code }) => code === "BAD_DIRECTIVE");
  const isNewer = directives.yaml.explicit === true && directives.yaml.version !== "1.1";
  if (unknown === undefined && !isNewer) return undefined;
  return {
    offset: unknown?.pos[0] ?? range[0],
    message: "the API server does not know this directive; take it out",
    rule: "yaml",
  };
}

function parserFault({ code, message, pos: [offset] }: YAMLError): TextFault {
  // The parser reports an exhausted stack in JavaScript's words.
  if (code === "RESOURCE_EXHAUSTION") return { offset, message: "nested too deeply", rule: "yaml-limit" };
  return { offset, message, rule: "yaml" };
}

/** Scalars stay text: `yaml-scalar.ts` decides what they mean, `yaml-value.ts` compares keys. */
function parsed(text: string, lineCounter: LineCounter): readonly Document.Parsed[] {
  const options = { lineCounter, prettyErrors: false, schema: "failsafe", resolveKnownTags: false } as const;
  const documents = parseAllDocuments(text, { ...options, uniqueKeys: false, logLevel: "silent" });
  return Array.isArray(documents) ? documents : [];
}

function isNothing(contents: Node): boolean {
  return isScalar(contents) && contents.type === "PLAIN" && plainScalar(String(contents.value), "koreo") === null;
}

type Read =
  | ({ readonly kind: "read"; readonly value: Value } & Pick<YamlValue, "differences" | "texts">)
  | ({ readonly kind: "unreadable" } & TextFault);

function valueOf(document: Document.Parsed, text: string, dialect: Dialect): Read {
  const reading = new YamlValue(document, text, dialect);
  try {
    const value = reading.of(document.contents);
    const { differences, texts } = reading;
    return { kind: "read", value, differences, texts };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const { offset, message, rule } = error;
    return { kind: "unreadable", offset, message, rule };
  }
}

interface FileContext {
  readonly text: string;
  readonly lines: LineCounter;
  readonly faultAt: (fault: TextFault) => YamlFault;
}

function documentOf(
  document: Document.Parsed,
  contents: Node,
  { value, differences }: Extract<Read, { kind: "read" }>,
  { text, lines, faultAt }: FileContext,
): YamlDocument {
  const server = differences.length === 0 ? undefined : valueOf(document, text, "server");
  const [start, end] = contents.range ?? [0, 0];
  return {
    value,
    start: positionAt(lines, start),
    length: end - start,
    differences: differences.map(faultAt),
    asServerReads: server === undefined ? value : server.kind === "read" ? server.value : undefined,
    locate: (path, what = "value") => {
      let node: Node = contents;
      for (const [depth, name] of path.entries()) {
        const isName = what === "name" && depth === path.length - 1;
        const next = isName ? keyOf(node, name, document) : memberOf(node, name, document);
        if (next === undefined) break;
        node = next;
      }
      return positionAt(lines, node.range?.[0] ?? 0);
    },
  };
}

/** The node of a member; follows aliases, but does not find what a map merges. */
function memberOf(node: Node, name: string | number, document: Document.Parsed): Node | undefined {
  const target = isAlias(node) ? node.resolve(document) : node;
  const next: unknown = isCollection(target) ? (target.get(name, true) ?? target.get(String(name), true)) : undefined;
  return isNode(next) ? next : undefined;
}

function keyOf(node: Node, name: string | number, document: Document.Parsed): Node | undefined {
  const target = isAlias(node) ? node.resolve(document) : node;
  const pair = isMap(target) ? target.items.find(({ key }) => isScalar(key) && key.value === String(name)) : undefined;
  return isNode(pair?.key) ? pair.key : undefined;
}

function positionAt(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}
