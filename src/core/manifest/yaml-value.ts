/**
 * Turns nodes of a YAML document into values. Aliases share the value of their anchor, so a document takes as little
 * memory as its text, but they count as copies, because later walks see a tree. Unreadable parts are thrown as
 * `Unreadable`; `read-yaml.ts`, the only caller, catches it.
 */
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Alias,
  type Document,
  type Node,
  type Scalar,
  type YAMLMap,
} from "yaml";
import { put } from "../cel/maps.ts";
import { Double, isPlainMap, type Value, type ValueMap } from "../cel/value.ts";
import { MAX_DEPTH } from "./depth.ts";
import { isLetter, plainScalar, taggedScalar, type Dialect } from "./yaml-scalar.ts";
import { jsonEscape, type TextFault, type YamlRule } from "./yaml-text.ts";

/** Nodes that aliases may add for each written node; the first `FREE_COPIES` are free. */
const MAX_COPIES_PER_NODE = 20;
const FREE_COPIES = 1000;
/** Most nodes of a document whose aliases add more than `FREE_COPIES`. */
const MAX_NODES = 200_000;
/** Characters that aliases may add: one long text repeated a thousand times is a bomb, too. */
const MAX_COPIED_TEXT = 2 ** 21;
const MAX_KEY = 1024;

