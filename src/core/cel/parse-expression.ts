/**
 * Parses text to a tree by the grammar of the cel-js library. Our lexical pass goes first: it hands literals and names
 * to the library as placeholder names (so we decide on escapes, number forms, reserved words and macros), and refuses
 * text that the library would group differently from CEL. Only this file knows the library.
 */
import { Environment } from "@marcbachmann/cel-js";
import { makeNode, type Node } from "./node.ts";
import { optionalMarks } from "./optional-marks.ts";
import { refuseMixedRelations, refuseTrailingCommas } from "./refusals.ts";
import { SyntaxProblem, tokenize, type Token } from "./tokens.ts";
import { Fault, type Site, type Source, type Value } from "./value.ts";

/** @returns the tree, or a fault located where reading stopped: `syntax`, or `budget` when the text is too large */
export function parseExpression(source: Source): Node | Fault {
  try {
    if (source.text.length > MAX_CHARACTERS) throw new TooLarge();
    const tokens = tokenize(source.text);
    if (tokens.length === 0) throw new SyntaxProblem("there is no expression", 0);
    refuseMixedRelations(tokens);
    refuseTrailingCommas(tokens);
    return parseTokens(tokens, source);
  } catch (error) {
    if (error instanceof SyntaxProblem) return faultAt(error.at, "syntax", error.message, source);
    if (error instanceof TooLarge || error instanceof RangeError) return faultAt(0, "budget", TOO_LARGE, source);
    throw error;
  }
}

function faultAt(at: number, code: "syntax" | "budget", message: string, source: Source): Fault {
  return new Fault(code, message, { source, start: at, end: Math.min(at + 1, source.text.length) });
}

const TOO_LARGE = "too large or nested too deeply: split it into several locals";

/** Thrown when an expression exceeds our limits. */
class TooLarge extends Error {
  override readonly name = "TooLarge";
}

/** Longest expression. Parsing time depends on it; an object of Kubernetes has room for ten of these. */
const MAX_CHARACTERS = 150_000;
/** Most levels of an expression: a chain of n operators has n. Each needs stack in evaluation. */
const MAX_LEVELS = 1000;
const LIMITS = {
  maxDepth: 250,
  maxAstNodes: 200_000,
  maxListElements: 100_000,
  maxMapEntries: 100_000,
  maxCallArguments: 1000,
};
const library = new Environment({
  unlistedVariablesAreDyn: true,
  homogeneousAggregateLiterals: false,
  enableOptionalTypes: true,
  limits: LIMITS,
});

/** The placeholder of a literal or name in the library's text, with the index of its token. */
const PLACEHOLDER = /^____(\d+)$/;
const WORDS: ReadonlySet<string> = new Set(["true", "false", "null"]);

/** The library's nodes, as far as we use them. */
interface LibraryNode {
  readonly op: string;
  readonly args: unknown;
  readonly start: number;
  readonly end: number;
}

function parseTokens(tokens: readonly Token[], source: Source): Node {
  // 1. Write the text for the library, and note where each of its tokens starts.
  const starts: number[] = [];
  const marks = optionalMarks(tokens);
  const kept = tokens.filter((token, index) => !marks.has(token) && !isLeadingDot(tokens, index, token));
  let text = "";
  for (const [index, token] of kept.entries()) {
    starts.push(text.length);
    text += `${isPlaceholder(kept, index, token) ? `____${index}` : token.text} `;
  }
  // 2. Let the library parse it.
  let ast: LibraryNode;
  try {
    ast = (library.parse(text) as unknown as { readonly ast: LibraryNode }).ast;
  } catch (error) {
    throw problemOf(error, kept, starts, source.text.length);
  }
  // 3. Convert the library's tree to ours.
  const siteOf = ({ start, end }: LibraryNode): Site => ({
    source,
    start: kept[tokenAt(starts, start)]?.start ?? 0,
    end: kept[tokenAt(starts, Math.max(start, end - 1))]?.end ?? source.text.length,
  });
  return adapt(ast, { kept, siteOf, isMaybe: maybeTest(tokens, marks, kept, starts) });
}

/** What `adapt` needs to know about the text. */
interface Reading {
  readonly kept: readonly Token[];
  readonly siteOf: (node: LibraryNode) => Site;
  /** Whether a `?` stands before this item of a list or key of a map. */
  readonly isMaybe: (node: LibraryNode) => boolean;
}

/** Literals and names: the library checks reserved words and macros in places where we do not. */
function isPlaceholder(tokens: readonly Token[], index: number, token: Token): boolean {
  if (token.kind === "literal") return true;
  if (token.kind !== "name" || token.text === "in") return false;
  return !WORDS.has(token.text) || tokens[index - 1]?.text === ".";
}

