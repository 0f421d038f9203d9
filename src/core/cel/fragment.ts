/**
 * Turns manifest structure into a tree without splicing text: a list is a list node, a map is a map node with literal
 * keys. Text with a leading `=` is an expression, so is text that looks like a number; any other text stays text.
 * (Koreo renders all of it to one source text; sane input means the same, and nothing can be injected.)
 */
import { unescapeText } from "./escape.ts";
import { makeNode, wholeSite, type Node } from "./node.ts";
import { parseExpression } from "./parse-expression.ts";
import type { CompileFault } from "./program.ts";
import { isTruthy } from "./truth.ts";
import { Fault, isPlainMap, kindOf, type Site, type Value } from "./value.ts";

/** Whether a fragment counts as absent: null, "", 0, false, [] and {}. */
export function isAbsent(fragment: Value | undefined): boolean {
  return fragment === undefined || !isTruthy(fragment);
}

/**
 * @param fragment - a scalar, list or map as read from YAML
 * @param path - where the fragment stands; each leaf gets its own path below it
 * @param faults - receives what cannot be read; the returned node is then useless
 */
export function fragmentNode(fragment: Value, path: string, faults: CompileFault[]): Node {
  const site = wholeSite({ text: "", path });
  if (typeof fragment === "string") return textNode(fragment, path, faults);
  if (Array.isArray(fragment)) {
    const items = fragment as readonly Value[];
    const children = items.map((item, index) => fragmentNode(item, `${path}[${index}]`, faults));
    return makeNode("list", site, { children });
  }
  if (!isPlainMap(fragment)) return makeNode("literal", site, { value: fragment });
  const children = Object.entries(fragment).flatMap(([name, item]) => [
    makeNode("literal", site, { value: name }),
    fragmentNode(item, memberPath(path, name), faults),
  ]);
  return makeNode("map", site, { children });
}

/** `a.b`, or `a["b/c"]` when the name is no identifier (dashes are allowed). */
export function memberPath(path: string, name: string): string {
  return /^[A-Za-z_][\w-]*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}

/** What Python's `int()` or `float()` accepts. */
const NUMBER_LIKE =
  /^\s*[+-]?(?:\p{Nd}+(?:_\p{Nd}+)*(?:\.(?:\p{Nd}+(?:_\p{Nd}+)*)?)?|\.\p{Nd}+(?:_\p{Nd}+)*)(?:[eE][+-]?\p{Nd}+)?\s*$|^\s*[+-]?(?:inf|infinity|nan)\s*$/iu;

function textNode(text: string, path: string, faults: CompileFault[]): Node {
  if (text.startsWith("=")) return expressionNode(text.replace(/^=+/, ""), path, faults);
  if (NUMBER_LIKE.test(text)) return expressionNode(text, path, faults);
  // Backslash escapes count in text of one line; text of several lines is taken as written.
  const value = text.includes("\n") ? text : unescapeText(text.replaceAll('"', '\\"'));
  return makeNode("literal", wholeSite({ text, path }), { value });
}

/** Parses one expression; a fault goes to `faults`. */
export function expressionNode(text: string, path: string, faults: CompileFault[]): Node {
  const parsed = parseExpression({ text, path });
  if (!(parsed instanceof Fault)) return parsed;
  faults.push(compileFault(parsed, Fault.site(parsed) ?? wholeSite({ text, path })));
  return makeNode("literal", wholeSite({ text, path }));
}

function compileFault(fault: Fault, { source, start, end }: Site): CompileFault {
  return { code: Fault.code(fault), message: Fault.text(fault), path: source.path, text: source.text, start, end };
}

/** The fault of a fragment that has to be a map. */
export function notAMap(fragment: Value, path: string): CompileFault {
  const message = `expected a mapping, not a ${kindOf(fragment)}`;
  return { code: "malformed", message, path, text: "", start: 0, end: 0 };
}