/** An anchor or a tag at the end of the line before. */
const PROPERTY_ABOVE = /(?:^|[\s,[{])[&!]\S*[ \t]*\r?\n\s*$/;

/** Why a document has no value, and where. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
  readonly offset: number;
  readonly rule: YamlRule;
  constructor(node: unknown, message: string, rule: YamlRule = "yaml") {
    super(message);
    this.offset = offsetOf(node);
    this.rule = rule;
  }
}

/** A value, with the number of nodes and characters it has as a tree. */
interface Counted {
  readonly value: Value;
  readonly nodes: number;
  readonly text: number;
}

export class YamlValue {
  readonly #document: Document.Parsed;
  readonly #source: string;
  readonly #dialect: Dialect;
  readonly #known = new Map<Node, Counted | "open">();
  #written = 0;
  #copied = 0;
  #text = 0;
  #copiedText = 0;
  #depth = 0;
  /** Starts and ends of scalars, which may span lines: tabs may begin their lines. */
  readonly texts: (readonly [number, number])[] = [];
  /** Places that the dialects read differently. */
  readonly differences: TextFault[] = [];

  /** @param text - the whole file */
  constructor(document: Document.Parsed, text: string, dialect: Dialect) {
    this.#document = document;
    this.#source = text;
    this.#dialect = dialect;
  }

  /** @throws Unreadable */
  of(node: unknown): Value {
    return this.#counted(node).value;
  }

  #counted(node: unknown): Counted {
    if (!isNode(node)) return { value: null, nodes: 1, text: 0 };
    if (isAlias(node)) return this.#copy(node);
    this.#known.set(node, "open");
    this.#written += 1;
    if ((this.#depth += 1) > MAX_DEPTH)
      throw new Unreadable(node, `nested deeper than ${MAX_DEPTH} levels`, "yaml-limit");
    const before = { nodes: this.#written + this.#copied - 1, text: this.#text + this.#copiedText };
    const value = this.#fresh(node);
    if (typeof value === "string") this.#text += value.length;
    const [nodes, text] = [this.#written + this.#copied - before.nodes, this.#text + this.#copiedText - before.text];
    const counted = { value, nodes, text };
    this.#depth -= 1;
    this.#known.set(node, counted);
    return counted;
  }

  #copy(alias: Alias): Counted {
    const anchored = alias.resolve(this.#document);
    const known = anchored === undefined ? undefined : this.#known.get(anchored);
    if (known === undefined) throw new Unreadable(alias, `no anchor &${alias.source} stands before this alias`);
    if (known === "open") throw new Unreadable(alias, `the value of the anchor &${alias.source} contains itself`);
    this.#written += 1;
    this.#copied += known.nodes;
    this.#copiedText += known.text;
    const isBomb = this.#copied > MAX_COPIES_PER_NODE * this.#written || this.#written + this.#copied > MAX_NODES;
    if ((this.#copied > FREE_COPIES && isBomb) || this.#copiedText > MAX_COPIED_TEXT) {
      throw new Unreadable(alias, "aliases make this document many times as big as it is written", "yaml-limit");
    }
    return known;
  }

  #fresh(node: Node): Value {
    if (isSeq(node)) return node.items.map((item) => this.of(item));
    if (isMap(node)) return this.#map(node);
    return isScalar(node) ? this.#scalar(node) : null;
  }

  #scalar(node: Scalar): Value {
    const text = String(node.value);
    if (node.range) this.texts.push([node.range[0], node.range[1]]);
    if (node.type === "QUOTE_DOUBLE") this.#checkEscapes(node);
    if (node.tag !== undefined && node.tag !== "!") {
      const value = taggedScalar(node.tag, text);
      if (value !== undefined) return value;
      const tag = node.tag.replace(/^tag:yaml\.org,2002:/, "!!");
      throw new Unreadable(node, `the tag ${tag} does not fit here; manifests need none`, "yaml-portable");
    }
    if (node.type !== "PLAIN" || node.tag === "!") return text;
    if (isLetter(text))
      this.#differs(node, `\`${text}\` without quotes is a bool to kubectl and the API server; quote it`);
    return plainScalar(text, this.#dialect);
  }

  /** kubectl reads a JSON file as JSON, which has these escapes. */
  #checkEscapes(node: Scalar): void {
    const [start, end] = node.range ?? [0, 0];
    const at = jsonEscape(this.#source.slice(start, end));
    if (at === undefined || /^\s*\{/.test(this.#source)) return;
    throw new Unreadable(
      node,
      "an escape of JSON that the API server's YAML reader refuses; write the character itself",
    );
  }

  #map(map: YAMLMap): ValueMap {
    const own: Record<string, Value> = {};
    let merged: ValueMap | undefined;
    for (const { key, value } of map.items) {
      if (isMergeKey(key)) {
        if (merged !== undefined)
          throw new Unreadable(key, "a second `<<`; merge a list of maps with one", "yaml-portable");
        merged = this.#merged(key, value, own);
        continue;
      }
      const name = this.#keyOf(key, map);
      if (Object.hasOwn(own, name)) throw this.#twice(key, name);
      put(own, name, this.of(value));
    }
    if (merged === undefined) return own;
    // As in Go, a merge after a key of the same name wins.
    return this.#dialect === "koreo" ? { ...merged, ...own } : { ...own, ...merged, ...this.#writtenLater(map, own) };
  }

  /** `1` and `"1"` are two keys to the API server's YAML reader, but one to everything after it. */
  #twice(key: unknown, name: string): Unreadable {
    const isText = typeof plainScalar(name, "server") === "string";
    return new Unreadable(key, `the key "${name}" is there twice`, isText ? "yaml" : "yaml-portable");
  }

  /** Of several merged maps, the first that has a key wins. */
  #merged(key: Node, value: unknown, before: ValueMap): ValueMap {
    const item = this.of(value);
    const maps = isPlainMap(item) ? [item] : isSeq(value) ? (item as readonly Value[]) : [null];
    const result: Record<string, Value> = {};
    for (const each of maps) {
      if (!isPlainMap(each)) throw new Unreadable(key, "`<<` merges a map or a list of maps, nothing else");
      for (const [name, inner] of Object.entries(each)) if (!Object.hasOwn(result, name)) put(result, name, inner);
    }
    const hidden = Object.keys(result).find((name) => Object.hasOwn(before, name));
    if (hidden !== undefined)
      this.#differs(key, `kubectl takes "${hidden}" from \`<<\` here; write \`<<\` before the other keys`);
    return result;
  }

  /** The members that follow the merge key. */
  #writtenLater(map: YAMLMap, own: ValueMap): ValueMap {
    const at = map.items.findIndex(({ key }) => isMergeKey(key));
    const names = map.items.slice(at + 1).map(({ key }) => this.#keyOf(key, map));
    return Object.fromEntries(names.map((name) => [name, own[name] ?? null]));
  }

  /** Reads keys that are not text as Koreo writes them, or as the API server does. */
  #keyOf(key: unknown, map: YAMLMap): string {
    this.#checkKey(key);
    const value = this.of(key);
    if (typeof value === "string") return value;
    if (value === null) {
      const [node, message] = [isNode(key) ? key : map, "the API server takes no null as a key; quote it"];
      if (this.#dialect === "server") throw new Unreadable(node, message);
      this.#differs(node, message);
      return "None";
    }
    if (typeof value === "boolean") {
      const [koreo, server] = value ? ["True", "true"] : ["False", "false"];
      this.#differs(key, `a bool as a key is "${koreo}" to Koreo and "${server}" to the API server; quote it`);
      return this.#dialect === "koreo" ? koreo : server;
    }
    if (typeof value === "object" && !(value instanceof Double)) throw new Unreadable(key, "a key must be text");
    return typeof value === "number" || typeof value === "bigint" ? String(value) : scalarText(key);
  }

  /** What else the API server's reader requires of keys; it would accept such a key after a `?`. */
  #checkKey(key: unknown): void {
    if (!isScalar(key)) return;
    const [start, end] = key.range ?? [0, 0];
    const written = this.#source.slice(start, end);
    if (written.length > MAX_KEY || written.includes("\n"))
      throw new Unreadable(key, `a key must be at most ${MAX_KEY} characters on one line`, "yaml-portable");
    const hasProperty = key.anchor !== undefined || key.tag !== undefined;
    if (hasProperty && PROPERTY_ABOVE.test(this.#source.slice(Math.max(0, start - 200), start)))
      throw new Unreadable(key, "an anchor or a tag must stand on the line of its key", "yaml-portable");
  }

  #differs(node: unknown, message: string): void {
    this.differences.push({ offset: offsetOf(node), message, rule: "yaml-portable" });
  }
}

function offsetOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}

function isMergeKey(key: unknown): key is Scalar {
  return isScalar(key) && key.value === "<<" && key.type === "PLAIN" && key.tag === undefined;
}

function scalarText(key: unknown): string {
  return isScalar(key) ? String(key.value) : "";
}