/** `.name` at the start of an operand means the root scope, which is the only one there is. */
function isLeadingDot(tokens: readonly Token[], index: number, token: Token): boolean {
  if (token.text !== "." || token.kind !== "operator" || tokens[index + 1]?.kind !== "name") return false;
  const before = tokens[index - 1];
  return before === undefined || (before.kind === "operator" && !/^[)\]}.]$/.test(before.text)) || before.text === "in";
}

function maybeTest(
  tokens: readonly Token[],
  marks: ReadonlySet<Token>,
  kept: readonly Token[],
  starts: readonly number[],
): Reading["isMaybe"] {
  if (marks.size === 0) return () => false;
  const marked = new Set(tokens.filter((_, index) => marks.has(tokens[index - 1] as Token)));
  return ({ start }) => {
    let at = tokenAt(starts, start);
    // The library drops parentheses: for `[?(a)]` its item starts at a.
    while (!marked.has(kept[at] as Token) && kept[at - 1]?.kind === "operator" && kept[at - 1]?.text === "(") at -= 1;
    return marked.has(kept[at] as Token);
  };
}

function tokenAt(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

function problemOf(error: unknown, tokens: readonly Token[], starts: readonly number[], length: number): Error {
  const { summary, message, range } = error as { summary?: string; message: string; range?: { start: number } };
  if (range === undefined || /depth|Exceeded/.test(message)) return new TooLarge();
  const token = tokens[tokenAt(starts, range.start)];
  const said = (summary ?? message).split("\n", 1)[0] ?? "";
  const isAtEnd = /EOF/.test(said);
  return new SyntaxProblem(
    isAtEnd ? "the expression ends too early" : `unexpected '${token?.text ?? ""}'`,
    isAtEnd ? length : (token?.start ?? length),
  );
}

function adapt(node: LibraryNode, reading: Reading, level = 0): Node {
  if (level > MAX_LEVELS) throw new TooLarge();
  const { kept } = reading;
  const site = reading.siteOf(node);
  const child = (each: unknown) => adapt(each as LibraryNode, reading, level + 1);
  const children = (list: unknown) => (list as unknown[]).map(child);
  const args = node.args as readonly unknown[];
  switch (node.op) {
    case "value":
      return makeNode("literal", site, { value: node.args as Value });
    case "id":
      return nameOrLiteral(node.args as string, kept, site);
    case ".":
      return makeNode("field", site, { name: written(args[1], kept), children: [child(args[0])] });
    case ".?":
      return makeNode("optionalField", site, { name: written(args[1], kept), children: [child(args[0])] });
    case "[]":
      return makeNode("index", site, { children: children(args) });
    case "[?]":
      return makeNode("optionalIndex", site, { children: children(args) });
    case "call":
      return makeNode("call", site, { name: written(args[0], kept), children: children(args[1]) });
    case "rcall":
      return makeNode("call", site, {
        name: written(args[0], kept),
        children: [child(args[1]), ...children(args[2])],
        isMethod: true,
      });
    case "list":
      return makeNode("list", site, { children: args.map((item) => maybe(item, item, reading, level)) });
    case "map":
      return makeNode("map", site, {
        children: (args as readonly [unknown, unknown][]).flatMap(([key, value]) => [
          child(key),
          maybe(key, value, reading, level),
        ]),
      });
    case "!_":
      return makeNode("unary", site, { name: "!", children: [child(node.args)] });
    case "-_":
      return negative(child(node.args), site);
    case "?:":
      return makeNode("conditional", site, { children: children(args) });
    default:
      return makeNode("binary", site, { name: node.op, children: children(args) });
  }
}

/** The node of `value`, wrapped where a `?` stands before `marked`. */
function maybe(marked: unknown, value: unknown, reading: Reading, level: number): Node {
  const node = adapt(value as LibraryNode, reading, level + 1);
  return reading.isMaybe(marked as LibraryNode) ? makeNode("maybe", node.site, { children: [node] }) : node;
}

function tokenOf(placeholder: string, tokens: readonly Token[]): Token | undefined {
  const index = PLACEHOLDER.exec(placeholder)?.[1];
  return index === undefined ? undefined : tokens[Number(index)];
}

/** The name of a field or function as the author wrote it. */
function written(placeholder: unknown, tokens: readonly Token[]): string {
  return tokenOf(placeholder as string, tokens)?.text ?? "";
}

function nameOrLiteral(placeholder: string, tokens: readonly Token[], site: Site): Node {
  const token = tokenOf(placeholder, tokens);
  if (token?.kind !== "literal") return makeNode("name", site, { name: token?.text ?? "" });
  // 2^63 is valid only right after a minus; `negative` replaces it before anyone evaluates it.
  return makeNode("literal", site, { value: token.value ?? null });
}

function negative(operand: Node, site: Site): Node {
  if (operand.op === "literal" && operand.value === 1n << 63n)
    return makeNode("literal", site, { value: -(1n << 63n) });
  return makeNode("unary", site, { name: "-", children: [operand] });
}
